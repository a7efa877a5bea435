"""Pictures of Othello: discs where they lie, marks, the turning over, and what a click means."""

import numpy as np
import pytest

from envs import make
from envs.batch import mask_rows
from envs.board.othello import owners
from envs.notation.moves import first_state, read_moves
from envs.render import animate, draw, picture_size
from envs.render.othello import BLACK, FELT, RADIUS, WHITE, Grid, action_at
from envs.render.palette import RED, YELLOW, mix
from tests.envs.board.test_othello import from_text
from tests.envs.render.test_boards import is_like, nearest_colour, same

OTHELLO, SMALL = make("othello"), make("othello_6x6")
SIZE = picture_size(OTHELLO)
PASS = 64
OPENING = "d3 c3 c4 c5 b3 f4"


def opening():
    states, actions = read_moves(OTHELLO, OPENING)
    return states[-1], int(actions[-1])


def legal_now(state) -> np.ndarray:
    return mask_rows(OTHELLO, np.array([state]), state["current_player"][None])[0]


def must_pass():
    return from_text("ox......" + "........" * 7).states[0]


def on_button(size=SIZE, side: int = 8):
    left, top, width, height = Grid(size, side).button
    return left + width / 2, top + height / 2


@pytest.mark.parametrize(("board", "moves"), [(OTHELLO, OPENING), (SMALL, "c2 b2 b3")], ids=["8x8", "6x6"])
@pytest.mark.parametrize("size", [SIZE, (320, 372), (500, 301), (64, 64)])
def test_discs_lie_in_their_cells(board, moves, size):
    states, _ = read_moves(board, moves)
    picture, grid = draw(board, states[-1], size=size), Grid(size, board.observation_shape[1])
    assert picture.shape == (size[1], size[0], 3)
    if size[0] < 300:
        return  # too few pixels to tell what they show
    for cell, owner in enumerate(owners(states[-1]).ravel()):
        colour = nearest_colour(picture, grid.centre(cell), 1)
        assert is_like(colour, (FELT, BLACK, WHITE)[owner]), cell


def test_the_last_move_the_legal_ones_and_a_hint_are_marked():
    state, last = opening()
    grid, black = Grid(SIZE, 8), mix(FELT, BLACK, 0.62)
    plain, marked = draw(OTHELLO, state), draw(OTHELLO, state, actions=last, legal=True, hint=44)
    assert is_like(nearest_colour(marked, grid.centre(last), 1), RED)
    assert is_like(nearest_colour(plain, grid.centre(last), 1), WHITE)
    legal = legal_now(state)
    for action in np.flatnonzero(legal):
        if action != 44:
            assert is_like(nearest_colour(marked, grid.centre(int(action)), 1), black)
        assert is_like(nearest_colour(plain, grid.centre(int(action)), 1), FELT)
    x, y = grid.centre(44)
    assert legal[44]
    assert is_like(nearest_colour(marked, (x - RADIUS * grid.cell, y), 1), YELLOW)
    for action in np.flatnonzero(~legal[:64] & (owners(state).ravel() == 0)):
        assert is_like(nearest_colour(marked, grid.centre(int(action)), 1), FELT)


@pytest.mark.parametrize("size", [SIZE, (500, 301)])
def test_a_click_is_the_legal_cell_that_it_goes_down_and_up_in(size):
    state, _ = opening()
    grid = Grid(size, 8)
    legal = legal_now(state)
    for cell in range(64):
        x, y = grid.centre(cell)
        inside = (x - 0.4 * grid.cell, y + 0.4 * grid.cell)
        assert action_at(OTHELLO, state, size, inside, (x, y)) == (cell if legal[cell] else None)
        other = grid.centre((cell + 1) % 64)
        assert action_at(OTHELLO, state, size, other, (x, y)) is None
    assert action_at(OTHELLO, state, size, (1, 1), (1, 1)) is None
    assert action_at(OTHELLO, state, size, on_button(size), on_button(size)) is None


def test_the_button_that_passes_is_there_only_when_one_must_pass():
    state = must_pass()
    assert action_at(OTHELLO, state, SIZE, on_button(), on_button()) == PASS
    small = Grid(SIZE, 6)
    assert small.target(on_button(side=6)) == 36
    button = tuple(round(value) for value in Grid(SIZE, 8).button)
    inside = np.s_[button[1] + 4 : button[1] + button[3] - 4, button[0] + 20 : button[0] + button[2] - 20]
    with_button, without = draw(OTHELLO, state)[inside], draw(OTHELLO, opening()[0])[inside]
    assert np.percentile(with_button, 60) > 250  # white, with letters on it
    assert np.percentile(without, 60) < 248
    assert (draw(OTHELLO, state, hint=PASS) != draw(OTHELLO, state)).any()


def test_the_winner_is_named_in_the_end():
    states, actions = read_moves(OTHELLO, "e6 f4 e3 f6 g5 d6 e7 f5 c5")
    grid = Grid(SIZE, 8)
    place = (SIZE[0] / 2 - 0.62 * grid.bar, grid.foot)  # beside the letters
    over = draw(OTHELLO, states[-1], actions=int(actions[-1]), names=("A", "B"))
    assert is_like(nearest_colour(over, place, 1), BLACK)
    assert action_at(OTHELLO, states[-1], SIZE, grid.centre(0), grid.centre(0)) is None


def test_a_disc_is_put_down_and_those_that_it_encloses_are_turned_over():
    """d3 turns d4, which shows its white face, then its edge, then its black one."""
    state = first_state(OTHELLO)[0]
    animation, grid, d4 = animate(OTHELLO), Grid(SIZE, 8), 27
    animation.begin(state)
    expected = read_moves(OTHELLO, "d3")[0][-1]
    pictures = [draw(OTHELLO, state, **moment) for moment in animation.play(state, np.int32(19))]
    assert same(state, expected)
    colours = [nearest_colour(picture, grid.centre(d4), 1) for picture in pictures]
    assert is_like(colours[0], WHITE)
    assert is_like(colours[-1], BLACK)
    felt = (grid.centre(d4)[0] - 0.3 * grid.cell, grid.centre(d4)[1])  # beside a disc on its edge
    assert any(abs(nearest_colour(picture, felt, 1) - FELT).max() < 60 for picture in pictures)
    assert not is_like(nearest_colour(pictures[-1], felt, 1), FELT)


def test_a_pass_is_shown_for_a_moment():
    state = must_pass()
    animation = animate(OTHELLO)
    animation.begin(state)
    moments = list(animation.play(state, np.int32(PASS)))
    assert len(moments) > 5
    assert all(moment == {"actions": PASS} for moment in moments)
    assert state["current_player"] == 1
    assert (draw(OTHELLO, state, actions=PASS) != draw(OTHELLO, state)).any()


def test_drawing_changes_nothing():
    state, last = opening()
    before = state.tobytes()
    draw(OTHELLO, state, actions=last, legal=True, hint=44, pointed=44, score=(1, 0))
    assert state.tobytes() == before
