"""Thoughts in pictures: marks lie where the moves lie, the likeliest is the strongest, the bar says who is ahead."""

import dataclasses

import numpy as np
import pytest

from agents.names import make_agent
from envs import make
from envs.game import Game, init
from envs.notation.chess import read_fen
from envs.render import analysis, draw, drawer, picture_size
from envs.render.palette import BLUE, RED
from envs.render.thoughts import Thoughts
from tests.agents.alphabeta.positions import legal_actions, random_positions
from tests.agents.search.test_search import after
from tests.envs.render.test_boards import is_like, nearest_colour

BOARDS = [
    "tic_tac_toe", "connect_four", "connect_four_8x7", "othello", "othello_6x6", "hex_5", "hex_11", "gomoku_9",
    "gomoku_15", "breakthrough_6", "breakthrough_8", "go_5x5", "go_19x19", "chess",
]  # fmt: skip
SIZE = (600, 500)
WIN = "0314"  # x x . / o o . / . . .: X wins by 2


def thought(game: Game, state: np.void, policy: dict[int, float], **others) -> Thoughts:
    whole = np.zeros(game.num_actions)
    whole[list(policy)] = list(policy.values())
    return Thoughts(state.copy(), max(policy, key=lambda a: policy[a]), whole, others.pop("value", 0.0), **others)


def searched(game: Game, state: np.void, simulations: int = 60) -> Thoughts:
    return make_agent(f"mcts:{simulations}", game).think(state, np.random.default_rng(0))


@pytest.mark.parametrize(("game_id", "flipped"), [*((game_id, False) for game_id in BOARDS), ("chess", True)])
def test_an_action_lies_where_a_click_or_a_drag_means_it(game_id, flipped):
    """Against the drawer's other answer: from pixels to actions."""
    game, module = make(game_id), drawer(make(game_id))
    view = {"flipped": True} if flipped else {}
    for state in random_positions(game, 12, seed=5):
        for action in legal_actions(game, state)[:60] + legal_actions(game, state)[-1:]:
            place = module.place_of(game, state, SIZE, action, **view)
            ends = (place.start or place.at, place.at)
            choices = module.promotions_at(game, state, SIZE, *ends, **view) if game_id == "chess" else {}
            meant = choices.values() if choices else [module.action_at(game, state, SIZE, *ends, **view)]
            assert action in meant
            assert place.radius > 3


def test_a_win_in_one_is_the_strongest_mark_and_the_bar_is_full():
    game = make("tic_tac_toe")
    state = after(game, WIN)[0]
    thoughts = searched(game, state)
    board = (600, 500 - analysis.panel_height(SIZE))
    found = analysis.marks(game, thoughts, board)
    grid = drawer(game).Grid(board)
    assert found[-1].place.at == grid.centre(2)
    assert found[-1].chosen
    assert [mark.chosen for mark in found].count(True) == 1
    assert analysis.line_in_words(game, thoughts) == ["c3"]
    assert analysis.share_of_first(game, thoughts) == 1
    picture = draw(game, state, size=SIZE, panel=True, thoughts=thoughts)
    x, y = grid.centre(2)
    assert is_like(nearest_colour(picture, (x - 0.2 * grid.cell, y - 0.17 * grid.cell)), analysis.HEAT)
    bar = 500 - analysis.panel_height(SIZE) * 0.73
    for x in (30, 200, 400, 570):
        assert is_like(nearest_colour(picture, (x, bar - 6), 1), RED)


@pytest.mark.parametrize(("value", "seat", "share"), [(1, 1, 0.0), (-1, 1, 1.0), (0.5, 0, 0.75), (0.5, 1, 0.25)])
def test_the_bar_is_from_the_first_seats_side_whoever_moves(value, seat, share):
    game = make("tic_tac_toe")
    state = after(game, "04"[:seat] if seat else "")[0]
    assert state["current_player"] == seat
    thoughts = thought(game, state, {8: 1.0}, value=value)
    assert analysis.share_of_first(game, thoughts) == share
    picture = draw(game, state, size=SIZE, panel=True, thoughts=thoughts)
    y = 500 - analysis.panel_height(SIZE) * 0.86
    red = [is_like(picture[round(y), x].astype(float), RED) for x in range(20, 580)]
    blue = [is_like(picture[round(y), x].astype(float), BLUE) for x in range(20, 580)]
    assert np.mean(red) == pytest.approx(share, abs=0.03)
    assert np.mean(blue) == pytest.approx(1 - share, abs=0.03)


def test_the_likelier_a_move_the_more_of_its_cell_is_violet():
    game = make("gomoku_9")
    state = after(game, "")[0]
    thoughts = thought(game, state, {40: 0.6, 42: 0.3, 44: 0.1})
    board = (600, 500 - analysis.panel_height(SIZE))
    picture = draw(game, state, size=SIZE, panel=True, thoughts=thoughts)
    plain = draw(game, state, size=board)
    moved = np.abs(picture[: board[1]].astype(int) - plain).sum(axis=2)
    strength = []
    for action in (40, 42, 44, 46):
        place = drawer(game).place_of(game, state, board, action)
        x, y, r = round(place.at[0]), round(place.at[1]), round(place.radius)
        strength.append(moved[y - r : y + r + 1, x - r : x + r + 1].mean())
    assert strength[0] > strength[1] > strength[2] > strength[3] == 0


def test_the_board_is_marked_only_in_the_position_that_was_thought_of():
    game = make("connect_four")
    before, now = after(game, "33")[0], after(game, "332")[0]
    thoughts = searched(game, before)
    board = (600, 500 - analysis.panel_height(SIZE))
    for told, marked in ((thoughts, False), (None, False), (searched(game, now), True)):
        picture = draw(game, now, size=SIZE, panel=True, thoughts=told)
        assert (picture[: board[1]] == draw(game, now, size=board)).all() != marked
    panels = [draw(game, now, size=SIZE, panel=True, thoughts=told)[board[1] :] for told in (None, thoughts)]
    assert (panels[0] != panels[1]).any()


def test_visits_are_numbers_where_there_are_some_and_per_cent_where_not():
    game = make("connect_four")
    state = after(game, "")[0]
    visits = np.array([0, 12, 0, 3400, 0, 0, 0])
    policy = {3: 0.896, 1: 0.1, 0: 0.004}
    counted = analysis.marks(game, thought(game, state, policy, visits=visits), SIZE)
    assert [mark.words for mark in counted] == ["12", "3.4k"]
    alone = analysis.marks(game, thought(game, state, policy), SIZE)
    assert [mark.words for mark in alone] == ["10%", "90%"]
    assert analysis.line_in_words(game, thought(game, state, policy)) == ["4 90%", "2 10%"]
    line = thought(game, state, policy, visits=visits, line=(3, 3, 2))
    assert analysis.line_in_words(game, line) == ["4", "4", "3"]


def test_promotions_are_one_arrow_and_few_arrows_are_drawn():
    game = make("chess")
    state = read_fen(game, "7k/P7/8/8/8/8/8/K7 w - - 0 1")[0]
    legal = legal_actions(game, state)
    promotions = [a for a in legal if drawer(game).move_of(state, a)[2]]
    assert len(promotions) == 4
    found = analysis.marks(game, thought(game, state, dict.fromkeys(legal, 1 / len(legal))), SIZE)
    assert max(mark.share for mark in found) == pytest.approx(4 / len(legal))
    assert len(found) == len(legal) - 3
    start = after(game, "")[0]
    legal = legal_actions(game, start)
    assert len(legal) == 20
    unlikely = thought(game, start, {a: 0.04 + 0.0001 * i for i, a in enumerate(legal)})
    unlikely = dataclasses.replace(unlikely, action=legal[0])
    arrows = analysis.marks(game, unlikely, SIZE)
    assert len(arrows) == analysis.ARROWS
    assert arrows[-1].chosen  # however unlikely


@pytest.mark.parametrize("game_id", [*BOARDS, "kuhn_poker", "tests.own_game.nim:nim"])
@pytest.mark.parametrize("size", [None, (64, 64), (320, 200)])
def test_every_game_can_be_drawn_with_a_panel(game_id, size):
    game = make(game_id)
    state = game.new_states(1, np.array([7], np.uint64))[0]
    init(state)
    legal = legal_actions(game, state)
    thoughts = thought(game, state, dict.fromkeys(legal, 1 / len(legal)), value=0.1)
    picture = draw(game, state, size=size, panel=True, thoughts=thoughts)
    width, height = size or picture_size(game)
    assert picture.shape == (height, width, 3)
    assert (draw(game, state, size=size, panel=True) != picture).any()


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (9949, "9.9k"), (9951, "10k"), (123_456, "123k"), (1_500_000, "1.5M")],
)
def test_counts_have_at_most_four_letters(count, words):
    assert analysis.short(count) == words
