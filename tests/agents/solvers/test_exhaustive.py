"""Small games solved through their rules: theory that everybody knows, and a search in plain Python."""

from functools import reduce
from itertools import product
from operator import xor

import numpy as np
import pytest

from agents.solvers import ILLEGAL, exhaustive, make_solver
from agents.solvers.exhaustive import ExhaustiveSolver
from envs import make
from envs.batch import Batch, mask_rows
from envs.game import Game, is_terminal, rewards, step
from tests.agents.solvers.positions import random_positions

NIM = "tests.own_game.nim:nim"


def _heaps(game: Game) -> np.ndarray:
    """Every position of Nim that is not over."""
    heaps = [sticks for sticks in product(range(4), range(5), range(6)) if any(sticks)]
    states = np.repeat(Batch(game, 1).states, len(heaps))
    states["heaps"] = heaps
    return states


@pytest.mark.parametrize("misere", [False, True])
def test_nim_is_what_bouton_proved(misere):
    """Whoever is to move has lost if the heaps' exclusive or is 0; in misere play with no heap above 1, if it is 1."""
    game = make(NIM, misere=misere)
    states = _heaps(game)
    values = make_solver(game).values(states)
    for value, heaps in zip(values, states["heaps"].tolist(), strict=True):
        nim_sum = reduce(xor, heaps)
        lost = nim_sum == 1 if misere and max(heaps) <= 1 else nim_sum == 0
        assert (value < 0) == lost, heaps
        assert value


def test_a_quicker_win_is_worth_more():
    game = make(NIM)
    states = _heaps(game)
    values = dict(zip(map(tuple, states["heaps"].tolist()), make_solver(game).values(states).tolist(), strict=True))
    assert values[0, 0, 5] == game.max_steps  # in one move
    assert values[0, 1, 1] == -(game.max_steps - 1)  # lost in two
    assert values[1, 1, 1] == game.max_steps - 2  # won in three


def test_tic_tac_toe_is_drawn():
    game = make("tic_tac_toe")
    solver = make_solver(game)
    assert solver.move_values(Batch(game, 1).states).tolist() == [[0] * 9]
    # x . .   O has answered a corner, X's first move, on an edge: X has won, by the middle or two other ways
    # . . .
    batch = Batch(game, 1)
    for cell in (0, 1):
        batch.step(np.array([cell], np.int32))
    values = solver.move_values(batch.states)[0]
    assert np.flatnonzero(values > 0).tolist() == [3, 4, 6]
    assert values[1] == values[0] == ILLEGAL


def test_tic_tac_toe_against_a_search_in_python():
    game = make("tic_tac_toe")
    states = np.concatenate([random_positions(game, plies, plies, 20) for plies in (3, 4, 5, 6, 7)])
    found = ExhaustiveSolver(game).move_values(states)
    for b in range(len(states)):
        for action in range(9):
            assert found[b, action] == _negamax(game, states[b : b + 1], action), game.state_to_string(states[b])


def _negamax(game: Game, states: np.ndarray, action: int) -> int:
    """What the action is worth to whoever is to move."""
    mover = int(states["current_player"][0])
    if not mask_rows(game, states, np.array([mover]))[0, action]:
        return ILLEGAL
    after, paid = states.copy(), np.zeros(2, np.float32)
    step(after[0], action)
    if is_terminal(after[0]):
        rewards(after[0], paid)
        return int(paid[mover]) * game.max_steps
    best = max(_negamax(game, after, reply) for reply in range(game.num_actions))
    return -best + (best > 0) - (best < 0)


def test_what_cannot_be_solved_is_refused(monkeypatch):
    for game_id in ("kuhn_poker", "ball_1v1"):
        with pytest.raises(ValueError, match="cannot be solved"):
            ExhaustiveSolver(make(game_id))
    monkeypatch.setattr(exhaustive, "MOST_POSITIONS", 1000)
    game = make("connect_four_5x4")
    with pytest.raises(ValueError, match="more than 1,000 positions"):
        ExhaustiveSolver(game).values(Batch(game, 1).states)


def test_a_game_in_which_both_may_win_is_refused(monkeypatch):
    play, game = exhaustive._play, make("tic_tac_toe")

    def play_for_both(states, actions, paid, over):
        play(states, actions, paid, over)
        np.abs(paid, out=paid)

    monkeypatch.setattr(exhaustive, "_play", play_for_both)
    with pytest.raises(ValueError, match="cannot be solved: what one seat wins the other does not lose"):
        ExhaustiveSolver(game).values(Batch(game, 1).states)


def test_a_position_that_is_over_is_refused():
    game = make("tic_tac_toe")
    batch = Batch(game, 2, autoreset=False)
    for cells in ((0, 8), (3, 7), (1, 6), (4, 5), (2, 4)):
        batch.step(np.array(cells, np.int32))
    with pytest.raises(ValueError, match="position 0 is over"):
        ExhaustiveSolver(game).move_values(batch.states)
