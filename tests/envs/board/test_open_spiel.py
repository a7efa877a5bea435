"""The board games against OpenSpiel's, an independent implementation: random games, compared after every ply.

Where its rules or numbers differ from ours: its actions of Hex and Breakthrough are true cells, ours are those of the
mover's view; its first player of Breakthrough is drawn above ours but moves along the same rows and columns. Its
Gomoku is `mnk`, whose row 0 is drawn at the top, ours at the bottom. Othello and Connect Four do not differ.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from envs import make
from envs.batch import Batch, observe_rows
from envs.board.breakthrough import ends
from envs.board.hex import true_cell
from envs.game import Game
from envs.ids import GAMES

pyspiel = pytest.importorskip("pyspiel")


class Counterpart(NamedTuple):
    """A game of OpenSpiel's."""

    name: str
    pieces: Callable[[np.ndarray], np.ndarray]  # of its tensor for seat 0: seat 0's pieces, and seat 1's
    action: Callable[[Game, int, int], int] = lambda game, seat, action: action  # what it calls a seat's action


def hex_action(game: Game, seat: int, action: int) -> int:
    size = game.observation_shape[1]
    if action == size * size:  # the swap
        return action
    row, column = true_cell(size, seat, action)
    return size * row + column


def breakthrough_action(game: Game, seat: int, action: int) -> int:
    """((row * columns + column) * 6 + direction) * 2 + capture, the capture left out."""
    _, rows, columns = game.observation_shape
    (row, column), (_, end) = ends((rows, columns), seat, action)
    return ((row * columns + column) * 6 + 3 * seat + end - column + 1) * 2


def two_planes(first: int, second: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda tensor: tensor[[first, second]]


def hex_pieces(tensor: np.ndarray) -> np.ndarray:
    """Four planes of seat 1's stones, by the edges they are joined to, the empty cells, four of seat 0's."""
    return np.stack([tensor[5:].sum(axis=0, dtype=np.uint8), tensor[:4].sum(axis=0, dtype=np.uint8)])


COUNTERPARTS = {
    "tic_tac_toe": Counterpart("tic_tac_toe", two_planes(2, 1)),
    "connect_four": Counterpart("connect_four", two_planes(0, 1)),
    **{
        f"connect_four_{columns}x{rows}": Counterpart(f"connect_four(rows={rows},columns={columns})", two_planes(0, 1))
        for columns, rows in ((5, 4), (6, 5), (8, 7))
    },
    "othello": Counterpart("othello", two_planes(1, 2)),
    **{f"gomoku_{n}": Counterpart(f"mnk(m={n},n={n},k=5)", two_planes(2, 1)) for n in (9, 15)},
    **{f"hex_{n}": Counterpart(f"hex(board_size={n},swap=true)", hex_pieces, hex_action) for n in (3, 5, 7, 9, 11, 13)},
    **{
        f"breakthrough_{n}": Counterpart(f"breakthrough(rows={n},columns={n})", two_planes(0, 1), breakthrough_action)
        for n in (6, 8)
    },
}


SMALLEST = {GAMES[name]: name for name in reversed(COUNTERPARTS)}.values()  # of each family that OpenSpiel has


def names_of_actions(game: Game, counterpart: Counterpart) -> np.ndarray:
    """[seats, A]: what OpenSpiel calls each."""
    return np.array([[counterpart.action(game, seat, a) for a in range(game.num_actions)] for seat in (0, 1)])


def compare(game_id: str, plies: int, seed: int, count: int = 32) -> int:
    """Plays at least so many plies in `count` games at once. Returns how many games ended."""
    game, counterpart = make(game_id), COUNTERPARTS[game_id]
    reference, names = pyspiel.load_game(counterpart.name), names_of_actions(game, counterpart)
    captures = game_id.startswith("breakthrough")  # are odd, and the same otherwise
    batch = Batch(game, count, seed, autoreset=False)
    states = [reference.new_initial_state() for _ in range(count)]
    shape, ended = reference.observation_tensor_shape(), 0
    for _ in range(-(-plies // count)):
        pieces = observe_rows(game, batch.states, np.zeros(count))[:, :2]
        theirs_by_ours = []
        for row, state in enumerate(states):
            seat = state.current_player()
            assert batch.states["current_player"][row] == seat
            legal = {action - (action % 2 if captures else 0): action for action in state.legal_actions()}
            assert sorted(names[seat][batch.masks[row]]) == sorted(legal), str(state)
            theirs = counterpart.pieces(np.array(state.observation_tensor(0), np.uint8).reshape(shape))
            assert pieces[row].tobytes() == theirs.tobytes(), str(state)
            theirs_by_ours.append((names[seat], legal))
        actions = batch.random_actions()
        batch.step(actions)
        for row, state in enumerate(states):
            ours, legal = theirs_by_ours[row]
            state.apply_action(legal[int(ours[actions[row]])])
            assert batch.terminated[row] == state.is_terminal(), str(state)
            assert batch.rewards[row].tolist() == state.rewards(), str(state)
        over = np.flatnonzero(batch.terminated)
        ended += len(over)
        batch.restart(over)
        for row in over:
            states[row] = reference.new_initial_state()
    return ended


@pytest.mark.parametrize(
    "game_id", [pytest.param(name, marks=() if name in SMALLEST else pytest.mark.slow) for name in COUNTERPARTS]
)
def test_random_games_are_the_same(game_id):
    assert compare(game_id, plies=20_000, seed=0) > 20_000 // make(game_id).max_steps


@pytest.mark.slow
@pytest.mark.parametrize("game_id", COUNTERPARTS)
def test_a_million_random_plies_are_the_same(game_id):
    assert compare(game_id, plies=1_000_000, seed=1) > 1_000_000 // make(game_id).max_steps
