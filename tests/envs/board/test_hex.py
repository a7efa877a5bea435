"""Hex: chains, the swap, both views, and the smallest board played out completely."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.board.hex import BOTTOM, STONE, TOP, true_cell
from envs.game import init, is_terminal, legal_action_mask, step
from envs.notation import NotationError
from envs.notation.moves import read_moves
from tests.envs.board.enumeration import first_position, next_ply, without_repetitions

SMALL, SMALL_WITHOUT_SWAP = make("hex_3"), make("hex_3", swap=False)
MIDDLE = make("hex_5")


def last(game, line: str) -> np.void:
    """The position after these moves."""
    return read_moves(game, line)[0][-1]


@pytest.mark.parametrize(
    ("line", "winner"),
    [
        ("b1 a2 b2 a3 b3", 0),  # straight from top to bottom
        ("c1 a1 b3 b1 c2", 0),  # c2 and b3 touch
        ("a1 b2 c3 a2 b3 c2", 1),  # straight from left to right: the second seat's edges
        ("a1 a3 c3 b2 a2 c1", 1),  # a3, b2, c1: along the short diagonal every cell touches the next
    ],
)
def test_a_chain_between_ones_own_edges_wins(line, winner):
    before, after = last(SMALL, line.rpartition(" ")[0]), last(SMALL, line)
    assert before["winner"] == -1
    assert after["winner"] == winner


def test_a_chain_between_the_others_edges_wins_nothing():
    """x x x
    o o .
     . . .   seat 0 has joined left and right, which are not its edges."""
    state = last(SMALL, "a1 a2 b1 b2 c1")
    assert SMALL.state_to_string(state) == "x x x\n o o .\n  . . ."
    assert state["winner"] == -1


def test_cells_that_touch_at_a_corner_alone_are_not_joined():
    """x . .
    . x .
     . . x   down the long diagonal the cells do not touch."""
    state = last(SMALL, "a1 c1 b2 a3 c3")
    assert state["winner"] == -1


def test_a_cell_touches_six_others():
    """Two stones on rows 1 and 3 are joined by one on row 2 if it touches both: told by who wins on hex_3."""
    touching_below = {"a1": {"a2"}, "b1": {"a2", "b2"}, "c1": {"b2", "c2"}}
    touching_above = {"a3": {"a2", "b2"}, "b3": {"b2", "c2"}, "c3": {"c2"}}
    for top, middles in touching_below.items():
        for bottom, others in touching_above.items():
            for middle in ("a2", "b2", "c2"):
                free = [name for name in ("a1", "b1", "c1") if name != top][:2]  # for seat 1, far from a chain
                state = last(SMALL, f"{top} {free[0]} {bottom} {free[1]} {middle}")
                assert (state["winner"] == 0) == (middle in middles & others), (top, middle, bottom)


def test_a_chain_is_found_whichever_stone_comes_last():
    """. . . x .
    . . x . .
     . x . . .
      . x x . .
       . . x . .   nothing of it can be missed; in any order of the others."""
    chain, others = ["d1", "c2", "b3", "b4", "c4", "c5"], ["a1", "a2", "a3", "e4", "e5"]
    rng = np.random.default_rng(0)
    for missing in chain:
        for _ in range(5):
            mine = rng.permutation([name for name in chain if name != missing])
            moves = [name for pair in zip(mine, others, strict=True) for name in pair]
            before, after = read_moves(MIDDLE, " ".join([*moves, missing]))[0][-2:]
            assert before["winner"] == -1
            assert after["winner"] == 0
            assert (after["links"][0] == STONE | TOP | BOTTOM).sum() == 6


def test_observations_are_mine_theirs_and_whether_a_swap_is_on_offer_in_ones_own_view():
    """. x .
    . . .
     . o .   seat 1 sees it mirrored at the long diagonal: x on a2, o on c2."""
    state = read_moves(SMALL, "b1 b3")[0][-1:]
    x, o, none = (np.zeros((3, 3), int) for _ in range(3))
    x[0, 1] = o[2, 1] = 1
    np.testing.assert_array_equal(observe_rows(SMALL, state, np.array([0]))[0], [x, o, none])
    np.testing.assert_array_equal(observe_rows(SMALL, state, np.array([1]))[0], [o.T, x.T, none])


def test_an_action_is_a_cell_of_the_movers_own_view():
    batch = Batch(MIDDLE, 1, autoreset=False)
    batch.step(np.array([1]))
    batch.step(np.array([1 * 5 + 3]))  # row 1, column 3 for seat 1: column b, row 4
    assert MIDDLE.state_to_string(batch.states[0]).splitlines()[0] == ". x . . ."
    assert MIDDLE.state_to_string(batch.states[0]).splitlines()[3] == "   . o . . ."
    assert true_cell(5, 0, 8) == (1, 3)
    assert true_cell(5, 1, 8) == (3, 1)


def test_a_swap_is_on_offer_once():
    offered = []
    batch = Batch(SMALL, 1, autoreset=False)
    for action in (1, 0, 2, 4):
        offered.append(bool(batch.masks[0, 9]))
        assert offered[-1] == bool(batch.observations[0, 2].all()) == bool(batch.observations[0, 2].any())
        batch.step(np.array([action]))
    assert offered == [False, True, False, False]
    with pytest.raises(NotationError, match="move 1, character 1: 'swap' is no move here"):
        read_moves(SMALL, "swap")
    with pytest.raises(NotationError, match="move 2, character 4: 'swap' is no move here"):
        read_moves(SMALL_WITHOUT_SWAP, "b1 swap")


def test_a_swap_makes_the_first_stone_the_others_and_mirrors_it():
    """. x .        . . .
    . . .   ->   o . .
     . . .        . . .   and seat 0 moves."""
    state = last(SMALL, "b1 swap")
    assert SMALL.state_to_string(state) == ". . .\n o . .\n  . . ."
    assert state["current_player"] == 0
    mask = np.zeros(10, np.bool_)
    legal_action_mask(state, 0, mask)
    assert np.flatnonzero(~mask).tolist() == [3, 9]  # a2, and the swap


def test_after_a_swap_each_sees_what_the_other_saw():
    """But for the offer, which is gone."""
    for cell in range(25):
        batch = Batch(MIDDLE, 1, autoreset=False)
        batch.step(np.array([cell]))
        before = [observe_rows(MIDDLE, batch.states, np.array([seat]))[0, :2] for seat in (0, 1)]
        batch.step(np.array([25]))
        after = [observe_rows(MIDDLE, batch.states, np.array([seat]))[0, :2] for seat in (0, 1)]
        np.testing.assert_array_equal(after, before[::-1])


def test_a_swapped_stone_is_joined_to_its_new_edges_and_no_longer_to_the_old_ones():
    assert last(SMALL, "b1 swap b2 a1 b3")["winner"] == -1  # b1 would have won for seat 0
    assert last(SMALL, "b1 swap a1 b2 c1 c2")["winner"] == 1  # the stone is on a2


def test_no_game_with_a_swap_is_longer_than_said():
    assert SMALL.max_steps == 10
    assert SMALL_WITHOUT_SWAP.max_steps == 9


@pytest.mark.parametrize("game_id", ["hex_3", pytest.param("hex_13", marks=pytest.mark.slow)])
def test_a_full_board_is_always_won_by_one(game_id):
    """Every cell is filled in a random order; stones of a game that is over are not asked for, so it is by then."""
    game = make(game_id)
    batch = Batch(game, 2000, seed=0, autoreset=False)
    for _ in range(game.max_steps):
        batch.step(batch.random_actions())
    assert batch.terminated.all()
    assert set(batch.states["winner"]) == {0, 1}


def test_all_positions_of_the_smallest_board():
    """9, 9*8, C(9,2)*7, C(9,2)*C(7,2) after the first moves; nobody can have won before the fifth. The later numbers,
    and how many of those positions are won, agree with a count made with OpenSpiel. None is full and undecided."""
    states, over = first_position(SMALL_WITHOUT_SWAP), np.zeros(1, bool)
    positions, won = [], []
    while not over.all():
        states, over = without_repetitions(*next_ply(SMALL_WITHOUT_SWAP, states[~over]))
        positions.append(len(states))
        won.append(int(over.sum()))
    assert positions == [9, 72, 252, 756, 1260, 1520, 1140, 420, 84]
    assert won == [0, 0, 0, 0, 120, 160, 420, 210, 84]


def value(state: np.void, known: dict[bytes, int]) -> int:
    """1 if whoever is to move wins with best play, else -1."""
    key = state["board"].tobytes() + state["num_moves"].tobytes()
    if key not in known:
        if is_terminal(state):
            known[key] = 1 if state["winner"] == state["current_player"] else -1
        else:
            mask = np.zeros(10, np.bool_)
            legal_action_mask(state, state["current_player"], mask)
            known[key] = max(-value(after(state, action), known) for action in np.flatnonzero(mask))
    return known[key]


def after(state: np.void, action: int) -> np.void:
    follower = state.copy()
    step(follower, action)
    return follower


@pytest.mark.parametrize("swap", [False, True])
def test_the_smallest_board_solved(swap):
    """Nash: the first player wins. On 3 x 3 that is so after five of the nine first moves, and with the swap the
    second player, who takes over those five and answers the other four, wins after every one."""
    game = make("hex_3", swap=swap)
    state = game.new_states(1, np.zeros(1, np.uint64))[0]
    init(state)
    known: dict[bytes, int] = {}
    winning = [game.action_to_string(state, move) for move in range(9) if value(after(state, move), known) == -1]
    assert winning == ([] if swap else ["c1", "a2", "b2", "c2", "a3"])
    assert value(state, known) == (-1 if swap else 1)
