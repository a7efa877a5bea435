"""The games of one call of `play_pairs`, as a file: small, and each can be had back as a record.

    write_matches(path, matches)
    record = read_match(path, half=1, pair=17)          # agents.records.Record, or CorruptArtifact

A safetensors file. Its header, one JSON text under "match", says game, settings, players, seed, time, which games were
forfeited and why (half, pair, reason), format and version; its arrays are

    streams [N] uint64        the random streams that the games of each pair begin on
    openings [N, plies] int   the random moves before the players', of which `opening_lengths` [N] count
    lengths [2, N]            moves after the opening
    actions [T, 2, N, ...]    of the players, as narrow as they fit; 0 once a game is over
    points [2, N] float32     of the first player, 0, 0.5 or 1
    returns [2, N] float32

Reading executes nothing that the file names, and plays the game through the rules: what does not come out as the file
says is refused.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from agents.artifact import CorruptArtifact, read_plain, write_whole
from agents.matches import Matches
from agents.records import Record, Seat, named_game
from envs.game import Dynamics

FORMAT, VERSION = "bitterball matches", 1
LARGEST = 1 << 30  # bytes; a thousand ball matches of 90 s are about 4 MB
_ARRAYS = {"streams", "openings", "opening_lengths", "lengths", "actions", "points", "returns"}
_HEADER = {"format", "version", "game", "settings", "a", "b", "seed", "time", "forfeits"}


def write_matches(path: Path, matches: Matches, game_name: str | None = None) -> bytes:
    """Returns what was written. `game_name` for a game from outside the package, "module:id". Raises OSError, and
    ValueError for matches that were not recorded."""
    if matches.actions is None:
        raise ValueError("these matches were not recorded; play them with record=True")
    header = {
        "format": FORMAT,
        "version": VERSION,
        "game": game_name or matches.game.id,
        "settings": matches.game.settings,
        "a": matches.a,
        "b": matches.b,
        "seed": matches.seed,
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "forfeits": [[half, pair, reason] for (half, pair), reason in matches.forfeits.items()],
    }
    arrays = {
        "streams": matches.first_streams,
        "openings": _narrow(matches.openings),
        "opening_lengths": matches.opening_lengths,
        "lengths": matches.lengths,
        "actions": _narrow(matches.actions),
        "points": matches.game_points.astype(np.float32),
        "returns": matches.returns,
    }
    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"match": json.dumps(header)})
    write_whole(Path(path), data)
    return data


def read_match(path: Path, half: int, pair: int, game_name: str | None = None) -> Record:
    """One game of the file. A game from outside the package must be named. Raises CorruptArtifact, and IndexError for a
    game that the file does not have."""
    path = Path(path)
    header, arrays = _read(path)
    pairs = len(arrays["streams"])
    if half not in (0, 1) or not 0 <= pair < pairs:
        raise IndexError(f"{path}: there is no game {half}, {pair}; it has halves 0 and 1 of {pairs} pairs")
    try:
        game = named_game(header["game"], header["settings"], game_name)
        opening = arrays["openings"][pair, : arrays["opening_lengths"][pair]]
        played = arrays["actions"][: arrays["lengths"][half, pair], half, pair]
        actions = np.concatenate([opening, played]) if len(opening) else played
        seats = () if game.dynamics is Dynamics.SEQUENTIAL else (game.num_players,)
        if actions.shape[1:] != (*seats, *game.action_shape):
            raise ValueError(f"its actions have shape {actions.shape}, not those of {game.id}")
        whole = played.dtype.kind == game.action_dtype.kind
        if not whole or (not game.action_shape and ((actions < 0) | (actions >= game.num_actions)).any()):
            raise ValueError(f"its actions are not those of {game.id}")
        names = (header["a"], header["b"]) if half == 0 else (header["b"], header["a"])
        record = Record(
            game, header["game"], int(arrays["streams"][pair]),
            tuple(Seat("agent", names[team]) for team in game.teams),
            actions.astype(game.action_dtype), header["time"],
        )  # fmt: skip
        own = game.teams.index(half)
        told = float(arrays["returns"][half, pair])
        given_up = [half, pair] in [entry[:2] for entry in header["forfeits"]]
        if given_up != (record.result.ended == "abandoned"):
            raise ValueError(
                f"the game is {record.result.ended}, and it says that it was{'' if given_up else ' not'} given up"
            )
        if not given_up and abs(record.result.returns[own] - told) > 1e-4 * max(1, abs(told)):
            raise ValueError(
                f"it says that {header['a']} was paid {told:g}, by the rules {record.result.returns[own]:g}"
            )
    except (ValueError, IndexError, TypeError) as error:
        raise CorruptArtifact(path, f"was altered, or written by other rules: {error}") from None
    return record


def read_points(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Points [2, N] float32 of the first player, lengths [2, N] in moves, as the file says. Raises CorruptArtifact."""
    arrays = _read(Path(path))[1]
    return arrays["points"], arrays["lengths"]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    data = read_plain(path, LARGEST)
    try:
        arrays = load(data)
        size = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["match"])
    except Exception as error:  # the library has no base class for what a malformed file makes it raise
        raise CorruptArtifact(path, f"is no file of matches ({type(error).__name__})") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CorruptArtifact(path, f"is no file of matches (its format is not '{FORMAT}')")
    if header.get("version") != VERSION or set(header) != _HEADER or set(arrays) != _ARRAYS:
        raise CorruptArtifact(path, f"was altered, or is not of version {VERSION}")
    words = all(isinstance(header[key], str) for key in ("game", "a", "b", "time"))
    pairs = arrays["streams"].shape[0] if arrays["streams"].ndim == 1 else -1
    fits = (
        words
        and arrays["streams"].dtype == np.uint64
        and arrays["openings"].shape[:1] == arrays["opening_lengths"].shape == (pairs,)
        and arrays["lengths"].shape == arrays["returns"].shape == arrays["points"].shape == (2, pairs)
        and arrays["actions"].shape[1:3] == (2, pairs)
        and ((arrays["lengths"] >= 0) & (arrays["lengths"] <= len(arrays["actions"]))).all()
        and (arrays["opening_lengths"] <= arrays["openings"].shape[-1]).all()
    )
    if not fits:
        raise CorruptArtifact(path, "was altered: its arrays do not fit each other")
    return header, arrays


def _narrow(actions: np.ndarray) -> np.ndarray:
    """Whole numbers as int8 or int16, where they fit; numbers with fractions as they are."""
    if actions.dtype.kind == "f":
        return actions
    return actions.astype(np.int8 if actions.size == 0 or actions.max() < 128 else np.int16)
