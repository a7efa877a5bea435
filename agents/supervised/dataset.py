"""Labels as a network learns from them, and which may be learned from.

    rows = trainable(labels)                              # bool [N]: those that never measure
    data = expand(labels.select(rows), policy=True, value=False)        # the games, played again
    data.samples                                          # as agents/window.py takes them
    data = load_dataset(["labels/solver"], game, Selection(positions=8000))            # all of that

A position of a game told by two planes of stones is held out by its board (agents/held_out.py); one of any other game
by the first byte of the SHA-256 of all the moves of the game that it is from, after which 1 game in 8 only measures.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from agents.fast_heads import NO_ACTION
from agents.held_out import canonical_boards, held_out, told_by_boards
from agents.search_game import WHOLE, most_legal
from agents.supervised.labels import Labels, load_labels
from envs.game import Game, is_terminal, is_truncated, legal_action_mask, observe, step

HELD_OUT_BYTE = 0x20  # a SHA-256 whose first byte is below begins with the hex digit 0 or 1
STATES_AT_ONCE = 1 << 15


class BadLabels(ValueError):
    """Labels that the rules contradict; the message names the first game and move."""


@dataclass(frozen=True)
class Dataset:
    """`samples`: observations [n, *shape], legal_actions [n, L] uint16, policies [n, L] uint16 of WHOLE, targets [n]
    float32, as search_game.write_samples describes them (a policy or a target that nobody learns from is 0). `rows` [n]
    int64 are theirs in the labels; `dropped` says how many rows had no such label."""

    samples: dict[str, np.ndarray]
    rows: np.ndarray
    dropped: int


@dataclass(frozen=True)
class Selection:
    """Which labels of a folder are learned from. `positions`: so many, drawn by `seed`, the first of which are the same
    for every number; None: all that may be."""

    policy: bool = True
    value: bool = True
    positions: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class LoadedDataset(Dataset):
    """With where it comes from: of each folder its digest and what it says `about` itself."""

    digest: str = ""
    sources: tuple[dict[str, Any], ...] = ()


def load_dataset(folders: Sequence[str | Path], game: Game, selection: Selection) -> LoadedDataset:
    """What may be learned from in these folders of labels, as `selection` says.

    Raises CorruptArtifact for a folder that is damaged or of another game, BadLabels for labels against the rules,
    ValueError where there are fewer positions than wanted, or none."""
    parts: list[Dataset] = []
    sources: list[dict[str, Any]] = []
    dropped = 0
    for folder in folders:
        labels = load_labels(Path(folder), game)
        data = expand(labels.select(trainable(labels)), policy=selection.policy, value=selection.value)
        parts.append(data)
        dropped += len(labels) - len(data.rows)
        sources.append({"folder": str(folder), "digest": labels.digest(), "rows": len(labels), "about": labels.about})
    samples = {name: np.concatenate([part.samples[name] for part in parts]) for name in parts[0].samples}
    count = len(samples["targets"])
    what = " and ".join(["a move"] * selection.policy + ["a value"] * selection.value)
    if not count:
        raise ValueError(
            f"{', '.join(map(str, folders))}: none of {dropped:,} labels may be learned from; those that are not held "
            f"out to measure must say {what}"
        )
    if selection.positions is not None and count < selection.positions:
        raise ValueError(
            f"{', '.join(map(str, folders))}: {selection.positions:,} positions are wanted, but {count:,} that say "
            f"{what} may be learned from"
        )
    rows = np.random.default_rng([selection.seed, 7]).permutation(count)[: selection.positions]
    digest = hashlib.sha256("".join(source["digest"] for source in sources).encode()).hexdigest()
    samples = {name: column[rows] for name, column in samples.items()}
    return LoadedDataset(samples, rows, dropped, f"{digest}/{selection}", tuple(sources))


def trainable(labels: Labels) -> np.ndarray:
    """bool [N]: the rows that are not held out to measure."""
    return ~measures(labels)


def measures(labels: Labels) -> np.ndarray:
    """bool [N]: the rows that only measure."""
    if not told_by_boards(labels.rules):
        hashed = [
            hashlib.sha256(labels.actions[begin:end].tobytes()).digest()[0] < HELD_OUT_BYTE
            for begin, end in zip(labels.first[:-1], labels.first[1:], strict=True)
        ]
        return np.array(hashed, np.bool_)[labels.game]
    parts = [held_out(labels.rules, states_of(labels, part)) for part in _parts(len(labels))]
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def first_of_its_board(labels: Labels) -> np.ndarray:
    """bool [N]: false for a row whose position, or an image of it, stands in a row before. Of games that are not told
    by two planes of stones all are true."""
    seen: set[tuple[bytes, int]] = set()
    fresh = np.ones(len(labels), np.bool_)
    for part in _parts(len(labels)) if told_by_boards(labels.rules) else []:
        boards = canonical_boards(labels.rules, states_of(labels, part))
        for row, key in zip(part, zip(boards, labels.seat[part].tolist(), strict=True), strict=True):
            fresh[row] = key not in seen
            seen.add(key)
    return fresh


def states_of(labels: Labels, rows: np.ndarray) -> np.ndarray:
    """States [n] of these rows [n]. Raises BadLabels where a game has an illegal move."""
    order = np.argsort(rows, kind="stable")
    found = np.zeros(len(rows), labels.rules.state_dtype)
    _replay(labels, rows[order], found, *_nothing(labels.rules, len(labels)))
    out = np.empty_like(found)
    out[order] = found
    return out


def expand(labels: Labels, *, policy: bool, value: bool) -> Dataset:
    """What is learned from: of rows that have a label for the policy (if `policy`) and for the value (if `value`).

    Raises ValueError where neither is wanted, and BadLabels where a game or a label is against the rules."""
    if not (policy or value):
        raise ValueError("neither the policy nor the value is to be learned")
    wanted = np.ones(len(labels), np.bool_)
    if policy:
        wanted &= np.diff(labels.first_move) > 0
    if value:
        wanted &= ~np.isnan(labels.values)
    rows = np.flatnonzero(wanted)
    game, count = labels.rules, len(rows)
    most = most_legal(game)
    samples = {
        "observations": np.zeros((count, *game.observation_shape), game.observation_dtype),
        "legal_actions": np.full((count, most), NO_ACTION, np.uint16),
        "policies": np.zeros((count, most), np.uint16),
        "targets": np.where(np.isnan(labels.values[rows]), 0, labels.values[rows]).astype(np.float32)
        if value
        else np.zeros(count, np.float32),
    }
    labelled = (labels.first_move, labels.moves, labels.weights) if policy else _nothing(game, len(labels))[-3:]
    _replay(labels, rows, np.zeros(0, game.state_dtype), *list(samples.values())[:3], *labelled)
    return Dataset(samples, rows, len(labels) - count)


def _parts(count: int) -> list[np.ndarray]:
    return [np.arange(begin, min(begin + STATES_AT_ONCE, count)) for begin in range(0, count, STATES_AT_ONCE)]


def _nothing(game: Game, rows: int) -> tuple[np.ndarray, ...]:
    """In place of observations, legal_actions, policies and of first_move, moves, weights."""
    observations = np.zeros((0, *game.observation_shape), game.observation_dtype)
    uint16 = np.zeros((0, 0), np.uint16)
    return observations, uint16, uint16, np.zeros(rows + 1, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.float32)


def _replay(labels: Labels, rows: np.ndarray, *arrays: np.ndarray) -> None:
    """Write the positions of these rows [n], in rising order, into arrays: states [n] or [0]; observations,
    legal_actions, policies [n, ...] or [0, ...]; from first_move, moves, weights."""
    game = labels.rules
    state, mask = game.new_states(1, np.zeros(1, np.uint64)), np.zeros(game.num_actions, np.bool_)
    place = np.zeros(game.num_actions, np.int64)
    fault, row = _write(
        rows.astype(np.int64), labels.game, labels.ply, labels.seat, labels.starts, labels.start, labels.first,
        labels.actions, state, mask, place, *arrays,
    )  # fmt: skip
    if fault:
        raise BadLabels(f"game {labels.game[row] + 1}, before move {labels.ply[row] + 1}: {FAULTS[fault]}")


FAULTS = ("", "a move is not legal", "the game is over", "the label is not a legal move", "too many moves are legal")
ILLEGAL, OVER, BAD_LABEL, NO_ROOM = 1, 2, 3, 4


@njit(cache=True)
def _write(
    rows, games, plies, seats, starts, start, first, actions, scratch, mask, place, states, observations,
    legal_actions, policies, first_move, moves, weights,
):  # fmt: skip
    """Returns 0 and -1, or what is wrong and the row before which it is. A row of a game goes on where the one before
    stopped; scratch [1] State, mask [A] bool, place [A] int64 are scratch."""
    now, made = -1, 0
    for i in range(rows.shape[0]):
        row = rows[i]
        if games[row] != now:
            now, made = games[row], 0
            scratch[0] = starts[start[now]]
        state = scratch[0]
        while made < plies[row]:
            if is_terminal(state) or is_truncated(state):
                return OVER, row
            if not _legal(state, actions[first[now] + made], mask):
                return ILLEGAL, row
            step(state, actions[first[now] + made])
            made += 1
        if is_terminal(state) or is_truncated(state):
            return OVER, row
        if states.shape[0] > 0:
            states[i] = state
        if observations.shape[0] > 0:
            seat = seats[row]
            observe(state, seat, observations[i])
            legal_action_mask(state, seat, mask)
            count = 0
            for a in range(mask.shape[0]):
                place[a] = -1
                if mask[a]:
                    if count == legal_actions.shape[1]:
                        return NO_ROOM, row
                    legal_actions[i, count], place[a] = a, count
                    count += 1
            for k in range(first_move[row], first_move[row + 1]):
                at = place[moves[k]]
                if at < 0:
                    return BAD_LABEL, row
                policies[i, at] = np.uint16(weights[k] * np.float32(WHOLE) + np.float32(0.5))
    return 0, -1


def _legal(state, action, mask):
    """Whether every seat may do what it does."""


@overload(_legal)
def _(state, action, mask):
    if isinstance(action, types.Array):

        def all_seats(state, action, mask):
            for seat in range(action.shape[0]):
                legal_action_mask(state, seat, mask)
                if not mask[action[seat]]:
                    return False
            return True

        return all_seats

    def whose_turn(state, action, mask):
        legal_action_mask(state, state.current_player, mask)
        return mask[action]

    return whose_turn
