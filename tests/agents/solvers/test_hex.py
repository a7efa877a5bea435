"""The Hex solver: against one that knows nothing but the rules, against OpenSpiel's, and what is known of Hex."""

import numpy as np
import pytest

from agents.solvers import ILLEGAL
from agents.solvers.exhaustive import ExhaustiveSolver
from agents.solvers.hex import HexSolver
from envs import make
from envs.batch import Batch
from tests.agents.solvers.positions import random_positions


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(("game_id", "plies"), [("hex_3", range(7)), ("hex_5", range(17, 22))])
def test_against_the_rules_played_out(game_id, plies, swap):
    """Every move, from the first one on the smallest board, where the swap matters, and late on the larger one."""
    game = make(game_id, swap=swap)
    by_rules, solver = ExhaustiveSolver(game), HexSolver(game)
    for ply in plies:
        states = random_positions(game, ply, ply, 30)[:12]
        wanted = by_rules.move_values(states)
        found = solver.move_values(states)
        assert ((found == ILLEGAL) == (wanted == ILLEGAL)).all()
        legal = wanted != ILLEGAL
        assert (found[legal] == np.sign(wanted[legal])).all(), ply
        assert (solver.values(states) == np.sign(by_rules.values(states))).all()


@pytest.fixture(scope="module")
def openings() -> np.ndarray:
    """[5, 5]: 1 where the first stone wins without the swap."""
    game = make("hex_5", swap=False)
    return HexSolver(game).move_values(Batch(game, 1).states)[0, :25].reshape(5, 5)


def test_openings_of_five_by_five(openings):
    assert openings[2, 2] == 1  # the centre
    assert openings[0, 0] == openings[4, 4] == -1  # the acute corners (Beck, Bleicher and Crowe 1969: on every board)
    assert openings[0, 1] == -1  # and the cell beside (the same)
    assert (openings == openings[::-1, ::-1]).all()  # a half turn
    assert openings[0, 4] == 1  # the obtuse corner lies on the short diagonal, all of which wins on this board


def test_with_the_swap_whoever_may_swap_wins(openings):
    game = make("hex_5")
    solver = HexSolver(game)
    cells = np.array([0, 4, 6, 10, 12, 15], np.int32)
    wins = openings.ravel()[cells]
    assert {*wins} == {-1, 1}
    batch = Batch(game, len(cells))
    assert solver.values(batch.states).tolist() == [-1] * len(cells)
    batch.step(cells)
    values = solver.move_values(batch.states)
    assert (values[:, 25] == wins).all()  # a stone that wins is worth taking over
    assert (values.max(axis=1) == 1).all()
    assert (values[wins == 1, :25].max(axis=1) == -1).all()


def test_three_by_three_against_open_spiel():
    pyspiel = pytest.importorskip("pyspiel")
    known: dict[str, int] = {}

    def value(state) -> int:
        """For whoever is to move."""
        key = str(state)
        if key not in known:
            mover = state.current_player()
            known[key] = -1
            for action in state.legal_actions():
                child = state.child(action)
                won = child.returns()[mover] > 0 if child.is_terminal() else value(child) < 0
                if won:
                    known[key] = 1
                    break
        return known[key]

    root = pyspiel.load_game("hex(board_size=3)").new_initial_state()
    wanted = [-value(root.child(cell)) for cell in range(9)]
    game = make("hex_3", swap=False)
    assert HexSolver(game).move_values(Batch(game, 1).states)[0, :9].tolist() == wanted


def test_larger_boards_and_finished_games_are_refused():
    with pytest.raises(ValueError, match="hex_7 is too large to be solved; hex_3, hex_5 are not"):
        HexSolver(make("hex_7"))
    game = make("hex_3", swap=False)
    batch = Batch(game, 1, autoreset=False)
    # x o o   each move in the mover's own view: x has joined top and bottom along the left edge
    # x . .
    # x . .
    for move in (0, 3, 3, 6, 6):
        batch.step(np.array([move], np.int32))
    assert batch.terminated[0]
    with pytest.raises(ValueError, match="position 0 is over"):
        HexSolver(game).values(batch.states)
