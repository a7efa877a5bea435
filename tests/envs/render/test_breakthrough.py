"""Breakthrough: pawns are seen where they stand, and from one pixel to another is the move between their cells."""

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.notation.moves import read_action, read_moves
from envs.render import animate, draw, picture_size
from envs.render.breakthrough import CHIPS, COLOURS, MOVED, Grid, action_at, cell_at
from tests.envs.render.test_boards import is_like, nearest_colour, same

GAME = make("breakthrough_6")
SIZE = picture_size(GAME)
GRID = Grid((6, 6), SIZE)


def last(line: str) -> np.void:
    return read_moves(GAME, line)[0][-1]


@pytest.mark.parametrize("size", [SIZE, (256, 284), (500, 301), (300, 900), (64, 64)])
def test_a_picture_has_the_size_that_was_asked_for_and_the_board_lies_within(size):
    picture, grid = draw(GAME, last(""), size=size), Grid((6, 6), size)
    assert picture.shape == (size[1], size[0], 3)
    for row, column in ((0, 0), (5, 5)):
        x, y = grid.centre(row, column)
        assert grid.cell / 2 < x < size[0] - grid.cell / 2
        assert grid.cell / 2 < y < size[1] - grid.cell / 2


def test_pawns_are_seen_in_their_cells_with_seat_0_below():
    state = last("a2b3 f5f4")
    picture = draw(GAME, state)
    for row in range(6):
        for column in range(6):
            x, y = GRID.centre(row, column)
            body = nearest_colour(picture, (x - 0.03 * GRID.cell, y + 0.1 * GRID.cell), 2).mean()
            seen = 1 if body > 215 else 2 if body < 110 else 0
            assert seen == state["board"][0, row, column]
    assert GRID.centre(0, 0)[1] > GRID.centre(5, 0)[1]
    assert sum(COLOURS[0]) > sum(COLOURS[1])


@pytest.mark.parametrize("line", ["", "a2b3", "a2b3 f5f4 b3b4"])
def test_from_a_pawn_to_a_cell_is_the_move_of_that_name(line):
    state, found = last(line), 0
    for row in range(6):
        for column in range(6):
            assert cell_at(GAME, SIZE, GRID.centre(row, column)) == (row, column)
            for end_row in range(6):
                for end_column in range(6):
                    action = action_at(GAME, state, SIZE, GRID.centre(row, column), GRID.centre(end_row, end_column))
                    if action is not None:
                        name = f"{'abcdef'[column]}{row + 1}{'abcdef'[end_column]}{end_row + 1}"
                        assert action == read_action(GAME, state, name)
                        found += 1
    batch = Batch(GAME, 1)
    batch.states[0] = state
    batch.refresh()
    assert found == batch.masks.sum()


def test_what_is_no_move_is_none():
    state = last("")
    assert action_at(GAME, state, SIZE, GRID.centre(1, 0), (1, 1)) is None
    assert action_at(GAME, state, SIZE, GRID.centre(1, 0), GRID.centre(1, 0)) is None
    assert action_at(GAME, state, SIZE, GRID.centre(4, 0), GRID.centre(3, 0)) is None  # not one's own
    assert cell_at(GAME, SIZE, (GRID.left - 2, GRID.bottom - 2)) is None
    over = last("a2b3 f5f4 b3b4 f4f3 b4a5 f3e2 a5b6")
    assert over["winner"] == 0
    assert action_at(GAME, over, SIZE, GRID.centre(4, 2), GRID.centre(3, 2)) is None


def changed_cells(picture: np.ndarray, other: np.ndarray) -> set:
    """Where the two differ in more than a rim that smoothing has spread."""
    pixels = [cell_at(GAME, SIZE, (x, y)) for y, x in np.argwhere((picture != other).any(axis=-1))]
    return {cell for cell in set(pixels) if pixels.count(cell) > 0.02 * GRID.cell**2}


def test_the_last_move_the_chosen_pawn_and_its_moves_are_marked():
    state, corner = last("a2b3"), 0.45 * GRID.cell
    plain, marked = draw(GAME, state), draw(GAME, state, actions=read_action(GAME, last(""), "a2b3"))
    for row, column in ((1, 0), (2, 1)):
        x, y = GRID.centre(row, column)
        assert is_like(nearest_colour(marked, (x - corner, y - corner), 1), MOVED)
        assert not is_like(nearest_colour(plain, (x - corner, y - corner), 1), MOVED)
    chosen = draw(GAME, state, legal=True, selected=(4, 3))
    assert changed_cells(chosen, plain) == {(4, 3), (3, 2), (3, 3), (3, 4)}
    assert changed_cells(draw(GAME, state, legal=True), plain) == {(4, column) for column in range(6)}
    hinted = draw(GAME, state, hint=read_action(GAME, state, "c5d4"))
    assert {(4, 2), (3, 3)} <= changed_cells(hinted, plain)


def test_who_won_is_said():
    line = "a2b3 f5f4 b3b4 f4f3 b4a5 f3e2 a5b6"
    before, after = draw(GAME, last(line.rpartition(" ")[0])), draw(GAME, last(line))
    place = (GRID.footer[0], GRID.footer[1] - 0.24 * GRID.cell)
    assert is_like(nearest_colour(after, place, 1), CHIPS[0])
    assert not is_like(nearest_colour(before, place, 1), CHIPS[0])


def test_an_animation_plays_exactly_the_rules():
    batch = Batch(GAME, 1, seed=2, autoreset=False)
    state, animation, captures = batch.states[0].copy(), animate(GAME), 0
    animation.begin(state)
    while not batch.terminated[0]:
        actions, pawns = batch.random_actions().copy(), state["pawns"].sum()
        state["rng"] = batch.states["rng"][0]
        moments = list(animation.play(state, actions[0]))
        batch.step(actions)
        assert same(state, batch.states[0])
        assert moments[-1] is animation.still
        assert moments[0]["sliding"][2] == (state["pawns"].sum() < pawns)
        if state["pawns"].sum() < pawns and captures < 2:
            before = state.tobytes()
            pictures = [draw(GAME, state, size=(256, 284), **moment) for moment in (moments[0], moments[-1])]
            assert (pictures[0] != pictures[1]).any()
            assert state.tobytes() == before
            captures += 1
    assert captures
