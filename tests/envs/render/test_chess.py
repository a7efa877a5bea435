"""The chess board: pieces and marks lie where they should, and pixels mean moves."""

from itertools import combinations

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.board.chess.actions import action_to_string
from envs.board.chess.position import pieces
from envs.game import legal_action_mask, step
from envs.render import animate, draw
from envs.render import chess as drawer
from envs.render.boards import strip_height
from envs.render.chess_board import WALNUT, Grid
from envs.render.chess_pieces import EBONY, IVORY
from envs.render.palette import CARD, RED
from tests.envs.render.test_boards import is_like, nearest_colour, same

SIZE = (512, 590)
GRID, FLIPPED = Grid(SIZE), Grid(SIZE, flipped=True)
BEFORE_PROMOTION = "e2e4 d7d5 e4d5 c7c6 d5c6 g8f6 c6b7 f6e4"  # White's pawn on b7 takes a8 or c8
STALEMATE = (  # Sam Loyd's, of 1866: Black has nine pieces and no move
    "e2e3 a7a5 d1h5 a8a6 h5a5 h7h5 h2h4 a6h6 a5c7 f7f6 c7d7 e8f7 d7b7 d8d3 b7b8 d3h7 b8c8 f7g6 c8e6"
)


def after(moves: str):
    """(game, state) after moves in UCI."""
    game = make("chess")
    state = Batch(game, 1, autoreset=False).states[0]
    for move in moves.split():
        step(state, action_of(game, state, move))
    return game, state


def action_of(game, state, move: str) -> np.int32:
    mask = np.zeros(game.num_actions, np.bool_)
    legal_action_mask(state, state["current_player"], mask)
    return np.int32({action_to_string(state, int(a)): a for a in np.flatnonzero(mask)}[move])


def square(name: str) -> tuple[int, int]:
    return int(name[1]) - 1, "abcdefgh".index(name[0])


def view(picture: np.ndarray, name: str, grid: Grid = GRID) -> np.ndarray:
    """The pixels of a square, without its edge."""
    (x, y), rim = grid.corner(*square(name)), 0.08 * grid.cell
    side = round(grid.cell - 2 * rim)
    return picture[round(y + rim) :, round(x + rim) :][:side, :side].astype(int)


def changed(a: np.ndarray, b: np.ndarray, grid: Grid = GRID) -> set[str]:
    """The squares on which two pictures differ."""
    names = [f + r for f in "abcdefgh" for r in "12345678"]
    return {name for name in names if np.abs(view(a, name, grid) - view(b, name, grid)).max() > 12}


# The board.


@pytest.mark.parametrize("size", [(720, 830), (320, 368), (500, 301), (64, 64)])
def test_a_picture_has_the_size_that_was_asked_for(size):
    game, state = after("e2e4 d7d5 e4d5")
    picture = draw(game, state, size=size, legal=True, hint=None)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 8  # not one flat colour


def test_white_stands_below_on_light_and_dark_squares():
    game, state = after("")
    picture = draw(game, state, size=SIZE)
    corner = {name: view(picture, name)[2, 2] for name in ("a1", "h1", "a8", "d4", "e4")}
    dark = [name for name, colour in corner.items() if is_like(colour, WALNUT)]
    assert dark == ["a1", "d4"]  # the lower right corner is light
    assert view(picture, "e1")[30, 24].mean() > 190
    assert view(picture, "e8")[30, 24].mean() < 110


def test_a_move_changes_its_two_squares_alone():
    game, before = after("")
    game, now = after("g1f3")
    assert changed(draw(game, before, size=SIZE), draw(game, now, size=SIZE)) == {"g1", "f3"}


def test_the_squares_of_the_last_move_are_tinted():
    game, state = after("e2e4 e7e5 g1f3")
    picture = draw(game, state, size=SIZE)
    for name in ("g1", "f3"):
        tinted = view(picture, name)[2, 2]
        assert tinted[0] - tinted[2] > 90, name  # wood has less yellow
    assert np.ptp(view(picture, "e4")[2, 2]) < 80


def test_from_black_s_side_the_board_is_turned():
    game, state = after("e2e4")
    picture, turned = draw(game, state, size=SIZE), draw(game, state, size=SIZE, flipped=True)
    difference = np.abs(view(picture, "g8") - view(turned, "g8", FLIPPED))
    assert np.median(difference) < 3
    assert GRID.centre(*square("a1")) == pytest.approx(FLIPPED.centre(*square("h8")))
    assert changed(picture, turned) != set()


def test_a_king_in_check_glows():
    game, state = after("e2e4 f7f6 d1h5")
    x, y = GRID.corner(*square("e8"))
    beside_the_king = (x + 0.2 * GRID.cell, y + 0.5 * GRID.cell)
    assert is_like(nearest_colour(draw(game, state, size=SIZE), beside_the_king, 1), RED)
    game, state = after("e2e4 f7f6")
    assert not is_like(nearest_colour(draw(game, state, size=SIZE), beside_the_king, 1), RED)


def test_drawing_changes_nothing():
    game, state = after(BEFORE_PROMOTION)
    before = state.tobytes()
    draw(game, state, legal=True, selected=(6, 1), hint=int(action_of(game, state, "b7a8n")))
    assert state.tobytes() == before


# Marks.


def test_the_selected_piece_s_targets_are_marked():
    game, state = after("e2e4 e7e5 g1f3 b8c6 f1c4 g8f6")
    plain = draw(game, state, size=SIZE, selected=square("c4"))
    marked = draw(game, state, size=SIZE, selected=square("c4"), legal=True)
    # the bishop's moves; to b5, d5 and so on, and the capture on f7
    assert changed(plain, marked) == {"b3", "b5", "a6", "d3", "e2", "f1", "d5", "e6", "f7"}
    assert changed(plain, draw(game, state, size=SIZE)) == {"c4"}
    dot = nearest_colour(marked, GRID.centre(*square("d5")), 2)
    assert dot[1] > dot[0] + 20
    on_f7 = view(plain, "f7")[20, 20], view(marked, "f7")[20, 20]
    assert (on_f7[0] == on_f7[1]).all()  # a ring leaves the piece to be seen


def test_pieces_that_can_move_are_marked():
    game, state = after("e2e4 e7e5 g1f3 b8c6 f1b5 a7a6 b5c6 d7c6 f3e5 d8d4 e5f3 d4e4")  # White is in check
    rim = {}
    for legal in (False, True):
        picture = draw(game, state, size=SIZE, legal=legal)
        for name in ("d1", "e1", "f3", "a2"):
            x, y = GRID.corner(*square(name))
            rim[name, legal] = nearest_colour(picture, (x + 0.055 * GRID.cell, y + 0.5 * GRID.cell), 0)
    moved = {name for name, legal in rim if np.abs(rim[name, True] - rim[name, False]).max() > 30}
    assert moved == {"d1", "e1"}  # the queen steps between, the king aside


def test_a_hint_is_an_arrow():
    game, state = after("e2e4 e7e5")
    plain = draw(game, state, size=SIZE)
    pointed = draw(game, state, size=SIZE, hint=int(action_of(game, state, "f1c4")))
    assert changed(plain, pointed) >= {"f1", "e2", "d3", "c4"}
    assert changed(plain, pointed) <= {"f1", "e2", "d3", "c4", "e1", "f2", "d2", "e3", "c3", "d4"}
    x, y = GRID.centre(*square("d3"))
    assert nearest_colour(pointed, (x, y), 1)[2] > 170  # blue


def test_a_held_piece_follows_the_hand():
    game, state = after("")
    hand = (GRID.left + 4.5 * GRID.cell, GRID.top + 4.5 * GRID.cell)  # over e4
    picture = draw(game, state, size=SIZE, held=(square("e2"), hand))
    assert changed(draw(game, state, size=SIZE), picture) >= {"e2", "e4"}
    assert nearest_colour(picture, (hand[0], hand[1] + 0.25 * GRID.cell), 2).mean() > 190  # ivory


def test_what_was_taken_is_shown_beside_the_board():
    _, state = after(BEFORE_PROMOTION)
    assert drawer.captured(pieces(state)).tolist() == [[0, 0, 0, 0, 0], [3, 0, 0, 0, 0]]
    assert drawer.ahead(pieces(state)) == 3
    _, state = after(BEFORE_PROMOTION + " b7a8n")
    assert drawer.captured(pieces(state)).tolist() == [[0, 0, 0, 0, 0], [3, 0, 0, 1, 0]]  # the pawn is a third knight
    assert drawer.ahead(pieces(state)) == 10
    picture, first = (draw(*after(moves), size=SIZE) for moves in (BEFORE_PROMOTION, ""))
    tray = slice(round(strip_height(SIZE)) + 2, round(GRID.top - 0.45 * GRID.cell))
    differs = np.abs(picture[tray].astype(int) - first[tray]).max(axis=2) > 40
    assert differs[:, : SIZE[0] // 2].any()
    assert not differs[:, SIZE[0] // 2 :].any()


# Pixels as moves.


def random_positions(count: int, seed: int):
    """(game, state) from random games, early and late."""
    game = make("chess")
    batch = Batch(game, count, seed=seed)
    for ply in range(60):
        batch.step(batch.random_actions())
        if ply % 20 == 19:
            yield from ((game, state) for state in batch.states)


@pytest.mark.parametrize("flipped", [False, True])
def test_every_legal_move_is_made_by_a_drag(flipped):
    grid, seen = Grid(SIZE, flipped), 0
    for game, state in random_positions(2, seed=7):
        for action, (start, end, letter) in drawer.legal_moves(game, state).items():
            drag = (grid.centre(*start), grid.centre(*end))
            assert drawer.action_at(game, state, SIZE, *drag, letter or None, flipped=flipped) == action
            assert action_to_string(state, action).startswith(
                "".join("abcdefgh"[column] + str(row + 1) for row, column in (start, end))
            )
            seen += 1
    assert seen > 50


def test_what_is_no_move_is_none():
    game, state = after("e2e4 e7e5")
    at = {name: GRID.centre(*square(name)) for name in ("e4", "e5", "g1", "g3", "f3", "g8", "f6")}
    for start, end in (("e4", "e5"), ("g1", "g3"), ("g8", "f6"), ("g1", "g1")):
        assert drawer.action_at(game, state, SIZE, at[start], at[end]) is None
    assert drawer.action_at(game, state, SIZE, at["g1"], (1, 1)) is None
    assert drawer.action_at(game, state, SIZE, at["g1"], at["f3"]) == action_of(game, state, "g1f3")
    game, state = after("f2f3 e7e5 g2g4 d8h4")
    assert drawer.action_at(game, state, SIZE, GRID.centre(0, 6), GRID.centre(2, 7)) is None  # the game is over


@pytest.mark.parametrize("flipped", [False, True])
def test_a_pixel_shows_a_square(flipped):
    game, grid = make("chess"), Grid(SIZE, flipped)
    for row in range(8):
        for column in range(8):
            x, y = grid.corner(row, column)
            inside = (x + 0.02 * grid.cell, y + 0.98 * grid.cell)
            assert drawer.cell_at(game, SIZE, inside, flipped) == (row, column)
    below = grid.top + 8.1 * grid.cell
    assert drawer.cell_at(game, SIZE, (grid.left + 1, below), flipped) is None
    assert drawer.cell_at(game, SIZE, (grid.left - 1, grid.top + 1), flipped) is None


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize(
    ("moves", "start", "end", "way"),
    [
        (BEFORE_PROMOTION, "b7", "a8", -1),
        ("g2g4 h7h5 a2a3 h5g4 h2h3 g4h3 a3a4 h3h2 a4a5", "h2", "g1", 1),
    ],
)
def test_a_promotion_asks_what_the_pawn_becomes(moves, start, end, way, flipped):
    game, state = after(moves)
    grid = Grid(SIZE, flipped)
    drag = (grid.centre(*square(start)), grid.centre(*square(end)))
    choosing = drawer.promotions_at(game, state, SIZE, *drag, flipped=flipped)
    assert list(choosing) == ["q", "r", "b", "n"]
    assert drawer.action_at(game, state, SIZE, *drag, flipped=flipped) is None
    for place, letter in enumerate("qrbn"):
        wanted = action_of(game, state, start + end + letter)
        assert choosing[letter] == wanted
        assert drawer.action_at(game, state, SIZE, *drag, letter, flipped=flipped) == wanted
        row, column = square(end)
        point = grid.centre(row + way * place, column)
        assert drawer.choice_at(game, state, SIZE, choosing, point, flipped=flipped) == letter
    assert drawer.choice_at(game, state, SIZE, choosing, grid.centre(*square(start)), flipped=flipped) is None
    offered = draw(game, state, size=SIZE, choosing=choosing, flipped=flipped)
    views = [view(offered, end[0] + str(int(end[1]) + way * place), grid) for place in range(4)]
    assert all((np.abs(a - b).max(axis=2) > 40).mean() > 0.05 for a, b in combinations(views, 2))


def test_an_ordinary_move_leaves_no_choice():
    game, state = after("")
    assert drawer.promotions_at(game, state, SIZE, GRID.centre(1, 4), GRID.centre(3, 4)) == {}


# The end, and the way there.


@pytest.mark.parametrize(
    ("moves", "words", "colour"),
    [
        ("e2e4 e7e5 f1c4 b8c6 d1h5 g8f6 h5f7", "Ada wins by checkmate", IVORY.body),
        ("f2f3 e7e5 g2g4 d8h4", "Bo wins by checkmate", EBONY.body),
        (STALEMATE, "Draw by stalemate", drawer.MUTED),
        ("g1f3 g8f6 f3g1 f6g8 " * 2, "Draw by repetition", drawer.MUTED),
    ],
)
def test_the_banner_says_how_it_ended(moves, words, colour, monkeypatch):
    said = []
    monkeypatch.setattr(drawer, "banner", lambda canvas, centre, text, hue, letters: said.append((text, hue)))
    game, state = after(moves)
    draw(game, state, names=("Ada", "Bo"))
    assert said == [(words, colour)]
    monkeypatch.undo()
    picture = draw(game, state, size=SIZE, names=("Ada", "Bo"))
    middle = (SIZE[0] / 2, GRID.top - 0.71 * GRID.cell + 0.2 * GRID.cell)
    assert is_like(nearest_colour(picture, middle, 1), colour)
    assert is_like(nearest_colour(picture, (SIZE[0] / 2, 2), 1), CARD)


def test_a_piece_glides_to_its_square():
    game, state = after("e2e4 e7e5")
    animation = animate(game)
    animation.begin(state)
    moments = list(animation.play(state, action_of(game, state, "f1c4")))
    places = [moment["gliding"][0][1] for moment in moments if "gliding" in moment]
    assert all(row + column == pytest.approx(5) for row, column in places)  # along the diagonal
    assert [row for row, _ in places] == sorted(row for row, _ in places)
    assert places[0][0] < 0.5
    assert places[-1][0] > 2.5
    assert moments[-1] is animation.still
    early, late = draw(game, state, size=SIZE, **moments[1]), draw(game, state, size=SIZE, **moments[-1])
    assert changed(early, late) >= {"f1", "c4"}


def test_castling_moves_two_and_what_is_taken_stays_until_then():
    game, state = after("e2e4 e7e5 g1f3 b8c6 f1c4 f8c5")
    moments = list(animate(game).play(state, action_of(game, state, "e1g1")))
    assert [code for code, _ in moments[0]["gliding"]] == [6, 4]
    assert moments[0]["board"][0].tolist() == [4, 2, 3, 5, 0, 0, 0, 0]
    (_, king), (_, rook) = moments[10]["gliding"]
    assert king[1] > 5
    assert rook[1] < 6.5
    game, state = after("e2e4 a7a6 e4e5 d7d5")
    moments = list(animate(game).play(state, action_of(game, state, "e5d6")))  # in passing
    assert moments[0]["board"][square("d5")] == -1
    assert pieces(state)[square("d5")] == 0


def test_an_animation_plays_exactly_the_rules():
    game = make("chess")
    batch = Batch(game, 1, seed=5, autoreset=False)
    state = batch.states[0].copy()
    animation = animate(game)
    animation.begin(state)
    for _ in range(40):
        if batch.terminated[0]:
            break
        actions = batch.random_actions().copy()
        state["rng"] = batch.states["rng"][0]  # drawing at random has moved the stream
        assert sum(1 for _ in animation.play(state, actions[0])) > 10
        batch.step(actions)
        assert same(state, batch.states[0])
