"""Playing games in which pieces are moved, by drags and by two clicks; and every board game as its drawer has it."""

import numpy as np
import pytest

from envs.ids import GAMES, HIDDEN_INFORMATION
from envs.render import register_drawer
from tests.envs.conftest import marked
from tests.experiments.table import NIM, Table
from tests.own_game import nim_drawer


@pytest.fixture
def heaps(seated, monkeypatch):
    """Nim with a drawer whose sticks are dragged; 3, 4 and 5 sticks in rows from the top."""
    from envs.render import DRAWERS

    monkeypatch.setattr("envs.render.DRAWERS", dict(DRAWERS))
    register_drawer("nim", "tests.own_game.nim_drawer")

    def open_table(*arguments: str) -> Table:
        table = seated(NIM, *arguments)
        import pygame

        pygame.display.set_mode((700, 320 + 108), pygame.RESIZABLE)
        table.wait()
        return table

    return open_table


def test_a_drag_moves(heaps):
    table = heaps("--seat", "both")
    table.drag((50, 150), (120, 150), (250, 150))  # two sticks of b
    assert table.state["heaps"].tolist() == [3, 2, 5]


def test_two_clicks_move(heaps):
    table = heaps("--seat", "both")
    table.click((50, 250))
    table.seen()
    assert nim_drawer.shown["selected"] == (2, 0)
    assert nim_drawer.shown["legal"]
    table.click((350, 150))  # another row: no move
    assert table.line == "that is no legal move"
    table.click((50, 250))
    table.click((350, 250))
    assert table.state["heaps"].tolist() == [3, 4, 2]


def test_what_is_picked_up_can_be_put_down(heaps):
    table = heaps("--seat", "both")
    for put_down in (lambda: table.click((50, 250)), lambda: table.press(27)):  # on itself again; Escape
        table.click((50, 250))
        assert table.playing.hand.selected == (2, 0)
        put_down()
        table.pass_by()
        assert table.playing.hand.selected is None
    table.click((250, 250))
    assert table.line == "nothing of yours can move from there"
    table.click((50, 250))
    table.click((50, 50))  # another piece
    assert table.playing.hand.selected == (0, 0)
    assert table.sitting.match.moves == 0


def test_a_piece_follows_the_mouse(heaps):
    table = heaps("--seat", "both")
    import pygame

    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(50, 150), button=1))
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=(90, 160), rel=(0, 0), buttons=(1, 0, 0)))
    table.pass_by()
    table.seen()
    assert nim_drawer.shown["held"] == ((1, 0), (90, 160))
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(90, 160), button=3))  # the other button
    table.pass_by()
    table.seen()
    assert "held" not in nim_drawer.shown
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=(250, 150), button=1))
    table.pass_by()
    assert table.sitting.match.moves == 0


@pytest.mark.parametrize("by", ["mouse", "key"])
def test_a_choice_is_offered(heaps, by):
    table = heaps("--seat", "both")
    table.drag((50, 250), (650, 250))
    table.seen()
    assert nim_drawer.shown["choosing"] == {"o": 10, "a": 14}
    assert table.sitting.match.moves == 0
    table.click((150, 50)) if by == "mouse" else table.type("a")
    assert table.state["heaps"].tolist() == [3, 4, 0]


def test_a_choice_can_be_declined(heaps):
    table = heaps("--seat", "both")
    table.drag((50, 250), (650, 250))
    table.click((150, 250))
    table.seen()
    assert "choosing" not in nim_drawer.shown
    assert table.sitting.match.moves == 0


def test_the_board_is_turned_for_the_second_side(heaps):
    table = heaps("--seat", "1", "--against", "random")
    table.seen()
    assert nim_drawer.shown["flipped"]
    heap = int(np.flatnonzero(table.state["heaps"])[0])
    sticks = int(table.state["heaps"][heap])
    y = 100 * (2 - heap) + 50
    table.drag((50, y), (150, y))
    assert int(table.state["heaps"][heap]) == sticks - 1


@pytest.mark.parametrize("game_id", marked(game_id for game_id in GAMES if not game_id.startswith("ball_")))
def test_every_board_game_can_be_played(seated, game_id):
    """By mouse where its drawer takes one, and by name: a few moves of random play, on both sides where none can see
    what is hidden from the other."""
    from envs.batch import mask_rows

    hidden = game_id in HIDDEN_INFORMATION
    table = seated(game_id, *(("--seat", "1", "--against", "random") if hidden else ("--seat", "both")))
    rng = np.random.default_rng(0)
    for number in range(6):
        table.wait()
        if table.playing.frame.over:
            break
        states = table.state.reshape(1)
        legal = np.flatnonzero(mask_rows(table.sitting.game, states, states["current_player"])[0])
        action = int(rng.choice(legal))
        points = ways_to(table, action)
        if points and number % 2 == 0:
            table.drag(*points)
        else:
            table.type(table.sitting.game.action_to_string(table.state, action))
            table.enter()
        table.wait()
        match, seats = table.sitting.match, table.sitting.seats_of_people
        own = [int(chosen) for chosen, mover in zip(match.actions, match.movers, strict=True) if mover in seats]
        assert len(own) == number + 1, table.line
        assert own[-1] == action
        table.seen()


def ways_to(table: Table, action: int) -> tuple[tuple[float, float], ...] | None:
    """Points of a click or drag that means the action, found by trying; None if it needs a choice, or no mouse does."""
    hand, sight = table.playing.hand, table.playing.sight
    if not hand.points:
        return None
    if hand.picks_up:
        cells = hand._points_of_cells(sight).values()
        pairs = ((start, end) for start in cells for end in cells if start != end)
    else:
        width, height = sight.size
        pairs = (((x, y), (x, y)) for x in range(4, width, 8) for y in range(4, height, 8))
    return next((pair for pair in pairs if hand._ask("action_at", sight, *pair) == action), None)
