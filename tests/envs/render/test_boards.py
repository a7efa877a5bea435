"""Boards: what lies where is seen where, the end is drawn, and any game can be drawn."""

from itertools import pairwise

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.render import animate, clip, draw, picture_size
from envs.render import connect_four as connect_four_drawer
from envs.render import tic_tac_toe as tic_tac_toe_drawer
from envs.render.palette import BLUE, RED, YELLOW


def played(game_id: str, actions: list[int]):
    game = make(game_id)
    batch = Batch(game, 1, autoreset=False)
    for action in actions:
        batch.step(np.array([action]))
    return game, batch.states[0]


def same(a: np.ndarray | np.void, b: np.ndarray | np.void) -> bool:
    """Whether two records hold the same; their bytes may differ in the padding between fields."""
    if a.dtype.names:
        return all(same(a[name], b[name]) for name in a.dtype.names)
    return bool(np.array_equal(a, b))


def nearest_colour(picture: np.ndarray, place: tuple[float, float], spread: int = 3) -> np.ndarray:
    """The mean RGB of a few pixels around (x, y)."""
    x, y = round(place[0]), round(place[1])
    return picture[y - spread : y + spread + 1, x - spread : x + spread + 1].reshape(-1, 3).mean(axis=0)


def is_like(colour: np.ndarray, wanted: tuple[int, int, int]) -> bool:
    return bool(np.abs(colour - wanted).max() < 45)


@pytest.mark.parametrize("size", [(720, 760), (320, 338), (500, 301), (64, 64)])
@pytest.mark.parametrize("game_id", ["tic_tac_toe", "connect_four", "ball_1v1", "ball_2v2", "ball_3v3"])
def test_a_picture_has_the_size_that_was_asked_for(game_id, size):
    game, state = played(game_id, [])
    picture = draw(game, state, size=size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 8  # not one flat colour


def test_a_size_that_no_machine_should_be_asked_for_is_refused():
    game, state = played("connect_four", [])
    with pytest.raises(ValueError, match="each side must be 64 to 4096"):
        draw(game, state, size=(100_000, 100))


def test_drawing_changes_nothing():
    for game_id, actions in (("connect_four", [3, 3, 2]), ("tic_tac_toe", [4, 0]), ("ball_2v2", [])):
        game, state = played(game_id, actions)
        before = state.tobytes()
        draw(game, state, legal=True)
        assert state.tobytes() == before


def test_discs_lie_in_their_cells():
    # 2 . . . o
    # 1 . . . x
    # 0 x o . x o x .   after the moves 4, 5, 4, 4, 1, 2, 6
    game, state = played("connect_four", [3, 4, 3, 3, 0, 1, 5])
    size = (720, 760)
    picture, grid = draw(game, state, size=size), connect_four_drawer.Grid(size)
    seen = {}
    for row in range(6):
        for column in range(7):
            colour = nearest_colour(picture, grid.centre(row, column))
            seen[row, column] = 1 if is_like(colour, RED) else 2 if is_like(colour, YELLOW) else 0
    assert seen == {(r, c): int(state["board"][r, c]) for r in range(6) for c in range(7)}
    assert seen[0, 3] == 1
    assert seen[2, 3] == 2


def test_marks_stand_in_their_cells():
    # a3 is at the top left: o . .
    #                        . x .
    #                        . . x
    game, state = played("tic_tac_toe", [4, 0, 8])
    size = (640, 720)
    picture, grid = draw(game, state, size=size), tic_tac_toe_drawer.Grid(size)
    centre = {cell: nearest_colour(picture, grid.centre(cell)) for cell in range(9)}
    assert [cell for cell in range(9) if is_like(centre[cell], RED)] == [4, 8]  # a cross meets in the middle
    x, y = grid.centre(0)
    assert is_like(nearest_colour(picture, (x, y - tic_tac_toe_drawer.ARM * grid.cell), 2), BLUE)  # a ring does not
    assert is_like(centre[0], (250, 250, 250))


@pytest.mark.parametrize(
    ("game_id", "actions"), [("connect_four", [0, 1, 0, 1, 0, 1, 0]), ("tic_tac_toe", [0, 3, 1, 4, 2])]
)
def test_the_final_move_and_the_result_are_drawn(game_id, actions):
    """The last move of a game is seen, with its line and who won: one step later everything would look different."""
    game, before = played(game_id, actions[:-1])
    _, after = played(game_id, actions)
    names = ("Ada", "Bo")
    last, first = draw(game, after, names=names), draw(game, before, names=names)
    if game_id == "connect_four":
        grid = connect_four_drawer.Grid(picture_size(game))
        place, ring = grid.centre(3, 0), (grid.centre(3, 0)[0] - 0.39 * grid.cell, grid.centre(3, 0)[1])
        assert not is_like(nearest_colour(first, place), RED)
        x, y = place
        assert is_like(nearest_colour(last, (x + 0.2 * grid.cell, y)), RED)
        assert is_like(nearest_colour(last, ring, 1), (255, 255, 255))  # the ring around a disc of the line
        banner = (picture_size(game)[0] / 2, grid.centre(6.1, 0)[1] + 0.28 * grid.cell)
    else:
        grid = tic_tac_toe_drawer.Grid(picture_size(game))
        x, y = grid.centre(2)
        assert is_like(nearest_colour(last, (x + 0.15 * grid.cell, y + 0.15 * grid.cell), 2), RED)
        top = (66 + grid.top - 0.16 * grid.cell) / 2
        banner = (picture_size(game)[0] / 2, top + 0.085 * grid.cell)
    assert is_like(nearest_colour(last, banner, 1), RED)
    assert not is_like(nearest_colour(first, banner, 1), RED)


def test_a_draw_has_no_winner_on_its_banner():
    game, state = played("tic_tac_toe", [4, 0, 8, 2, 1, 7, 3, 5, 6])
    assert state["winner"] == -1
    from envs.render.boards import result

    assert result(game, state, ("Ada", "Bo")) == ("Draw", None)


@pytest.mark.parametrize(
    "actions", [[0, 1, 0, 1, 0, 1, 0], [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3], [6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3]]
)
def test_the_finished_line_is_found(actions):
    from envs.render.boards import finished_line

    _, state = played("connect_four", actions)
    line = finished_line(state["board"], 0, 4)
    assert state["winner"] == 0
    assert len(line) == 4
    assert all(state["board"][cell] == 1 for cell in line)
    steps = {(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(line)}
    assert len(steps) == 1


def test_a_disc_falls_from_above_and_comes_to_rest():
    game, state = played("connect_four", [3])
    animation = animate(game)
    animation.begin(state)
    moments = list(animation.play(state, np.int32(3)))
    heights = [moment["falling"][2] for moment in moments if "falling" in moment]
    assert moments[0]["falling"][:2] == (1, 3)
    assert heights[0] > 6  # above the rack
    assert min(heights) == pytest.approx(1, abs=1e-3)  # on the disc below
    assert moments[-1] is animation.still
    assert state["board"][1, 3] == 2
    early, late = draw(game, state, **moments[2]), draw(game, state, **moments[-1])
    place = connect_four_drawer.Grid(picture_size(game)).centre(1, 3)
    right = (place[0] + 25, place[1])  # beside the mark of the last move
    assert not is_like(nearest_colour(early, right), YELLOW)
    assert is_like(nearest_colour(late, right), YELLOW)


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "connect_four", "ball_1v1", "own game"])
def test_an_animation_plays_exactly_the_rules(game_id):
    """What is shown at the end of a move is the State that `step` gives."""
    game = make("tests.own_game.nim:nim" if game_id == "own game" else game_id)
    batch = Batch(game, 1, seed=5, autoreset=False)
    state = batch.states[0].copy()
    animation = animate(game)
    animation.begin(state)
    for _ in range(40):
        if batch.terminated[0] or batch.truncated[0]:
            break
        actions = batch.random_actions().copy()
        state["rng"] = batch.states["rng"][0]  # drawing at random has moved the stream
        frames = sum(1 for _ in animation.play(state, actions[0]))
        batch.step(actions)
        assert frames >= 1
        assert same(state, batch.states[0])


def test_a_game_without_a_drawer_is_shown_as_text():
    game = make("tests.own_game.nim:nim")
    batch = Batch(game, 1, seed=0, autoreset=False)
    first = draw(game, batch.states[0], names=("Ada", "Bo"))
    batch.step(batch.random_actions())
    assert first.shape == (640, 640, 3)
    assert (first != draw(game, batch.states[0], names=("Ada", "Bo"))).any()


def test_clip_is_one_picture_a_position():
    game = make("connect_four")
    states = [played("connect_four", [3] * n)[1] for n in range(4)]
    film = clip(game, states, width=160)
    assert film.shape == (4, 168, 160, 3)
    assert all((a != b).any() for a, b in pairwise(film))
