"""Games that people played, put together as labels.

A row is a move that was made: the move, and what the game brought whoever made it. A position that comes up again, or a
mirror image of it, is one row: its moves weigh as often as they were made, its value is the mean of the outcomes. In
games that are not told by a board (chess, Go) the same game twice is one game, and positions stay apart.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from agents.held_out import board_words, first_images, told_by_boards
from agents.supervised.dataset import STATES_AT_ONCE, states_of
from agents.supervised.labels import Labels
from agents.supervised.people.formats import Fault, Played, read_file
from envs.batch import observe_rows
from envs.game import Dynamics, Game

TELL_SECONDS = 5.0


@dataclass(frozen=True)
class Options:
    """What is left out. Plies count from 0; `empties`: of Othello and others that fill a board, from and to."""

    max_games: int | None = None
    min_elo: int = 0
    from_ply: int = 0
    to_ply: int | None = None
    empties: tuple[int, int] | None = None
    keep_duplicates: bool = False


@dataclass
class Counts:
    """What was read and what was not, with the first example of each reason."""

    games: int = 0
    moves: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def skip(self, reason: str, where: str) -> None:
        self.skipped[reason] += 1
        self.examples.setdefault(reason, where)

    def to_json(self) -> dict[str, Any]:
        skipped = {name: {"games": count, "first": self.examples[name]} for name, count in self.skipped.items()}
        return {"games": self.games, "moves": self.moves, "skipped": skipped}


def import_games(
    game: Game, paths: Sequence[Path], options: Options = Options(), tell: Callable[[int, int, int], None] | None = None
) -> Labels:
    """`tell` hears bytes read, bytes in all, games so far. Raises formats.WrongFile for a file that is no file of games
    of this game, ValueError where no row is left, OSError."""
    counts, begun = Counts(), time.perf_counter()
    played = list(_kept(game, paths, options, counts, tell))
    labels = _labels(game, played)
    rows = len(labels)
    if options.from_ply or options.to_ply is not None or options.empties:
        labels = labels.select(_wanted(labels, options))
    outside = rows - len(labels)
    merged = 0
    if not options.keep_duplicates and told_by_boards(game):
        before = len(labels)
        labels = merge(labels)
        merged = before - len(labels)
    if not len(labels):
        reasons = "; ".join(
            f"{count} games: {name} ({counts.examples[name]})" for name, count in counts.skipped.items()
        )
        raise ValueError(
            f"no move is left of {counts.games:,} games read; {outside:,} moves were outside of the wanted ones"
            + (f"; left out: {reasons}" if reasons else "")
        )
    about = {
        "files": [
            {"name": path.name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in paths
        ],
        "read": counts.to_json(), "moves_outside": outside, "moves_merged": merged,
        "options": asdict(options),
        "seconds": round(time.perf_counter() - begun, 1),
    }  # fmt: skip
    return replace(labels, about=about)


def _kept(
    game: Game, paths: Sequence[Path], options: Options, counts: Counts, tell: Callable[[int, int, int], None] | None
) -> Iterator[Played]:
    total, before, told = sum(path.stat().st_size for path in paths), 0, time.perf_counter()
    seen: set[bytes] = set()
    for path in paths:
        for found, read in read_file(path, game):
            if tell and time.perf_counter() - told > TELL_SECONDS:
                told = time.perf_counter()
                tell(before + read, total, counts.games)
            if isinstance(found, Fault):
                counts.skip(found.reason, found.where)
                continue
            if options.min_elo and (found.elo is None or min(found.elo) < options.min_elo):
                counts.skip(f"a player below {options.min_elo}, or without a rating", path.name)
                continue
            if not len(found.actions):
                counts.skip("no move was made", path.name)
                continue
            if not options.keep_duplicates:
                key = hashlib.sha256(found.start.tobytes() + found.actions.tobytes()).digest()
                if key in seen:
                    counts.skip("the same game again", path.name)
                    continue
                seen.add(key)
            counts.games += 1
            counts.moves += len(found.actions)
            yield found
            if options.max_games is not None and counts.games >= options.max_games:
                return
        before += path.stat().st_size


def _labels(game: Game, played: Sequence[Played]) -> Labels:
    """A row for every move that was labelled, in order."""
    seats = 1 if game.dynamics is Dynamics.SEQUENTIAL else game.num_players
    lengths = np.array([len(one.actions) for one in played], np.int64)
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if not len(played):
        shape = (0,) if seats == 1 else (0, seats)
        return _unlabelled(game, np.zeros(0, game.state_dtype), np.zeros(0, np.int32), first, np.zeros(shape, np.int32))
    unique: dict[bytes, int] = {}
    start = np.array([unique.setdefault(one.start.tobytes(), len(unique)) for one in played], np.int32)
    starts = np.frombuffer(b"".join(unique), game.state_dtype).copy()
    actions = np.concatenate([one.actions for one in played]).astype(np.int32)
    labelled = [np.ones(one.actions.shape, np.bool_) if one.labelled is None else one.labelled for one in played]
    keep = np.concatenate(labelled).reshape(-1)
    owner = np.repeat(np.arange(len(played)), lengths * seats)[keep].astype(np.int32)
    ply = np.concatenate([np.repeat(np.arange(length), seats) for length in lengths])[keep].astype(np.int32)
    seat = np.tile(np.arange(seats), len(actions))[keep].astype(np.int8)
    moves = actions.reshape(-1)[keep].astype(np.uint16)
    count = len(moves)
    labels = Labels(
        game, starts, start, first, actions, owner, ply, seat, np.arange(count + 1, dtype=np.int64), moves,
        np.ones(count, np.float32), np.full(count, np.nan, np.float32),
    )  # fmt: skip
    if game.dynamics is Dynamics.SEQUENTIAL:
        for begin in range(0, count, STATES_AT_ONCE):
            rows = np.arange(begin, min(begin + STATES_AT_ONCE, count))
            labels.seat[rows] = states_of(labels, rows)["current_player"]
    outcomes = np.array([np.nan if one.outcome is None else one.outcome for one in played], np.float32)
    teams = np.array(game.teams)
    labels.values[:] = outcomes[owner] * np.where(teams[labels.seat] == teams[0], 1, -1)
    return labels


def _unlabelled(game: Game, starts: np.ndarray, start: np.ndarray, first: np.ndarray, actions: np.ndarray) -> Labels:
    none = np.zeros(0, np.int32)
    return Labels(
        game, starts, start, first, actions, none, none, none.astype(np.int8), np.zeros(1, np.int64),
        none.astype(np.uint16), none.astype(np.float32), none.astype(np.float32),
    )  # fmt: skip


def _wanted(labels: Labels, options: Options) -> np.ndarray:
    wanted = labels.ply >= options.from_ply
    if options.to_ply is not None:
        wanted &= labels.ply <= options.to_ply
    if options.empties is None:
        return wanted
    low, high = options.empties
    planes, cells = labels.rules.observation_shape[0], int(np.prod(labels.rules.observation_shape[1:]))
    for begin in range(0, len(labels), STATES_AT_ONCE):
        rows = np.arange(begin, min(begin + STATES_AT_ONCE, len(labels)))
        seen = observe_rows(labels.rules, states_of(labels, rows), np.zeros(len(rows), np.int64))
        taken = seen.reshape(len(rows), planes, cells)[:, :2].sum(axis=(1, 2))
        wanted[rows] &= (cells - taken >= low) & (cells - taken <= high)
    return wanted


def merge(labels: Labels) -> Labels:
    """One row for each position and whoever is to decide, in the place of the first: its moves with their shares, its
    value the mean of those known. Moves of images are turned to the first's view."""
    game, count = labels.rules, len(labels)
    if not count:
        return labels
    keys, images = [], np.empty(count, np.int64)
    for begin in range(0, count, STATES_AT_ONCE):
        rows = np.arange(begin, min(begin + STATES_AT_ONCE, count))
        boards, images[rows] = first_images(game, states_of(labels, rows))
        keys.append(board_words(boards))
    key = np.concatenate([np.concatenate(keys), labels.seat[:, None].astype(np.uint64)], axis=1)
    _, first, of_row = np.unique(key, axis=0, return_index=True, return_inverse=True)
    of_row = of_row.reshape(-1)
    maps = np.array([np.arange(game.num_actions), *(symmetry.action for symmetry in game.symmetries)])
    back = np.argsort(maps, axis=1)
    per_row = np.diff(labels.first_move)
    row_of_move = np.repeat(np.arange(count), per_row)
    turned = maps[images[row_of_move], labels.moves]  # as the canonical image calls them
    own = back[images[first[of_row[row_of_move]]], turned]  # as the first row does
    pair = of_row[row_of_move].astype(np.int64) * game.num_actions + own
    pairs, where = np.unique(pair, return_inverse=True)
    weight = np.bincount(where.reshape(-1), labels.weights)
    position, move = pairs // game.num_actions, pairs % game.num_actions
    share = weight / np.bincount(position, weight, minlength=len(first))[position]
    known = ~np.isnan(labels.values)
    sums = np.bincount(of_row[known], labels.values[known], minlength=len(first))
    seen = np.bincount(of_row[known], minlength=len(first))
    values = np.where(seen > 0, sums / np.maximum(seen, 1), np.nan).astype(np.float32)
    order = np.argsort(first)  # rows stay in the order of games
    rank = np.argsort(order)
    by_row = np.lexsort((move, rank[position]))
    counts = np.bincount(rank[position], minlength=len(first))
    kept = labels.select(first[order])
    return replace(
        kept, first_move=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        moves=move[by_row].astype(np.uint16), weights=share[by_row].astype(np.float32), values=values[order],
    )  # fmt: skip
