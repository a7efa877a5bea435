"""Mistakes against exact play: of players whose mistakes are known, in positions that are what they should be."""

import numpy as np
import pytest

from agents.agent import RandomAgent
from agents.held_out import canonical_boards, held_out
from agents.matches import opening_plies
from agents.mistakes import Mean, _games, judge, sample
from agents.names import make_agent
from agents.solvers import ILLEGAL, make_solver
from agents.solvers.agent import SolverAgent
from agents.solvers.connect_four import ConnectFourSolver
from envs import make


class WorstAgent:
    """Plays the first of the worst moves, and says that every position is won."""

    name = "worst"

    def __init__(self, solver):
        self.solver = solver

    def act(self, states, players, rng):
        values = self.solver.move_values(states).astype(np.int64)
        return np.where(values == ILLEGAL, 1000, values).argmin(axis=1).astype(np.int32)

    def values(self, states, players):
        return np.ones(len(states), np.float32)

    def reset(self, rows):
        pass


@pytest.fixture(scope="module")
def small():
    game = make("connect_four_5x4")
    return game, ConnectFourSolver(game)


def test_exact_play_makes_none(small):
    game, solver = small
    result = judge(SolverAgent(game), game, solver, 100, seed=1)
    assert result.total.positions == 100
    assert result.total.mistakes == 0
    assert result.total.regret == Mean(0.0, 0.0)
    assert result.total.value_error is None
    assert set(result.scalars()) == {"mistakes/rate", "mistakes/regret"}


def test_the_worst_play_makes_all_there_are(small):
    game, solver = small
    agent = WorstAgent(solver)
    result = judge(agent, game, solver, 120, seed=2)
    states, plies, longest = sample(agent, game, solver, 120, seed=2)
    assert longest == 20
    values = solver.move_values(states).astype(np.int64)
    best, worst = values.max(axis=1), np.where(values == ILLEGAL, 1000, values).min(axis=1)
    wrong = np.sign(worst) < np.sign(best)
    assert wrong.any()
    assert result.total.mistakes == wrong.sum()
    assert result.total.regret.mean == pytest.approx((best - worst).mean())
    assert result.total.value_error is not None
    assert result.total.value_error.mean == pytest.approx((1 - np.sign(best)).mean())
    margin = 1.96 * np.std(best - worst, ddof=1) / np.sqrt(len(states))
    assert result.total.regret.margin == pytest.approx(margin)
    low, high = result.total.interval
    assert 0 < low < result.total.rate < high < 1
    thirds = {"first third": plies < 20 / 3, "second third": (plies >= 20 / 3) & (plies < 40 / 3)}
    for phase in result.phases[:2]:
        assert (phase.positions, phase.mistakes) == (thirds[phase.phase].sum(), wrong[thirds[phase.phase]].sum())
    assert sum(phase.positions for phase in result.phases) == result.total.positions == len(states) > 80
    assert sum(phase.mistakes for phase in result.phases) == result.total.mistakes


def test_positions_are_held_out_different_and_from_both_sources(small):
    game, solver = small
    states, plies, _ = sample(RandomAgent(game), game, solver, 200, seed=3)
    assert len(states) == 200
    assert held_out(game, states).all()
    assert len(set(canonical_boards(game, states))) == 200
    assert (states["num_moves"] == plies).all()
    assert (states["winner"] < 0).all()
    again, _, _ = sample(RandomAgent(game), game, solver, 200, seed=3)
    assert (again["board"] == states["board"]).all()
    # the first half does not depend on the agent, the second does
    other, _, _ = sample(SolverAgent(game), game, solver, 200, seed=3)
    assert (other["board"][:100] == states["board"][:100]).all()
    assert (other["board"][100:] != states["board"][100:]).any()


def test_random_play_errs_as_often_as_drawing_a_move_does(small):
    """The rate of a random mover is the mean, over positions, of the share of moves that are mistakes."""
    game, solver = small
    agent = RandomAgent(game)
    result = judge(agent, game, solver, 600, seed=4)
    states, _, _ = sample(agent, game, solver, 600, seed=4)
    values = solver.move_values(states).astype(np.int64)
    wrong = np.where(values == ILLEGAL, False, np.sign(values) < np.sign(values.max(axis=1, keepdims=True)))
    expected = (wrong.sum(axis=1) / (values != ILLEGAL).sum(axis=1)).mean()
    low, high = result.total.interval
    assert low < expected < high


def test_random_play_at_connect_four_errs_in_a_third_of_positions():
    """34.6% over the 44,682 positions of a solved collection; here of positions with 16 discs or more."""
    game = make("connect_four")
    solver = ConnectFourSolver(game)
    solver.first_ply = 16
    result = judge(RandomAgent(game), game, solver, 300, seed=0)
    assert [phase.phase for phase in result.phases] == ["second third", "last third"]
    low, high = result.total.interval
    assert low < 0.40
    assert high > 0.30


@pytest.mark.parametrize("name", ["random", "one_ply", "solver"])
def test_of_a_small_game_as_many_are_judged_as_asked_or_all_there_are(name):
    """One in eight of 627 different positions that are not over, 72, are held out."""
    game = make("tic_tac_toe")
    agent, solver = make_agent(name, game), make_solver(game)
    states, _, _ = sample(agent, game, solver, 50, seed=0)
    assert len(set(canonical_boards(game, states))) == len(states) == 50
    assert 65 < judge(agent, game, solver, 1_000_000, seed=0).total.positions <= 72


def test_the_agent_s_half_may_hold_what_random_games_reach_too():
    """Random games find all 72, but draw 25 of them; of the other half none would be left that they do not know."""
    game = make("tic_tac_toe")
    agent, solver = make_agent("solver", game), make_solver(game)
    states, _, _ = sample(agent, game, solver, 50, seed=0)
    played: set[bytes] = set()
    for reached, _ in _games(agent, game, opening_plies(game), np.random.default_rng(5)):
        played |= set(canonical_boards(game, reached))
    own = [board in played for board in canonical_boards(game, states[25:])]
    assert sum(own) >= 8  # it plays few different games


def test_phases_of_othello_are_thirds_of_a_real_game():
    """Its ends alone are solved, from move 44 on, and games take 60 moves and sometimes a few passes."""
    game = make("othello")
    result = judge(RandomAgent(game), game, make_solver(game), 30, seed=0)
    assert [phase.phase for phase in result.phases] == ["last third"]


def test_too_few_positions_are_refused(small):
    game, solver = small
    with pytest.raises(ValueError, match="positions is 1; two or more"):
        judge(RandomAgent(game), game, solver, 1)
