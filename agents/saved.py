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
columns: only the number of rows may be another.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from agents.artifact import CorruptArtifact, read_folder, write_folder
from agents.boards import check_board
from agents.entities import any_size
from agents.names import AGENT_FILE
from agents.network import ACTIVATIONS, OWN_ARGUMENTS, PolicyValueNetwork, layer_widths, observation_size
from envs.game import Game

KIND = "agent"
FORMAT = 1
WEIGHTS_FILE = "weights.safetensors"
MAX_PARAMETERS = 1 << 28  # 1 GiB of float32; a limit against folders made to fill the memory
MAX_LAYERS = 64
WHOLE_ARGUMENTS = ("window", "filters")  # of networks, that are one whole number; others are lists of widths
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
    config = _check_network(Path(path) / AGENT_FILE, described["network"], game)
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
    """Whether the agent so described is of that game, or can play it as another team size."""
    own = described["game"]
    return game_id == own or (_of_any_size(described) and any_size(game_id) == any_size(own))


def needed_settings(described: dict[str, Any]) -> dict[str, Any]:
    """Those that a game must have for this agent to see what it was trained on."""
    return {name: value for name, value in described["settings"].items() if name == OBSERVATION}


def _of_any_size(described: dict[str, Any]) -> bool:
    return described["network"].get("type") == "entities"


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
    if _of_any_size(saved):
        saved, wanted = _without_rows(saved), _without_rows(wanted)
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


def _check_network(file: Path, saved: dict[str, Any], game: Game) -> dict[str, Any]:
    """The arguments of PolicyValueNetwork, or CorruptArtifact; nothing has been allocated yet."""
    network_type, config = saved.get("type"), {key: value for key, value in saved.items() if key != "type"}
    if not isinstance(network_type, str) or network_type not in OWN_ARGUMENTS:
        known = ", ".join(map(repr, OWN_ARGUMENTS))
        raise CorruptArtifact(file, f"has a network of type {network_type!r:.80}; this version knows {known}")
    own = OWN_ARGUMENTS[network_type]
    if set(config) != {"observation_size", "num_actions", "hidden", "activation", *own}:
        raise CorruptArtifact(file, "describes its network with other keys than this version knows")
    if not isinstance(config["activation"], str) or config["activation"] not in ACTIVATIONS:
        raise CorruptArtifact(file, f"network.activation must be one of {', '.join(ACTIVATIONS)}")
    lists = ("hidden", *(key for key in own if key not in WHOLE_ARGUMENTS))
    for key in (key for key in own if key in WHOLE_ARGUMENTS):
        if type(config[key]) is not int or not 1 <= config[key] <= MAX_PARAMETERS:
            raise CorruptArtifact(file, f"network.{key} must be a whole number, 1 or more")
    for key in lists:
        widths, least = config[key], 1 if key in own else 0
        whole = isinstance(widths, list) and all(type(n) is int and n >= 1 for n in widths)
        if not whole or not least <= len(widths) <= MAX_LAYERS:
            least_said = f"at least {least} and " if least else ""
            raise CorruptArtifact(file, f"network.{key} must be {least_said}at most {MAX_LAYERS} widths of 1 or more")
    try:
        sizes = (observation_size(network_type, game.observation_shape), game.num_actions)
    except ValueError as error:
        raise WrongGame(file.parent, f"has a network of type {network_type}, which {error}") from None
    if "board" in own:
        if config["board"] != list(game.observation_shape):
            raise CorruptArtifact(file, f"network.board must be {list(game.observation_shape)}, as {game.id} is shown")
        try:
            check_board(config["board"], config["window"])
        except ValueError as error:
            raise CorruptArtifact(file, f"network {error}") from None
    if (config["observation_size"], config["num_actions"]) != sizes:
        raise CorruptArtifact(file, f"network does not lead from {sizes[0]} numbers to {sizes[1]} actions")
    stacks = [pairwise(widths) for widths in layer_widths(config)]
    if sum((below + 1) * above for layers in stacks for below, above in layers) > MAX_PARAMETERS:
        raise CorruptArtifact(file, f"network has more than {MAX_PARAMETERS:,} parameters")
    return config
