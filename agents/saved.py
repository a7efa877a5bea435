"""An agent as a folder that can be passed on: safetensors and JSON, verified, and nothing in it is ever executed.

    save_agent(path, network, game, record={"env_steps": 120_000, "config": "selfplay.yaml"})
    network, record = load_agent(path, game)     # or CorruptArtifact; WrongGame if it is for another game

agent.json            format, game, observation (shape, dtype), num_actions, settings (the game's, in training),
                      network (its config), record
weights.safetensors   the network's parameters, float32
manifest.json         SHA-256 and size of both (agents/artifact.py)

A hash shows damage, it does not vouch for the author. That is why what is loaded is data only: every value is checked
against what this program would build itself, sizes before anything is allocated.

What it may play: its own game, under any settings but an `observation` that it was not trained on. An entities network
(network.py) also plays the games whose ids differ in the team size alone, ball_KvK, if their observations have the same
columns: only the number of rows may be another. A resnet plays those whose ids differ in the size of the board alone,
go_NxN, if its actions belong to cells (boards.py): as many planes are shown, as many moves a cell, as many others.
"""

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from agents.artifact import CorruptArtifact, read_folder, write_folder
from agents.boards import POLICIES, any_board, check_board
from agents.entities import any_size
from agents.names import AGENT_FILE
from agents.network import ACTIVATIONS, OWN_ARGUMENTS, PolicyValueNetwork, arguments_of, layer_widths
from envs.game import Game

KIND = "agent"
FORMAT = 1
WEIGHTS_FILE = "weights.safetensors"
MAX_PARAMETERS = 1 << 28  # 1 GiB of float32; a limit against folders made to fill the memory
MAX_LAYERS = 64
LEAST_OF = {"window": 1, "filters": 1, "blocks": 0}  # of the arguments of networks that are one whole number
MAX_HEADER_BYTES = 1 << 20  # agent.json, and what safetensors adds to the weights
OBSERVATION = "observation"  # the setting, of games that have it, that says what a seat is shown


class WrongGame(CorruptArtifact):
    """A sound agent that cannot play this game."""


def save_agent(
    path: Path, network: PolicyValueNetwork, game: Game, record: dict[str, Any], *, replace: bool = False
) -> None:
    """Write the folder `path` whole or not at all. `record` is JSON: how the agent was trained.

    Raises ValueError for weights that are not finite or a record that is not JSON, FileExistsError unless `replace`.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    if bad := [name for name, value in weights.items() if not bool(torch.isfinite(value).all())]:
        raise ValueError(f"{path}: not saved, {bad[0]} has values that are not finite")
    described = {
        "format": FORMAT,
        **_interface(game),
        "settings": game.settings,
        "network": {"type": network.network_type, **network.config},
        "record": record,
    }
    try:
        text = json.dumps(described, indent=1, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: not saved, the training record is not JSON ({error})") from None
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"{path}: not saved, a training record of {len(text):,} bytes is too long")
    write_folder(path, {AGENT_FILE: text.encode(), WEIGHTS_FILE: save(weights)}, kind=KIND, replace=replace)


def load_agent(path: Path, game: Game) -> tuple[PolicyValueNetwork, dict[str, Any]]:
    """The network and its training record. Raises CorruptArtifact (missing, altered, nonsense) or WrongGame."""
    described, weights_data = _read(Path(path))
    _check_game(Path(path), described, game)
    config = _check_network(Path(path) / AGENT_FILE, described, game)
    file = Path(path) / WEIGHTS_FILE
    try:
        weights = load(weights_data)
    except Exception as error:  # the library has no base class for what a malformed file makes it raise
        raise CorruptArtifact(file, f"is not a safetensors file ({type(error).__name__})") from None
    with torch.device("meta"):  # shapes alone: no memory, and no draw from torch's random stream
        network = PolicyValueNetwork(**config)
    expected = network.state_dict()
    if set(weights) != set(expected):
        odd = sorted(set(weights) ^ set(expected))[0]
        raise CorruptArtifact(file, f"does not fit the network in {AGENT_FILE}: '{odd}' is missing or too many")
    for name, value in weights.items():
        if value.dtype != torch.float32 or value.shape != expected[name].shape:
            found = f"{value.dtype} {list(value.shape)}".removeprefix("torch.")
            raise CorruptArtifact(file, f"'{name}' is {found}; the network wants float32 {list(expected[name].shape)}")
        if not bool(torch.isfinite(value).all()):
            raise CorruptArtifact(file, f"'{name}' has values that are not finite")
    network.load_state_dict(weights, assign=True)
    network.eval()
    return network, described["record"]


def describe_agent(path: Path) -> dict[str, Any]:
    """What agent.json says, verified. Raises CorruptArtifact."""
    return _read(Path(path))[0]


def plays(described: dict[str, Any], game_id: str) -> bool:
    """Whether the agent so described is of that game, or can play it as another size of team or board."""
    own, any_size = described["game"], _any_size(described)
    return game_id == own or (any_size is not None and any_size(game_id) == any_size(own))


def needed_settings(described: dict[str, Any]) -> dict[str, Any]:
    """Those that a game must have for this agent to see what it was trained on."""
    return {name: value for name, value in described["settings"].items() if name == OBSERVATION}


def _any_size(described: dict[str, Any]) -> Callable[[str], str] | None:
    """What the ids of the games have in common that the agent plays; None: it plays its own alone."""
    network = described["network"]
    if network.get("type") == "entities":
        return any_size
    return any_board if network.get("type") == "resnet" and network.get("policy") in ("planes", "cells") else None


def _interface(game: Game) -> dict[str, Any]:
    """What a network must agree with a game about, beside the one setting of `needed_settings`."""
    return {
        "game": game.id,
        "observation": {
            "shape": list(game.observation_shape),
            "dtype": str(game.observation_dtype),
            "normalisation": "none",  # what is done to it before the network
        },
        "num_actions": game.num_actions,
    }


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    """agent.json parsed and checked in form, and the bytes of the weights."""
    for name, limit in ((AGENT_FILE, MAX_HEADER_BYTES), (WEIGHTS_FILE, 4 * MAX_PARAMETERS + MAX_HEADER_BYTES)):
        file = path / name
        if file.is_file() and file.stat().st_size > limit:
            raise CorruptArtifact(file, f"has {file.stat().st_size:,} bytes; more than {limit:,} are not read")
    files = read_folder(path, kind=KIND)
    for name in (AGENT_FILE, WEIGHTS_FILE):
        if name not in files:
            raise CorruptArtifact(path / name, "is missing")
    file = path / AGENT_FILE
    try:
        described = json.loads(files[AGENT_FILE], parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise CorruptArtifact(file, "is not JSON") from None
    form = {
        "format": int, "game": str, "observation": dict, "num_actions": int, "settings": dict, "network": dict,
        "record": dict,
    }  # fmt: skip
    if not isinstance(described, dict) or any(type(described.get(key)) is not kind for key, kind in form.items()):
        raise CorruptArtifact(file, f"lacks one of {', '.join(form)}")
    if described["format"] != FORMAT:
        raise CorruptArtifact(
            file, f"has format {described['format']}; this version reads {FORMAT}: use the version that wrote it"
        )
    return described, files[WEIGHTS_FILE]


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _check_game(path: Path, saved: dict[str, Any], game: Game) -> None:
    if not plays(saved, game.id):
        raise WrongGame(path, f"plays {saved['game'][:80]!r}, not '{game.id}'; name an agent of {game.id}")
    if OBSERVATION in game.settings:
        default = next(setting.default for setting in game.schema if setting.name == OBSERVATION)
        shown = saved["settings"].get(OBSERVATION, default)  # agents are older than the setting
        if shown != game.settings[OBSERVATION]:
            raise WrongGame(
                path,
                f"was trained on {saved['game'][:80]} with the setting {OBSERVATION}: {shown!s:.80}, but here "
                f"{game.id} has {OBSERVATION}: {game.settings[OBSERVATION]}; give the game that setting",
            )
    wanted = _interface(game)
    if _any_size(saved):
        without_size = _without_rows if _any_size(saved) is any_size else _without_board
        saved, wanted = without_size(saved), without_size(wanted)
    for key, value in wanted.items():
        if key != "game" and saved[key] != value:
            raise WrongGame(
                path,
                f"was made for another version of {game.id}: {key} is {saved[key]!r:.80}, here {value!r}; "
                "train it anew, or use the version that made it",
            )


def _without_rows(interface: dict[str, Any]) -> dict[str, Any]:
    """The same for every number of rows."""
    shape = interface["observation"].get("shape")
    columns = ["n", *shape[1:]] if isinstance(shape, list) and shape else shape
    return {**interface, "observation": {**interface["observation"], "shape": columns}}


def _without_board(interface: dict[str, Any]) -> dict[str, Any]:
    """The same for every size of the board."""
    shape, actions = interface["observation"].get("shape"), interface["num_actions"]
    if not (isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and n >= 1 for n in shape)):
        return interface
    moves, others = divmod(actions, shape[1] * shape[2])
    board = {**interface["observation"], "shape": [shape[0], "rows", "columns"]}
    return {**interface, "observation": board, "num_actions": f"{moves} a cell and {others}"}


def _checked_resnet(file: Path, described: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """The network's config for the board on which it plays here, where it agrees with the one that it was saved for."""
    config = {key: value for key, value in described["network"].items() if key != "type"}
    shape, num_actions = described["observation"]["shape"], described["num_actions"]
    own = {"observation_size": math.prod(shape), "num_actions": num_actions, "board": shape, "policy": here["policy"]}
    for key, value in own.items():
        if config[key] != value:
            raise CorruptArtifact(file, f"network.{key} must be {value}, as its game was shown")
    return config | here


def _check_network(file: Path, described: dict[str, Any], game: Game) -> dict[str, Any]:
    """The arguments of PolicyValueNetwork, or CorruptArtifact; nothing has been allocated yet."""
    saved = described["network"]
    network_type, config = saved.get("type"), {key: value for key, value in saved.items() if key != "type"}
    if not isinstance(network_type, str) or network_type not in OWN_ARGUMENTS:
        known = ", ".join(map(repr, OWN_ARGUMENTS))
        raise CorruptArtifact(file, f"has a network of type {network_type!r:.80}; this version knows {known}")
    own = OWN_ARGUMENTS[network_type]
    if set(config) != {"observation_size", "num_actions", "hidden", "activation", *own}:
        raise CorruptArtifact(file, "describes its network with other keys than this version knows")
    if not isinstance(config["activation"], str) or config["activation"] not in ACTIVATIONS:
        raise CorruptArtifact(file, f"network.activation must be one of {', '.join(ACTIVATIONS)}")
    for key in own:
        if key in LEAST_OF and (type(config[key]) is not int or not LEAST_OF[key] <= config[key] <= MAX_PARAMETERS):
            raise CorruptArtifact(file, f"network.{key} must be a whole number, {LEAST_OF[key]} or more")
    if "blocks" in own and config["blocks"] > MAX_LAYERS:
        raise CorruptArtifact(file, f"network.blocks must be at most {MAX_LAYERS}")
    if "policy" in own and not (isinstance(config["policy"], str) and config["policy"] in POLICIES):
        raise CorruptArtifact(file, f"network.policy must be one of {', '.join(POLICIES)}")
    for key in ("hidden", *(key for key in ("entity_hidden", "board") if key in own)):
        widths, least = config[key], 1 if key in own else 0
        whole = isinstance(widths, list) and all(type(n) is int and n >= 1 for n in widths)
        if not whole or not least <= len(widths) <= MAX_LAYERS:
            least_said = f"at least {least} and " if least else ""
            raise CorruptArtifact(file, f"network.{key} must be {least_said}at most {MAX_LAYERS} widths of 1 or more")
    try:
        here = arguments_of(network_type, game)
    except ValueError as error:
        raise WrongGame(file.parent, f"has a network of type {network_type}, which {error}") from None
    if network_type == "resnet":
        config = _checked_resnet(file, described, here)
    elif "board" in own and config["board"] != here["board"]:
        raise CorruptArtifact(file, f"network.board must be {here['board']}, as {game.id} is shown")
    if "window" in own:
        try:
            check_board(config["board"], config["window"])
        except ValueError as error:
            raise CorruptArtifact(file, f"network {error}") from None
    sizes = (here["observation_size"], here["num_actions"])
    if (config["observation_size"], config["num_actions"]) != sizes:
        raise CorruptArtifact(file, f"network does not lead from {sizes[0]} numbers to {sizes[1]} actions")
    stacks = [pairwise(widths) for widths in layer_widths(config)]
    if sum((below + 1) * above for layers in stacks for below, above in layers) > MAX_PARAMETERS:
        raise CorruptArtifact(file, f"network has more than {MAX_PARAMETERS:,} parameters")
    return config
