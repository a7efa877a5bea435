"""Labelled positions of one game, and the folder that they are kept in: safetensors and JSON, verified, never pickle.

    save_labels(path, labels)
    labels = load_labels(path, game)                    # or CorruptArtifact; WrongLabels if they are of another game

Games are kept as their moves and played again when they are used (dataset.py): a position of Go takes 17 kB, a move 4
bytes. Letters: S first positions, G games, M moves of all games, P seats, N labelled positions (rows), K their moves.

starts       [S] States before the first move (games of one opening share it), in the game's settings
start        [G] int32, the first position of each game, into starts
first        [G + 1] int64: the moves of game g are actions[first[g]:first[g + 1]]
actions      [M] int32, or [M, P] where all seats move at once; those of games cut short are just fewer
game         [N] int32      ply   [N] int32, moves made before the position      seat  [N] int8, whose decision it is
first_move   [N + 1] int64: what is labelled in row n is moves[first_move[n]:first_move[n + 1]]
moves        [K] uint16, actions; none for a row without a label for the policy
weights      [K] float32 > 0, of each: they sum to 1 in a row
values       [N] float32 in [-1, 1], what the position is worth to `seat`; nan for a row without a label for the value

Rows lie in the order of (game, ply, seat), none twice. `about` is JSON: where the labels come from, with counts of what
was read, skipped and why.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from agents.artifact import CorruptArtifact, read_folder, sha256, write_folder
from envs.game import Dynamics, Game

KIND, FORMAT = "labels", 1
ARRAYS_FILE, JSON_FILE = "labels.safetensors", "labels.json"
ARRAYS: dict[str, np.dtype] = {
    "start": np.dtype(np.int32),
    "first": np.dtype(np.int64),
    "actions": np.dtype(np.int32),
    "game": np.dtype(np.int32),
    "ply": np.dtype(np.int32),
    "seat": np.dtype(np.int8),
    "first_move": np.dtype(np.int64),
    "moves": np.dtype(np.uint16),
    "weights": np.dtype(np.float32),
    "values": np.dtype(np.float32),
}


class WrongLabels(CorruptArtifact):
    """A sound folder of labels of another game, or of the game in other settings."""


@dataclass(frozen=True, eq=False)
class Labels:
    """As the module says. Raises ValueError where the arrays do not fit each other or the game."""

    rules: Game
    starts: np.ndarray
    start: np.ndarray
    first: np.ndarray
    actions: np.ndarray
    game: np.ndarray
    ply: np.ndarray
    seat: np.ndarray
    first_move: np.ndarray
    moves: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """N."""
        return len(self.game)

    @property
    def games(self) -> int:
        return len(self.start)

    def __post_init__(self) -> None:
        for name, dtype in ARRAYS.items():
            if getattr(self, name).dtype != dtype:
                raise ValueError(f"{name} is {getattr(self, name).dtype}, not {dtype}")
        if self.starts.dtype != self.rules.state_dtype:
            raise ValueError(f"starts are not States of {self.rules.id}")
        simultaneous = self.rules.dynamics is Dynamics.SIMULTANEOUS
        wanted = (len(self.actions), self.rules.num_players) if simultaneous else (len(self.actions),)
        if self.actions.shape != wanted:
            raise ValueError(f"actions have the shape {self.actions.shape}, not {wanted}")
        _check_offsets("first", self.first, self.games, len(self.actions))
        _check_offsets("first_move", self.first_move, len(self), len(self.moves))
        if not len(self.ply) == len(self.seat) == len(self.values) == len(self):
            raise ValueError("game, ply, seat and values are not of one length")
        if len(self.weights) != len(self.moves):
            raise ValueError("moves and weights are not of one length")
        _check_range("start", self.start, len(self.starts))
        _check_range("actions", self.actions, self.rules.num_actions)
        _check_range("moves", self.moves, self.rules.num_actions)
        _check_range("game", self.game, self.games)
        _check_range("seat", self.seat, self.rules.num_players)
        if len(self):
            played = np.diff(self.first)[self.game]
            if (self.ply < 0).any() or (self.ply > played).any():
                raise ValueError("a ply lies outside of its game")
            order = np.lexsort((self.seat, self.ply, self.game))
            key = np.stack([self.game, self.ply, self.seat]).astype(np.int64)
            if (order != np.arange(len(self))).any() or not (key[:, 1:] != key[:, :-1]).any(axis=0).all():
                raise ValueError("rows are not in the order of game, ply and seat, or one is there twice")
        if not ((self.weights > 0) & (self.weights <= 1)).all():
            raise ValueError("a weight is not above 0 and at most 1")
        counts = np.diff(self.first_move)
        sums = np.bincount(np.repeat(np.arange(len(self)), counts), self.weights, minlength=len(self))
        if not np.allclose(sums[counts > 0], 1, atol=1e-3):
            raise ValueError("the weights of a row do not sum to 1")
        known = ~np.isnan(self.values)
        if (np.abs(self.values[known]) > 1).any():
            raise ValueError("a value is not in [-1, 1]")

    def digest(self) -> str:
        """64 hex digits of what is labelled and how, whatever `about` says."""
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in ARRAYS}
        return sha256(b"".join([self.starts.tobytes(), *(arrays[name].tobytes() for name in ARRAYS)]))

    def select(self, rows: np.ndarray) -> "Labels":
        """The labels of these rows (bool [N], or indices, put in order) alone; their games stay whole."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.sort(rows)
        counts = np.diff(self.first_move)[rows]
        first_move = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        at = np.repeat(self.first_move[:-1][rows] - first_move[:-1], counts) + np.arange(first_move[-1])
        return Labels(
            self.rules, self.starts, self.start, self.first, self.actions, self.game[rows], self.ply[rows],
            self.seat[rows], first_move, self.moves[at], self.weights[at], self.values[rows], self.about,
        )  # fmt: skip


def save_labels(path: Path, labels: Labels, *, replace: bool = False) -> None:
    """Write the folder `path`, whole or not at all. Raises FileExistsError unless `replace`."""
    arrays = {name: np.ascontiguousarray(getattr(labels, name)) for name in ARRAYS}
    arrays["starts"] = np.ascontiguousarray(labels.starts).view(np.uint8).reshape(len(labels.starts), -1)
    described = {
        "format": FORMAT, "game": labels.rules.id, "settings": labels.rules.settings,
        "state_bytes": labels.rules.state_dtype.itemsize, "digest": labels.digest(), "about": labels.about,
    }  # fmt: skip
    files = {ARRAYS_FILE: safetensors_numpy.save(arrays), JSON_FILE: json.dumps(described, indent=1).encode()}
    write_folder(path, files, kind=KIND, replace=replace)


def load_labels(path: Path, rules: Game) -> Labels:
    """Raises CorruptArtifact for a folder that is damaged, WrongLabels for labels of another game."""
    files = read_folder(path, kind=KIND)
    try:
        described = json.loads(files[JSON_FILE])
        found = (described["game"], described["settings"])
        about, version, size = described["about"], described["format"], described["state_bytes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptArtifact(path / JSON_FILE, "was not written by this program") from None
    if version != FORMAT:
        raise CorruptArtifact(path / JSON_FILE, f"has format {version}; this program reads format {FORMAT}")
    if found[0] != rules.id or found[1] != json.loads(json.dumps(rules.settings)):
        raise WrongLabels(path, f"holds labels of {found[0]} in the settings {found[1]}, not of {rules.id} in "
                                f"{rules.settings}")  # fmt: skip
    if size != rules.state_dtype.itemsize:
        raise CorruptArtifact(path, f"was written by other rules of {rules.id}; make the labels anew")
    try:
        arrays = {name: np.array(array) for name, array in safetensors_numpy.load(files[ARRAYS_FILE]).items()}
        starts = arrays.pop("starts")
        return Labels(rules, starts.reshape(-1).view(rules.state_dtype), **arrays, about=about)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CorruptArtifact(path / ARRAYS_FILE, f"does not hold what it should ({error})") from None


def _check_offsets(name: str, offsets: np.ndarray, count: int, total: int) -> None:
    if len(offsets) != count + 1 or offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        raise ValueError(f"{name} does not divide {total} into {count}")


def _check_range(name: str, values: np.ndarray, end: int) -> None:
    if values.size and not (values.min() >= 0 and values.max() < end):
        raise ValueError(f"{name} holds a number outside of 0 to {end - 1}")
