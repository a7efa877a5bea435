"""The exact value of every position of a small game, through its own rules: nothing is known of the game but its verbs.

    ExhaustiveSolver(make("tic_tac_toe")).values(states)

All positions that can follow those asked about are laid out move by move, each once, and their values go back from the
ends (Zermelo, 1913). A win in n moves, counted over both sides, is worth max_steps + 1 - n, a loss the negative of
that, a draw 0: so a quicker win is worth more, and a later loss.
"""

from collections.abc import Callable

import numpy as np
from numba import njit

from agents.solvers import ILLEGAL
from envs.batch import mask_rows
from envs.game import Dynamics, Game, is_terminal, is_truncated, rewards, step

MOST_POSITIONS = 1_000_000  # about a minute and a gigabyte


class ExhaustiveSolver:
    """Remembers every position that it has seen. Raises ValueError for a game with chance, hidden information or more
    than two sides, whose rewards do not sum to 0, or when more than MOST_POSITIONS follow."""

    scale = "a win in n moves of both counts max_steps + 1 - n, a loss the negative of that, a draw 0"
    first_ply = 0

    def __init__(self, game: Game):
        sides = game.num_players == 2 and set(game.teams) == {0, 1}
        if game.dynamics is not Dynamics.SEQUENTIAL or game.hidden_information or game.num_deals > 1 or not sides:
            raise ValueError(f"{game.id} cannot be solved: that takes two seats, turns, nothing hidden and no chance")
        self.game = game
        self._known: dict[bytes, int] = {}

    def solvable(self, states: np.ndarray) -> np.ndarray:
        """[B] bool: every position is."""
        return np.ones(len(states), np.bool_)

    def values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B]: what states [B] are worth to whoever is to move."""
        return self.move_values(states).max(axis=1, initial=ILLEGAL)

    def move_values(self, states: np.ndarray) -> np.ndarray:
        """int16 [B, A]: what each action is worth to whoever is to move in states [B], ILLEGAL where it is not legal.

        Raises ValueError for a position that is over."""
        states = states.copy()
        states["rng"] = 0
        layer = self._follow(states)
        if not layer.masks.any(axis=1).all():
            row = int(np.flatnonzero(~layer.masks.any(axis=1))[0])
            raise ValueError(f"{self.game.id}: position {row} is over, so there is no move to be judged")
        layers = []
        while True:
            unknown = layer.unknown(self._known)
            if not len(unknown):
                break
            layers.append((_keys(unknown), layer := self._follow(unknown)))
            if len(self._known) + sum(len(keys) for keys, _ in layers) > MOST_POSITIONS:
                raise ValueError(f"{self.game.id} has more than {MOST_POSITIONS:,} positions; it is too large for this")
        for keys, below in reversed(layers):
            self._known.update(zip(keys, below.values(self._known).max(axis=1).tolist(), strict=True))
        return self._follow(states).values(self._known)

    def _follow(self, states: np.ndarray) -> "Moves":
        return Moves(self.game, states)


class Moves:
    """All moves from states [B]: masks [B, A]; for the N legal ones, in the masks' order, the states [N] they lead to,
    what they paid the mover [N], and whether the game is over there [N]."""

    def __init__(self, game: Game, states: np.ndarray):
        movers = states["current_player"].astype(np.int64)
        self.game = game
        self.masks = mask_rows(game, states, movers)
        self.masks &= ~_over(states)[:, None]
        rows, actions = np.nonzero(self.masks)
        self.after = np.take(states, rows)
        paid = np.zeros((len(rows), game.num_players), np.float32)
        self.over = np.zeros(len(rows), np.bool_)
        _play(self.after, actions.astype(np.int32), paid, self.over)
        if self.after["rng"].any():
            raise ValueError(f"{game.id} cannot be solved: a move draws a random number")
        if paid[~self.over].any():
            raise ValueError(f"{game.id} cannot be solved: it pays before its end")
        if paid.sum(axis=1).any():
            raise ValueError(f"{game.id} cannot be solved: what one seat wins the other does not lose")
        self.paid = paid[np.arange(len(rows)), movers[rows]]
        self.turned = self.after["current_player"] != movers[rows]

    def unknown(self, known: dict[bytes, int]) -> np.ndarray:
        """The states, each once, that games go on from and that are not known."""
        first: dict[bytes, int] = {}
        for row, key in zip(np.flatnonzero(~self.over), _keys(self.after[~self.over]), strict=True):
            if key not in known:
                first.setdefault(key, int(row))
        return np.take(self.after, list(first.values()))

    def values(self, known: dict[bytes, int]) -> np.ndarray:
        """int16 [B, A], from those of the states that follow."""
        best = self.game.max_steps
        scores = np.sign(self.paid).astype(np.int64) * best
        going_on = np.flatnonzero(~self.over)
        later = np.array([known[key] for key in _keys(self.after[going_on])], np.int64)
        later = np.where(self.turned[going_on], -later, later)
        scores[going_on] = later - np.sign(later)
        out = np.full(self.masks.shape, ILLEGAL, np.int16)
        out[self.masks] = scores
        return out


def _keys(states: np.ndarray) -> list[bytes]:
    """What tells positions apart: every field but the random stream."""
    if not len(states):
        return []
    fields = [np.ascontiguousarray(states[name]) for name in states.dtype.names or () if name != "rng"]
    together = np.concatenate([field.view(np.uint8).reshape(len(states), -1) for field in fields], axis=1)
    return [row.tobytes() for row in together]


@njit(cache=True)
def _over(states):
    out = np.empty(states.shape[0], np.bool_)
    for b in range(states.shape[0]):
        out[b] = is_terminal(states[b]) or is_truncated(states[b])
    return out


@njit(cache=True)
def _play(states, actions, paid, over):
    for b in range(states.shape[0]):
        step(states[b], actions[b])
        rewards(states[b], paid[b])
        over[b] = is_terminal(states[b]) or is_truncated(states[b])


def solver_for(game: Game, tell: Callable[[int, int], None] | None = None) -> ExhaustiveSolver:
    """It is asked about small games alone, so there is nothing to tell."""
    return ExhaustiveSolver(game)
