"""The player `solver`: it keeps what it has, and plays only what it can."""

import numpy as np
import pytest

from agents.agent import RandomAgent
from agents.best_response import exploitability
from agents.matches import play_pairs
from agents.names import make_agent
from agents.scripted.one_ply import OnePlyAgent
from agents.solvers import agent as solver_module
from agents.solvers.agent import SolverAgent
from envs import make
from envs.batch import Batch


def test_it_draws_evenly_among_the_best_moves():
    """O has answered a corner of tic-tac-toe on an edge: three moves win, all as soon."""
    game = make("tic_tac_toe")
    batch = Batch(game, 1)
    for cell in (0, 1):
        batch.step(np.array([cell], np.int32))
    states = np.repeat(batch.states, 3000)
    chosen = SolverAgent(game).act(states, np.zeros(3000, np.int64), np.random.default_rng(0))
    counts = np.bincount(chosen, minlength=9)
    assert np.flatnonzero(counts).tolist() == [3, 4, 6]
    assert ((counts[[3, 4, 6]] - 1000) ** 2 / 1000).sum() < 13.8  # chi-square, 2 degrees of freedom: passes 99.9%


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "hex_3", "connect_four_5x4"])
@pytest.mark.parametrize("rival", [RandomAgent, OnePlyAgent])
def test_what_is_won_is_won_and_what_is_drawn_is_not_lost(game_id, rival):
    """In every game, after whatever opening, it gets no less than the opening was worth to it."""
    game = make(game_id)
    player = make_agent("solver", game)
    assert isinstance(player, SolverAgent)
    matches = play_pairs(game, player, rival(game), pairs=40, seed=3, opening=4)
    starts = matches.initial_states
    for half in (0, 1):
        worth = np.sign(player.solver.values(starts[half]))
        worth = np.where(starts[half]["current_player"] == half, worth, -worth)
        assert (matches.outcomes[half] >= worth).all()
    assert matches.wins > matches.losses


def test_it_cannot_be_exploited_at_tic_tac_toe():
    """Exactly, as it tells how likely it plays each move: nobody wins more of it than the game is worth."""
    game = make("tic_tac_toe")
    player = make_agent("solver", game)
    found = exploitability(player, game)
    assert found.nash_conv == 0.0
    assert found.policy_values == found.best_response_values == (0.0, 0.0)


def test_a_game_of_which_the_end_alone_is_solved_is_refused(monkeypatch):
    class EndsAlone:
        def solvable(self, states: np.ndarray) -> np.ndarray:
            return np.zeros(len(states), np.bool_)

    monkeypatch.setattr(solver_module, "make_solver", lambda game, tell: EndsAlone())
    with pytest.raises(ValueError, match="'solver' cannot play othello: only its end can be solved"):
        make_agent("solver", make("othello"))


def test_a_game_without_a_solver_is_refused():
    with pytest.raises(ValueError, match="go_9x9 has no exact solver; these have one: "):
        make_agent("solver", make("go_9x9"))
