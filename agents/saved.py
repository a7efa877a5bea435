"""An agent as a folder that can be passed on: safetensors and JSON, verified, and nothing in it is ever executed.

    save_agent(path, network, game, record={"env_steps": 120_000, "config": "selfplay.yaml"})
    network, record = load_agent(path, game)     # or CorruptArtifact; WrongGame if it is for another game

agent.json            format, game, observation (shape, dtype), num_actions, settings (the game's, in training),
                      network (its config), record
weights.safetensors   the network's parameters, float32
manifest.json         SHA-256 and size of both (agents/artifact.py)

A hash shows damage, it does not vouch for the author. That is why what is loaded is data only: every value is checked
against what this program would build itself, sizes before anything is allocated.
"""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from agents.artifact import CorruptArtifact, read_folder, write_folder
from agents.names import AGENT_FILE
from agents.network import ACTIVATIONS, PolicyValueNetwork
from envs.game import Game

KIND = "agent"
FORMAT = 1
WEIGHTS_FILE = "weights.safetensors"
MAX_PARAMETERS = 1 << 28  # 1 GiB of float32; a limit against folders made to fill the memory
MAX_LAYERS = 64
MAX_HEADER_BYTES = 1 << 20  # agent.json, and what safetensors adds to the weights


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
        "network": {"type": "mlp", **network.config},
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


def _interface(game: Game) -> dict[str, Any]:
    """What a network must agree with a game about. Settings are no part of it: an agent may play on any pitch."""
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
    wanted = _interface(game)
    if saved["game"] != game.id:
        raise WrongGame(path, f"plays {saved['game'][:80]!r}, not '{game.id}'; name an agent of {game.id}")
    for key, value in wanted.items():
        if saved[key] != value:
            raise WrongGame(
                path,
                f"was made for another version of {game.id}: {key} is {saved[key]!r:.80}, here {value!r}; "
                "train it anew, or use the version that made it",
            )


def _check_network(file: Path, saved: dict[str, Any], game: Game) -> dict[str, Any]:
    """The arguments of PolicyValueNetwork, or CorruptArtifact; nothing has been allocated yet."""
    config = {key: value for key, value in saved.items() if key != "type"}
    hidden = config.get("hidden")
    if saved.get("type") != "mlp":
        raise CorruptArtifact(file, f"has a network of type {saved.get('type')!r:.80}; this version knows 'mlp'")
    if set(config) != {"observation_size", "num_actions", "hidden", "activation"}:
        raise CorruptArtifact(file, "describes its network with other keys than this version knows")
    if not isinstance(config["activation"], str) or config["activation"] not in ACTIVATIONS:
        raise CorruptArtifact(file, f"network.activation must be one of {', '.join(ACTIVATIONS)}")
    if not isinstance(hidden, list) or len(hidden) > MAX_LAYERS or any(type(n) is not int or n < 1 for n in hidden):
        raise CorruptArtifact(file, f"network.hidden must be at most {MAX_LAYERS} widths of 1 or more")
    sizes = (math.prod(game.observation_shape), game.num_actions)
    if (config["observation_size"], config["num_actions"]) != sizes:
        raise CorruptArtifact(file, f"network does not lead from {sizes[0]} numbers to {sizes[1]} actions")
    widths = [sizes[0], *hidden, sizes[1] + 1]
    if sum((below + 1) * above for below, above in pairwise(widths)) > MAX_PARAMETERS:
        raise CorruptArtifact(file, f"network has more than {MAX_PARAMETERS:,} parameters")
    return config
