"""Pictures of Gomoku: stones where they stand, marks, the five that win, and what a click means."""

import numpy as np
import pytest

from envs import make
from envs.notation.moves import first_state, read_moves
from envs.render import animate, draw, picture_size
from envs.render.goban import SLATE
from envs.render.gomoku import RADIUS, Grid, action_at
from envs.render.palette import GOOD, RED
from tests.envs.render.test_boards import is_like, nearest_colour, same

SMALL, LARGE = make("gomoku_9"), make("gomoku_15")
SIZE = picture_size(LARGE)
FIVE = "a1 a9 b1 b9 d1 d9 e1 e9 c1"


@pytest.mark.parametrize("board", [SMALL, LARGE], ids=["9x9", "15x15"])
@pytest.mark.parametrize("size", [SIZE, (320, 350), (500, 301), (64, 64)])
def test_stones_stand_on_their_crossings(board, size):
    states, _ = read_moves(board, "e5 a1 i9 c7 b8")
    picture, grid = draw(board, states[-1], size=size), Grid(size, board.observation_shape[1])
    assert picture.shape == (size[1], size[0], 3)
    if size[0] < 300:
        return  # too few pixels to tell what they show
    for (row, column), owner in np.ndenumerate(states[-1]["board"]):
        x, y = grid.centre(row, column)
        colour = nearest_colour(picture, (x + 0.2 * grid.cell, y + 0.2 * grid.cell), 1)
        seen = 1 if colour.max() < 100 else 2 if colour.min() > 150 else 0  # wood has little blue
        assert seen == owner, (row, column)


def test_the_last_move_the_legal_ones_and_a_hint_are_marked():
    states, actions = read_moves(SMALL, "e5 f5")
    grid = Grid(SIZE, 9)
    plain = draw(SMALL, states[-1])
    marked = draw(SMALL, states[-1], actions=int(actions[-1]), legal=True, hint=9 * 5 + 4, pointed=9 * 2 + 2)
    x, y = grid.centre(4, 5)
    assert is_like(nearest_colour(marked, (x - 0.48 * RADIUS * grid.cell, y), 1), SLATE)  # a ring on the white stone
    x, y = grid.centre(5, 4)
    assert is_like(nearest_colour(marked, (x - RADIUS * grid.cell, y), 1), GOOD)
    x, y = grid.centre(7, 7)
    assert (nearest_colour(marked, (x, y), 1) != nearest_colour(plain, (x, y), 1)).any()
    x, y = grid.centre(2, 2)
    under_the_mouse = nearest_colour(marked, (x - 0.25 * grid.cell, y - 0.25 * grid.cell), 1)
    assert under_the_mouse.sum() < nearest_colour(plain, (x - 0.25 * grid.cell, y - 0.25 * grid.cell), 1).sum() - 100


def test_the_five_that_win_are_ringed_and_the_winner_is_named():
    states, actions = read_moves(SMALL, FIVE)
    grid = Grid(SIZE, 9)
    before, after = (draw(SMALL, state, actions=int(actions[-1]), names=("A", "B")) for state in states[-2:])
    for column in range(9):
        x, y = grid.centre(0, column)
        ring = nearest_colour(after, (x, y - (RADIUS - 0.04) * grid.cell), 1)
        assert is_like(ring, RED) == (column < 5)
    place = (SIZE[0] / 2 - 0.045 * grid.side, grid.centre(7.9, 0)[1])  # far from the line; beside the letters
    assert is_like(nearest_colour(after, place, 1), SLATE)
    assert not is_like(nearest_colour(before, place, 1), SLATE)
    assert action_at(SMALL, states[-1], SIZE, grid.centre(4, 4), grid.centre(4, 4)) is None


@pytest.mark.parametrize("size", [SIZE, (500, 301)])
def test_a_click_is_the_empty_crossing_that_it_goes_down_and_up_at(size):
    state = read_moves(LARGE, "h8 i9")[0][-1]
    grid = Grid(size, 15)
    for action in range(225):
        x, y = grid.centre(*divmod(action, 15))
        near, other = (x + 0.4 * grid.cell, y - 0.4 * grid.cell), (x + 1.2 * grid.cell, y)
        assert action_at(LARGE, state, size, near, (x, y)) == (None if action in (112, 128) else action)
        assert action_at(LARGE, state, size, other, (x, y)) is None
    assert action_at(LARGE, state, size, (1, 1), (1, 1)) is None


def test_a_stone_is_put_down():
    state = first_state(SMALL)[0]
    animation = animate(SMALL)
    animation.begin(state)
    moments = list(animation.play(state, np.int32(40)))
    assert same(state, read_moves(SMALL, "e5")[0][-1])
    heights = [moment["falling"] for moment in moments if "falling" in moment]
    assert heights == sorted(heights, reverse=True)
    assert 0 < min(heights) < 1
    assert moments[-1] is animation.still
    assert (draw(SMALL, state, **moments[0]) != draw(SMALL, state, **moments[-1])).any()


def test_drawing_changes_nothing():
    state = read_moves(SMALL, FIVE)[0][4]
    before = state.tobytes()
    draw(SMALL, state, actions=1, legal=True, hint=44, pointed=44, score=(1, 0))
    assert state.tobytes() == before
