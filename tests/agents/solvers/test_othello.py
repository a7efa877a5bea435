"""The Othello endgame solver: its bits against the rules, brute force over the verbs, published exact scores.

The collections that the quoted positions are from were gone through as well: all 492 endgames with 13 and 14 empty
cells of `ffotest` in jeffreyan11/othello_engine, and FForum problems of abulmo/edax-reversi with every move's value.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.solvers import ILLEGAL
from agents.solvers.othello import OthelloSolver
from agents.solvers.othello_search import moves, search, search_few, turned
from envs import make
from envs.batch import Batch, mask_rows
from envs.board.othello import count_discs, give_turn
from envs.game import Game, step

OTHELLO, SMALL = make("othello"), make("othello_6x6")


def from_text(text: str, mover: int) -> np.ndarray:
    """States [1] from 64 of - X O, X being Black, seat 0."""
    states = OTHELLO.new_states(1, np.zeros(1, np.uint64))
    for seat, letter in enumerate("XO"):
        states["discs"][0, seat] = sum(1 << cell for cell, found in enumerate(text) if found == letter)
    give_turn(states[0], mover)
    return states


def endgames(game: Game, empty: int, count: int, seed: int) -> np.ndarray:
    """States [count] of random games that are on with exactly so many empty cells."""
    batch = Batch(game, 4 * count, seed, autoreset=False)
    found = []
    while not batch.terminated.all() and len(found) < count:
        batch.step(batch.random_actions())
        left = len(batch.states["side"][0]) ** 2 - np.bitwise_count(batch.states["discs"]).sum(axis=1)
        found += [batch.states[row].copy() for row in np.flatnonzero(~batch.terminated & (left == empty))]
    return np.array(found[:count], game.state_dtype)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.sampled_from([OTHELLO, SMALL]))
@settings(deadline=None, max_examples=300)
def test_moves_and_turned_discs_are_those_of_the_rules(mine, taken, game):
    """Any board, as reached or not. 6 x 6 lies in the middle of 8 x 8."""
    side = 8 if game is OTHELLO else 6
    margin = (8 - side) // 2
    discs = [(mine & taken) % 2 ** (side * side), (~mine & taken) % 2 ** (side * side)]
    states = game.new_states(1, np.zeros(1, np.uint64))
    states["discs"][0] = discs
    give_turn(states[0], 0)

    def wide(cells: int) -> int:
        return sum(1 << place(cell) for cell in range(side * side) if cells >> cell & 1)

    def place(cell: int) -> int:
        return 8 * (cell // side + margin) + cell % side + margin

    own, other = (np.uint64(wide(cells)) for cells in discs)
    empty = np.uint64(wide((1 << side * side) - 1)) & ~(own | other)
    assert moves(own, other, empty) == wide(int(states["moves"][0]))
    for cell in np.flatnonzero(mask_rows(game, states, np.zeros(1, np.int64))[0, :-1]).tolist():
        after = states.copy()
        step(after[0], cell)
        gone = discs[1] & ~int(after["discs"][0, 1])
        assert turned(own, other, place(cell)) == wide(gone)


def brute_force(game: Game, states: np.ndarray, winner_takes: bool) -> np.ndarray:
    """[A]: the value of each action in states[0] for its mover, through the rules."""
    mover = int(states["current_player"][0])
    values = np.full(game.num_actions, ILLEGAL)
    for action in np.flatnonzero(mask_rows(game, states, states["current_player"])[0]).tolist():
        after = states.copy()
        step(after[0], action)
        if not after["over"][0]:
            values[action] = -brute_force(game, after, winner_takes).max()
            continue
        mine, theirs = (int(count_discs(after["discs"][0, seat])) for seat in (mover, 1 - mover))
        empty = len(after["side"][0]) ** 2 - mine - theirs if winner_takes else 0
        values[action] = mine - theirs + int(np.sign(mine - theirs)) * empty
    return values


@pytest.mark.parametrize("game", [OTHELLO, SMALL], ids=lambda game: game.id)
@pytest.mark.parametrize("winner_takes", [True, False])
@pytest.mark.parametrize(("empty", "count"), [(1, 12), (2, 12), (4, 12), (6, 6), (7, 2)])
def test_values_are_those_of_brute_force(game, winner_takes, empty, count):
    solver = OthelloSolver(game, winner_takes_empty=winner_takes)
    states = endgames(game, empty, count, seed=empty)
    assert len(states) == count
    found = solver.move_values(states)
    for b in range(count):
        expected = brute_force(game, states[b : b + 1], winner_takes)
        assert found[b].tolist() == expected.tolist()
    assert solver.values(states).tolist() == found.max(axis=1).tolist()


@pytest.mark.parametrize(
    ("board", "mover", "best", "black_leads"),
    [
        ("-OOOOOO---OOOO-XXXOOXXXX-OOXXOOX-OXOOOXX-XXXXXXX--OOXX-X-OOOO-X-", 0, 32, -34),
        ("XXXXX----XXXXX--OOXOX-O--OOXOOO-XOOOXXO--OOOXXXO-OOOOXXXXXXXXXOO", 1, 5, 46),
        ("OOOO-OXOOOOOO-XOOOOOXOXOOOOXOOXOOOOOXOOO--OOXOOO--OXXX-O---X--X-", 1, 13, -18),
    ],
)
def test_published_endgames(board, mover, best, black_leads):
    """13 and 14 empty cells; scores are Black's, and empty cells left nobody's."""
    solver, states = OthelloSolver(OTHELLO, winner_takes_empty=False), from_text(board, mover)
    values = solver.move_values(states)[0]
    assert values.max() == (black_leads if mover == 0 else -black_leads)
    assert values[best] == values.max()
    assert solver.values(states)[0] == values.max()


def test_every_move_of_fforum_1():
    """By edax-reversi's problem/fforum-1-19.obf; the winner takes what is left empty."""
    states = from_text("--XXXXX--OOOXX-O-OOOXXOX-OXOXOXXOXXXOXXX--XOXOXX-XXXOOO--OOOOO--", 0)
    values = OthelloSolver(OTHELLO).move_values(states)[0]
    named = {OTHELLO.action_to_string(states[0], a): int(values[a]) for a in np.flatnonzero(values != ILLEGAL)}
    assert named == {"g8": 18, "h1": 12, "h7": 6, "a2": 6, "a3": 4, "b1": -4, "a4": -22, "g2": -24}


def test_the_convention_shows_where_cells_stay_empty():
    # Black takes White's last disc; 62 cells stay empty
    states = from_text("XO" + "-" * 62, 0)
    assert OthelloSolver(OTHELLO, 62).values(states).tolist() == [64]
    assert OthelloSolver(OTHELLO, 62, winner_takes_empty=False).values(states).tolist() == [3]


def test_what_is_remembered_changes_nothing():
    states = endgames(OTHELLO, 11, 20, seed=5)
    solver = OthelloSolver(OTHELLO)
    first = solver.values(states)
    assert (solver.values(states[::-1]) == first[::-1]).all()
    for b in range(20):
        assert OthelloSolver(OTHELLO).values(states[b : b + 1])[0] == first[b]


def test_only_ends_are_solved():
    solver = OthelloSolver(OTHELLO, 8)
    many, few = endgames(OTHELLO, 9, 1, seed=0), endgames(OTHELLO, 8, 1, seed=0)
    over = from_text("X" * 64, 0)
    assert solver.solvable(np.concatenate([many, few, over])).tolist() == [False, True, False]
    with pytest.raises(ValueError, match="position 1 has more than 8 empty cells"):
        solver.values(np.concatenate([few, many]))
    with pytest.raises(ValueError, match="position 0 is over"):
        solver.move_values(over)
    with pytest.raises(ValueError, match="plays othello and othello_6x6, not hex_5"):
        OthelloSolver(make("hex_5"))


def test_what_is_compiled_can_be_loaded_again():
    """Recursive functions have one version each: numba cannot load from disk two that call each other."""
    OthelloSolver(OTHELLO).move_values(endgames(OTHELLO, 7, 1, seed=0))
    for function in (search, search_few):
        assert len(function.signatures) <= 1
