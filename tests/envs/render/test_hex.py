"""Hex: stones are seen where they lie, clicks mean what they point at, the winning chain and the swap are shown."""

from itertools import pairwise

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.notation.moves import read_action, read_moves
from envs.render import animate, draw, picture_size
from envs.render.hex import Grid, action_at, cell_at, winning_chain
from envs.render.palette import BLUE, RED
from tests.envs.render.test_boards import is_like, nearest_colour, same

GAME = make("hex_5")
SIZE = picture_size(GAME)
GRID = Grid(5, SIZE)


def last(line: str) -> np.void:
    return read_moves(GAME, line)[0][-1]


def click(state: np.void, point: tuple[float, float], released: tuple[float, float] | None = None) -> int | None:
    return action_at(GAME, state, SIZE, point, released or point)


def middle_of_the_swap_button() -> tuple[float, float]:
    left, top, wide, high = GRID.swap_button
    return left + wide / 2, top + high / 2


@pytest.mark.parametrize("size", [SIZE, (256, 192), (500, 301), (300, 900), (64, 64)])
@pytest.mark.parametrize("game_id", ["hex_3", "hex_13"])
def test_a_picture_has_the_size_that_was_asked_for_and_the_board_lies_within(game_id, size):
    game = make(game_id)
    picture, grid = draw(game, Batch(game, 1).states[0], size=size), Grid(game.observation_shape[1], size)
    assert picture.shape == (size[1], size[0], 3)
    for row in (0, grid.cells - 1):
        for column in (0, grid.cells - 1):
            corners = np.array(grid.hexagon(row, column))
            assert (corners > 0).all()
            assert (corners < size).all()


def test_stones_are_seen_in_their_cells():
    state = last("a1 e1 c3 b5 e4")
    picture = draw(GAME, state)
    seen = np.zeros((5, 5), int)
    for row in range(5):
        for column in range(5):
            red, _, blue = nearest_colour(picture, GRID.centre(row, column))
            seen[row, column] = 1 if red - blue > 60 else 2 if blue - red > 60 else 0
    np.testing.assert_array_equal(seen, state["board"][0])
    assert seen[0, 0] == seen[2, 2] == seen[3, 4] == 1
    assert seen[0, 4] == seen[4, 1] == 2
    (x, y), (right, _) = GRID.centre(0, 0), GRID.centre(0, 4)
    assert x < right
    assert y < GRID.centre(4, 0)[1]  # a1 is at the top left


def test_seat_0_has_the_edges_above_and_below_and_seat_1_those_beside():
    picture, r = draw(GAME, last("c3")), GRID.radius
    x, y = GRID.centre(0, 2)
    assert is_like(nearest_colour(picture, (x, y - 1.35 * r), 2), RED)
    x, y = GRID.centre(4, 2)
    assert is_like(nearest_colour(picture, (x, y + 1.35 * r), 2), RED)
    x, y = GRID.centre(2, 0)
    assert is_like(nearest_colour(picture, (x - 1.2 * r, y), 2), BLUE)
    x, y = GRID.centre(2, 4)
    assert is_like(nearest_colour(picture, (x + 1.2 * r, y), 2), BLUE)


@pytest.mark.parametrize("line", ["", "c3", "c3 b2", "c3 swap"])
def test_a_click_on_a_cell_is_the_move_of_that_name(line):
    state = last(line) if line else read_moves(GAME, "")[0][-1]
    for row in range(5):
        for column in range(5):
            (x, y), name = GRID.centre(row, column), f"{'abcde'[column]}{row + 1}"
            wanted = None if state["board"][0, row, column] else read_action(GAME, state, name)
            for dx, dy in ((0, 0), (0.6, 0), (-0.6, 0), (0, 0.75), (0, -0.75)):  # within the hexagon, in radii
                assert click(state, (x + dx * GRID.radius, y + dy * GRID.radius)) == wanted
                assert cell_at(GAME, SIZE, (x + dx * GRID.radius, y + dy * GRID.radius)) == (row, column)


def test_a_click_beside_the_board_or_across_cells_is_no_move():
    state, (x, y) = last("c3"), GRID.centre(0, 0)
    assert click(state, (x - 1.2 * GRID.radius, y)) is None
    assert click(state, (x, y - 1.3 * GRID.radius)) is None
    assert click(state, (1, 1)) is None
    assert click(state, GRID.centre(0, 0), GRID.centre(0, 1)) is None
    assert click(last("a1 b1 a2 b2 a3 b3 a4 b4 a5"), GRID.centre(2, 4)) is None  # the game is over


def test_the_swap_has_a_button_while_it_is_on_offer():
    button = middle_of_the_swap_button()
    assert click(last("c3"), button) == 25
    assert click(last("c3"), button, GRID.centre(0, 0)) is None
    assert click(last("c3 b2"), button) is None
    assert click(read_moves(GAME, "")[0][-1], button) is None
    beside = (GRID.swap_button[0] + 8, button[1])
    assert is_like(nearest_colour(draw(GAME, last("c3")), beside, 1), BLUE)
    assert not is_like(nearest_colour(draw(GAME, last("c3 b2")), beside, 1), BLUE)


@pytest.mark.parametrize(
    ("line", "chain"),
    [
        ("a1 b1 a2 b2 b3 e5 a3 c2 a4 c1 a5", ["a1", "a2", "a3", "a4", "a5"]),
        ("a1 a3 b1 b3 c1 c3 d1 d3 a5 e1 b5 e2", ["a3", "b3", "c3", "d3", "e2"]),
    ],
)
def test_the_winning_chain_goes_from_edge_to_edge(line, chain):
    cells = winning_chain(last(line))
    assert sorted(f"{'abcde'[column]}{row + 1}" for row, column in cells) == chain
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) <= 2 for a, b in pairwise(cells))
    with pytest.raises(ValueError, match="nobody has joined"):
        winning_chain(last("a1 e5"))


def test_the_end_is_drawn_with_its_chain_and_who_won():
    line = "a1 a3 b1 b3 c1 c3 d1 d3 a5 e1 b5 e2"
    before, after = draw(GAME, last(line.rpartition(" ")[0])), draw(GAME, last(line))
    (ax, ay), (bx, by) = GRID.centre(2, 0), GRID.centre(2, 1)
    between = ((ax + bx) / 2, (ay + by) / 2)
    banner = (GRID.footer[0] - 0.4 * SIZE[0] / 10, GRID.footer[1] - 0.3 * GRID.foot)
    assert is_like(nearest_colour(after, between, 1), (255, 255, 255))
    assert not is_like(nearest_colour(before, between, 1), (255, 255, 255))
    assert is_like(nearest_colour(after, banner, 1), BLUE)
    assert not is_like(nearest_colour(before, banner, 1), BLUE)


def test_marks_are_drawn_when_asked_for():
    state = last("c3 b2")
    plain = draw(GAME, state)
    for extras, cell in (({"legal": True}, (0, 0)), ({"hint": 4}, (0, 4)), ({"actions": 6}, (1, 1))):
        marked, (x, y) = draw(GAME, state, **extras), GRID.centre(*cell)
        changed = np.argwhere((marked != plain).any(axis=-1))
        assert len(changed)
        assert np.hypot(changed[:, 1] - x, changed[:, 0] - y).min() < GRID.radius
    assert (draw(GAME, last("c3"), hint=25) != draw(GAME, last("c3"))).any()  # the button is framed


@pytest.mark.parametrize("opening", [[2], [7, 25]])  # a1..., b3 and a swap
def test_an_animation_plays_exactly_the_rules(opening):
    batch = Batch(GAME, 1, seed=2, autoreset=False)
    state, animation, number = batch.states[0].copy(), animate(GAME), 0
    animation.begin(state)
    while not batch.terminated[0]:
        actions = np.array([opening[number]]) if number < len(opening) else batch.random_actions().copy()
        state["rng"] = batch.states["rng"][0]
        moments = list(animation.play(state, actions[0]))
        batch.step(actions)
        assert same(state, batch.states[0])
        assert moments[-1] is animation.still
        if number < 3:
            before = state.tobytes()
            pictures = [draw(GAME, state, size=(256, 192), **moment) for moment in (moments[0], moments[-1])]
            assert (pictures[0] != pictures[1]).any()
            assert state.tobytes() == before
        number += 1
