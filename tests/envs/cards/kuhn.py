"""Kuhn poker's strategies, from what a seat sees, as bytes: the equilibria that Kuhn found, and all without chance."""

import itertools
from collections.abc import Iterator

import numpy as np

from envs import make
from envs.batch import Batch, observe_rows
from tests.envs.cards.tree import Strategy

GAME = make("kuhn_poker")
J, Q, K = range(3)
# Of each seat: where it decides, as (seat, card, moves before).
PLACES = [[(seat, card, moves) for card in (J, Q, K) for moves in before]
          for seat, before in enumerate((("", "check bet"), ("check", "bet")))]  # fmt: skip


def play(mine: int, theirs: int, moves: str) -> Batch:
    """A game of these cards, its moves as they are written."""
    batch = Batch(GAME, 1, autoreset=False)
    batch.states["cards"] = [mine, theirs, 3 - mine - theirs]
    batch.refresh()
    for move in moves.split():
        names = [GAME.action_to_string(batch.states[0], action) for action in (0, 1)]
        batch.step(np.array([names.index(move)]))
    return batch


def seen(seat: int, card: int, moves: str) -> bytes:
    """What a seat sees of its card after moves, as a tree's strategies are asked."""
    other = (card + 1) % 3
    states = play(*((card, other) if seat == 0 else (other, card)), moves).states
    return observe_rows(GAME, states, np.array([seat]))[0].tobytes()


def strategy(bets: dict[tuple[int, int, str], float]) -> Strategy:
    """From the chance of action 1 by (seat, card, moves)."""
    table = {seen(*place): np.array([1 - chance, chance]) for place, chance in bets.items()}
    return table.__getitem__


def first(alpha: float) -> Strategy:
    """Kuhn's equilibria for seat 0, one for each alpha in [0, 1/3]: how often it bluffs with the jack."""
    begin = {(0, J, ""): alpha, (0, Q, ""): 0.0, (0, K, ""): 3 * alpha}
    return strategy({**begin, (0, J, "check bet"): 0.0, (0, Q, "check bet"): 1 / 3 + alpha, (0, K, "check bet"): 1.0})


def second() -> Strategy:
    """Kuhn's equilibrium for seat 1."""
    checked = {(1, J, "check"): 1 / 3, (1, Q, "check"): 0.0, (1, K, "check"): 1.0}
    return strategy({**checked, (1, J, "bet"): 0.0, (1, Q, "bet"): 1 / 3, (1, K, "bet"): 1.0})


def pure(seat: int) -> Iterator[Strategy]:
    """All 64 strategies of a seat without chance."""
    for choices in itertools.product((0.0, 1.0), repeat=len(PLACES[seat])):
        yield strategy(dict(zip(PLACES[seat], choices, strict=True)))
