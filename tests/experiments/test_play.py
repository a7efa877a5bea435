"""Playing: whole games by mouse and keys in a window without a screen, and what is kept of them.

Events go through pygame's own queue, as those of a real mouse and keyboard do.
"""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.artifact import CorruptArtifact
from agents.records import read_record
from envs import make
from envs.game import with_settings
from envs.ids import GAMES
from envs.render import connect_four as connect_four_drawer
from envs.render import picture_size, register_drawer
from envs.render import tic_tac_toe as tic_tac_toe_drawer
from experiments import play, watch
from experiments.cast import subject
from experiments.errors import ExitCode, UserError
from experiments.hands import LEFT_HAND, LEFT_KICKS, BallHand
from experiments.playing import Playing, controls
from experiments.sitting import Sitting
from tests.envs.conftest import marked
from tests.experiments.test_watch import click as click_button
from tests.experiments.test_watch import run  # noqa: F401, a fixture
from tests.own_game import nim_drawer

NIM = "tests.own_game.nim:nim"


class Table:
    """A sitting in its window, and somebody in front of it."""

    def __init__(self, window, sitting: Sitting):
        self.window, self.sitting = window, sitting
        self.playing = Playing(sitting, window)
        self.seen()

    @property
    def state(self) -> np.void:
        return self.sitting.match.state

    @property
    def line(self) -> str:
        return self.playing.line

    def pass_by(self, frames: int = 1) -> None:
        """Time, with whatever was done since."""
        for _ in range(frames):
            for event in self.window.events():
                self.playing.feel(event)
            self.playing.advance(1.0)

    def seen(self) -> None:
        self.playing.draw()

    def wait(self) -> None:
        """Until a person is to move, or the game is over."""
        for _ in range(2000):
            if self.playing.my_turn or self.playing.frame.over:
                return
            self.pass_by()
        raise AssertionError("nobody moves")

    def drag(self, *points: tuple[float, float]) -> None:
        import pygame

        places = [(round(x), round(y)) for x, y in points]
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=places[0], button=1))
        for place in places[1:]:
            pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(1, 0, 0)))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=places[-1], button=1))
        self.pass_by()

    def click(self, point: tuple[float, float]) -> None:
        self.drag(point)

    def press(self, key: int, text: str = "", mod: int = 0) -> None:
        self.hold(key, text, mod)
        self.let_go(key)

    def hold(self, key: int, text: str = "", mod: int = 0) -> None:
        import pygame

        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=mod, unicode=text, scancode=0))
        self.pass_by(0)

    def let_go(self, key: int) -> None:
        import pygame

        pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key, mod=0, unicode="", scancode=0))

    def type(self, words: str) -> None:
        for letter in words:
            self.press(ord(letter.lower()), letter)
        self.pass_by()

    def enter(self) -> None:
        import pygame

        self.press(pygame.K_RETURN, "\r")
        self.pass_by()

    def button(self, name: str) -> None:
        click_button(self.window, name)
        self.pass_by()

    def cell(self, cell: int) -> tuple[float, float]:
        """Where it is, in Tic-Tac-Toe."""
        return tic_tac_toe_drawer.Grid(self.window.picture_size).centre(cell)

    def column(self, column: int) -> tuple[float, float]:
        return connect_four_drawer.Grid(self.window.picture_size).centre(3, column)


@pytest.fixture
def seated(tmp_path, monkeypatch):
    """Opens a table by what would be typed after `python -m experiments.play`."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from envs.render.window import Window

    windows = []

    def open_table(*arguments: str, **settings: float) -> Table:
        args = play.parser().parse_args([*arguments, "--out", str(tmp_path / "kept")])
        args.seed = 11 if args.seed is None else args.seed
        found = subject(args.what)
        company = play._company(found, args, play._names(args.name, args.seat))
        sitting = play._sitting(found, company, args)
        if settings:
            sitting.game = with_settings(sitting.game, settings)
            sitting.begin()
        windows.append(Window("test", picture_size(found.game, 480), controls(found.game)))
        return Table(windows[-1], sitting)

    yield open_table
    for window in windows:
        window.close()


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "kept").glob("*"))


# Boards


def test_a_whole_game_is_played_by_mouse_and_kept(seated, tmp_path):
    table = seated("tic_tac_toe", "--against", "one_ply")
    mine = []
    while not table.playing.frame.over:
        table.wait()
        if table.playing.my_turn:
            mine.append(int(np.flatnonzero(table.state["board"] == 0)[0]))
            table.click(table.cell(mine[-1]))
            assert table.sitting.match.actions[-1] == mine[-1]
        table.seen()
    assert table.sitting.match.over
    record = read_record(*kept(tmp_path))
    assert record.decisions(of="person")[2].tolist() == mine
    assert record.result.ended == "terminated"
    assert [(seat.kind, seat.name) for seat in record.seats] == [("person", "You"), ("agent", "one_ply")]
    assert (record.actions == np.array(table.sitting.match.actions)).all()
    assert "saved as" in table.line


def test_only_legal_moves_are_taken(seated):
    table = seated("tic_tac_toe", "--seat", "both")
    table.wait()
    table.click(table.cell(4))
    table.wait()
    for points in ([table.cell(4)], [table.cell(0), table.cell(1)], [(3, 3)]):  # taken; two cells; beside the board
        table.drag(*points)
        table.pass_by(50)
        assert table.sitting.match.moves == 1
        assert table.line == "that is no legal move"
    table.click(table.cell(0))
    assert table.sitting.match.moves == 2
    assert int(table.state["board"][0]) == 2


def test_nobody_moves_for_the_opponent(seated):
    table = seated("tic_tac_toe", "--seat", "1")  # one_ply begins
    table.click(table.cell(4))
    assert table.sitting.match.moves == 0
    table.wait()
    assert table.sitting.match.moves == 1


def test_a_click_does_not_wait_for_a_pause(seated):
    """The last move is looked at for a moment, but who has seen enough may go on."""
    table = seated("connect_four", "--seat", "both")
    table.wait()
    table.click(table.column(3))
    while table.state["current_player"] == 0 or not table.playing.frame.settled:
        table.pass_by()
    table.click(table.column(3))
    assert table.sitting.match.moves == 2


def test_moves_can_be_typed(seated):
    table = seated("connect_four", "--seat", "both")
    table.wait()
    table.type("8")
    assert "move: 8_" in table.line
    table.enter()
    assert "'8' is no move here; legal: 1, 2" in table.line
    table.type("45")
    import pygame

    table.press(pygame.K_BACKSPACE)
    table.pass_by()
    assert "move: 4_" in table.line
    table.enter()
    assert [int(action) for action in table.sitting.match.actions] == [3]
    table.wait()
    table.type("5")
    table.press(pygame.K_ESCAPE)
    table.enter()
    assert table.sitting.match.moves == 1  # forgotten


def test_a_game_without_a_drawer_is_played_by_name(seated, tmp_path):
    """Any game with turns, own ones included."""
    table = seated(NIM, "--seat", "both", "--name", "Ada", "Bo")
    for move in ("c5", "b4", "a3"):
        table.wait()
        assert f"type a move and press Enter ({' '.join(table.playing.legal_moves)[:20]}" in table.line
        table.type(move)
        table.enter()
    table.wait()
    assert table.line.startswith("Ada wins")
    with pytest.raises(CorruptArtifact, match="--game MODULE:ID"):
        read_record(*kept(tmp_path))
    record = read_record(*kept(tmp_path), game_name=NIM)
    assert record.moves() == ["c5", "b4", "a3"]
    assert record.team_names() == ("Ada", "Bo")


def test_undo_takes_back_to_the_persons_last_turn(seated, tmp_path):
    table = seated("tic_tac_toe", "--against", "random")
    import pygame

    table.wait()
    table.button("undo")
    assert table.line == "there is nothing to take back"
    table.click(table.cell(4))
    table.wait()
    table.click(table.cell(int(np.flatnonzero(table.state["board"] == 0)[0])))
    table.press(pygame.K_BACKSPACE)  # while the move is being drawn
    table.pass_by()
    assert table.sitting.match.moves == 2
    assert (table.state["board"] != 0).sum() == 2
    table.wait()
    table.press(pygame.K_z, mod=pygame.KMOD_CTRL)
    table.pass_by()
    assert table.sitting.match.moves == 0
    assert (table.state["board"] == 0).all()
    assert table.sitting.taken_back == 3
    table.wait()
    table.click(table.cell(8))
    table.sitting.keep()
    record = read_record(*kept(tmp_path))
    assert record.actions[0] == 8
    assert record.taken_back == 3
    assert record.result.ended == "abandoned"


def test_undo_of_the_last_move_of_a_game_takes_back_its_count(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    assert table.sitting.won == [1, 0]
    table.button("undo")
    assert table.sitting.won == [0, 0]
    table.wait()
    for cell in (8, 5):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    assert table.sitting.won == [0, 1]
    assert table.sitting.score == (0, 1)
    results = sorted(read_record(path).result.returns for path in kept(tmp_path))
    assert results == [(-1, 1), (1, -1)]  # both games are kept


def test_a_hint_is_marked_and_noted(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both")
    for cell in (0, 3, 1, 4):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    table.seen()
    import pygame

    before = pygame.surfarray.array3d(pygame.display.get_surface())
    table.press(pygame.K_TAB)
    table.pass_by()
    table.seen()
    after = pygame.surfarray.array3d(pygame.display.get_surface())
    assert table.line == "hint: c3"  # wins at once
    x, y = (round(value) for value in table.cell(2))
    marked = (before != after).any(axis=2)
    assert marked[x - 40 : x + 40, y - 40 : y + 40].any()
    assert not marked[: x - 80, : table.window.picture_size[1]].any()
    table.click(table.cell(2))
    table.wait()
    record = read_record(*kept(tmp_path))
    assert record.hints == (4,)
    assert record.decisions(of="person", hinted=False)[2].tolist() == [0, 3, 1, 4]


def test_where_only_random_play_is_at_hand_there_is_no_hint(seated):
    table = seated(NIM, "--against", "random")
    table.wait()
    table.button("hint")
    assert "no hints here" in table.line
    assert not table.sitting.hints
    table = seated(NIM, "--against", "one_ply")
    table.wait()
    table.button("hint")
    assert table.line.startswith("hint: ")


def test_new_game_and_swapped_sides(seated, tmp_path):
    table = seated("tic_tac_toe")
    table.wait()
    table.click(table.cell(4))
    table.button("swap")
    assert table.sitting.match.names == ("one_ply", "You")
    assert read_record(*kept(tmp_path)).actions.tolist() == [4]
    table.wait()
    assert table.sitting.match.moves == 1  # one_ply begins now
    table.button("new")
    assert table.sitting.match.moves == 0
    assert table.sitting.match.names == ("one_ply", "You")
    seats = {tuple(seat.kind for seat in read_record(path).seats) for path in kept(tmp_path)}
    assert seats == {("person", "agent"), ("agent", "person")}
    table.button("new")
    assert len(kept(tmp_path)) == 2  # nothing was played in the last one


def test_two_people_change_sides(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both", "--name", "Ada", "Bo")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        assert ("Ada" if table.state["current_player"] == 0 else "Bo") in table.line
        table.click(table.cell(cell))
    table.wait()
    assert table.line.startswith("Ada wins")
    table.button("swap")
    assert table.sitting.match.names == ("Bo", "Ada")
    assert table.sitting.score == (0, 1)
    record = read_record(*kept(tmp_path))
    assert [(seat.kind, seat.name) for seat in record.seats] == [("person", "Ada"), ("person", "Bo")]


def test_enter_begins_another_game(seated):
    table = seated("tic_tac_toe", "--seat", "both")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    table.enter()
    assert table.sitting.match.moves == 0
    assert table.sitting.number == 2


def test_a_game_counts_though_nobody_looked_at_its_end(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        table.click(table.cell(cell))
    table.button("new")  # while the last mark is being drawn
    assert table.sitting.won == [1, 0]
    assert read_record(*kept(tmp_path)).result.ended == "terminated"


@pytest.mark.parametrize("wrong", [["--seed", "-1"], ["--speed", "0"], ["--seat", "2"], ["--size", "12x9"]])
def test_wrong_values_are_usage_errors(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        play.main(["connect_four", *wrong])
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


# Pieces that are moved


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
    """By mouse where its drawer takes one, and by name: a few moves of random play against itself."""
    from envs.batch import mask_rows

    table = seated(game_id, "--seat", "both")
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
        assert table.sitting.match.moves == number + 1, table.line
        assert int(table.sitting.match.actions[-1]) == action
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


# On the pitch


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(("keys", "way"), [
    ("d", (1, 0)), ("a", (-1, 0)), ("w", (0, 1)), ("s", (0, -1)),
    ("dw", (1, 1)), ("aw", (-1, 1)), ("as", (-1, -1)), ("ds", (1, -1)), ("", (0, 0)), ("ad", (0, 0)),
])  # fmt: skip
def test_keys_run_where_they_point_on_the_screen(team, keys, way):
    from envs.batch import Batch
    from envs.render.controls import Key

    batch = Batch(make("ball_1v1", mode="match"), 1, seed=1, autoreset=False)
    hand = BallHand(team, LEFT_HAND, LEFT_KICKS)
    for key in keys:
        hand.feel(Key(key))
    start = batch.states["position"][0, team].copy()
    for _ in range(2):
        actions = np.zeros((1, 2), np.int32)
        actions[0, team] = hand.take()
        batch.step(actions)
    moved = batch.states["position"][0, team] - start
    assert np.sign(np.round(moved, 3)).tolist() == list(way)


def test_a_tap_between_two_decisions_counts_once():
    from envs.render.controls import Key, Release

    hand = BallHand(0, LEFT_HAND, LEFT_KICKS)
    for event in (Key("space"), Release("space"), Key("d"), Release("d")):
        hand.feel(event)
    assert hand.take() == 10  # a kick, forward
    assert hand.take() == 0
    for event in (Key("w"), Key("w"), Key("w")):  # held, it repeats
        hand.feel(event)
    assert hand.take() == 3
    hand.feel(Key("w"))
    hand.feel(Release("w"))
    assert hand.take() == 0


def test_a_match_is_played_by_keys_in_real_time(seated, tmp_path):
    """Ten pictures a decision at 50 a second, whatever the person does; the other seats are agents'."""
    import pygame

    table = seated("ball_2v2", "--against", "random", time_limit=3.0)
    table.pass_by(100)
    assert table.sitting.match.moves == 0  # waits for a key
    assert "press a key" in table.line
    table.seen()
    table.hold(pygame.K_d, "d")
    table.pass_by(25 + 1)  # half a second to look
    for number in range(1, 4):
        assert table.sitting.match.moves == number
        table.pass_by(10)
    assert [int(action[0]) for action in table.sitting.match.actions[:3]] == [1, 1, 1]
    table.let_go(pygame.K_d)
    table.hold(pygame.K_SPACE, " ")
    table.pass_by(10)
    assert table.sitting.match.actions[-1][0] == 9
    table.let_go(pygame.K_SPACE)
    table.hold(pygame.K_LEFT)
    for _ in range(400):
        table.pass_by()
    table.seen()
    assert table.sitting.match.over
    assert table.sitting.match.moves == 15
    record = read_record(*kept(tmp_path))
    assert record.result.ended == "truncated"
    assert [seat.kind for seat in record.seats] == ["person", "agent", "agent", "agent"]
    assert [seat.name for seat in record.seats] == ["You", "scripted:L3", "random", "random"]
    assert (record.decisions(of="person")[2] == np.array(table.sitting.match.actions)[:, 0]).all()


def test_pause_help_and_swap_on_the_pitch(seated):
    import pygame

    table = seated("ball_1v1")
    table.press(pygame.K_d, "d")
    table.pass_by(40)
    moves = table.sitting.match.moves
    assert moves > 0
    for stop, go_on in (("pause", "pause"), ("help", "help")):
        table.button(stop)
        table.seen()
        table.pass_by(50)
        assert table.sitting.match.moves == moves
        table.button(go_on)
        table.pass_by(10)
        assert table.sitting.match.moves > moves
        moves = table.sitting.match.moves
    table.button("swap")
    assert table.sitting.match.names == ("scripted:L2", "You")
    assert table.sitting.seats_of_people == (1,)
    table.hold(pygame.K_d, "d")
    table.pass_by(40)
    assert table.sitting.match.actions[-1][1] == 5  # to the right is backwards for team 1


def test_two_people_on_the_pitch(seated):
    import pygame

    table = seated("ball_1v1", "--seat", "both")
    table.hold(pygame.K_w, "w")
    table.hold(pygame.K_DOWN)
    table.hold(pygame.K_RETURN, "\r")
    table.pass_by(40)
    assert table.sitting.match.actions[-1].tolist() == [3, 9 + 3]  # up; down is its left for team 1, which plays left


# Runs, files, the command


def test_what_was_trained_can_be_played_against(run, seated):  # noqa: F811
    for what, label in (("latest", "nice"), ("nice@last", "nice@last"), (str(run / "agents" / "100"), "100")):
        table = seated(what)
        assert table.sitting.names == ("You", label)
        assert table.sitting.game.settings["mode"] == "match"
    table = seated("latest")
    assert table.sitting.game.settings["pitch_length"] == 20.0
    with pytest.raises(CorruptArtifact):  # an agent of another game
        seated("tic_tac_toe", "--against", "latest")


def test_a_record_is_watched_again(seated, tmp_path, monkeypatch):
    table = seated("tic_tac_toe", "--seat", "both", "--name", "Ada", "Bo")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    path = kept(tmp_path)[0]
    programme = watch._programme(watch.parser().parse_args([str(path)]))
    viewing = watch.Viewing(programme, table.window, speed=50.0)
    table.window.controls = watch.CONTROLS
    assert "Ada against Bo" in programme.line
    while not viewing.frame.over:
        viewing.step()
    assert viewing.match.names == ("Ada", "Bo")
    assert viewing.match.state["board"].tolist() == [1, 1, 1, 2, 2, 0, 0, 0, 0]
    viewing.step()
    assert viewing.match.moves == 0  # once more
    viewing.obey("next")
    assert watch.main([str(path), "--record", str(tmp_path / "out.gif"), "--size", "160x180"]) == 0
    assert (tmp_path / "out.gif").stat().st_size > 1000


def test_a_record_of_a_game_that_was_broken_off_ends_where_it_was(seated, tmp_path):
    table = seated("ball_1v1", "--against", "random")
    table.press(13, "\r")
    table.pass_by(80)
    moves = table.sitting.match.moves
    table.sitting.keep()
    programme = watch._programme(watch.parser().parse_args([str(kept(tmp_path)[0])]))
    match = programme.match()
    frames = list(match.frames())
    assert match.moves == moves
    assert frames[-1].over
    assert not match.over


def test_what_is_no_record_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(CorruptArtifact, match="no record of a game"):
        watch.main([str(tmp_path / "x.json")])
    with pytest.raises(UserError, match="already says who plays"):
        watch.main([str(tmp_path / "x.json"), "--agent", "random"])
    with pytest.raises(UserError, match="goes with the record"):
        watch.main(["tic_tac_toe", "--game", NIM])


def test_a_full_disk_is_told_and_play_goes_on(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both")
    (tmp_path / "kept").write_text("a file where the folder should be")
    table.wait()
    table.click(table.cell(0))
    table.button("new")
    assert "could not be saved" in table.line
    (tmp_path / "kept").unlink()
    table.wait()
    table.click(table.cell(0))
    table.button("new")
    assert len(kept(tmp_path)) == 1
    assert "could not" not in table.line


@pytest.fixture
def script(monkeypatch):
    """Makes `main` find events in its window: one entry a frame, each a function of the window."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from envs.render.window import Window

    def run_script(steps):
        steps = iter(steps)

        def wait(window):
            step = next(steps, None)
            assert step is not None, "the window is still open after all that was done"
            step(window)
            return 1.0

        monkeypatch.setattr(Window, "wait", wait)

    return run_script


def test_the_command_from_first_to_last(script, tmp_path, capsys):
    import pygame

    def click(window):
        x, y = (round(value) for value in tic_tac_toe_drawer.Grid(window.picture_size).centre(4))
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=(x, y), button=1))

    def quit_(window):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q, mod=pygame.KMOD_CTRL, unicode="\x11"))

    script([*[lambda window: None] * 30, click, *[lambda window: None] * 100, quit_, lambda window: None])
    assert play.main(["tic_tac_toe", "--out", str(tmp_path / "kept"), "--seed", "1"]) == ExitCode.DONE
    record = read_record(*kept(tmp_path))
    assert record.actions[0] == 4
    assert len(record.actions) == 2
    assert f"saved: {kept(tmp_path)[0]}" in capsys.readouterr().out


def test_an_interrupted_game_is_kept(script, tmp_path):
    def interrupt(window):
        raise KeyboardInterrupt

    script([*[lambda window: None] * 60, interrupt])
    with pytest.raises(KeyboardInterrupt):
        play.main(["tic_tac_toe", "--seat", "1", "--out", str(tmp_path / "kept"), "--seed", "1"])
    assert len(read_record(*kept(tmp_path)).actions) == 1


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["connect_for"], "did you mean 'connect_four'", ExitCode.USAGE),
        (["connect_four", "--against", "scripted:L3"], "plays ball games", ExitCode.USAGE),
        (["connect_four", "--against", "one_plyy"], "did you mean 'one_ply'", ExitCode.USAGE),
        (["connect_four", "--against", "latest"], "no run was started here yet", ExitCode.USAGE),
        (["ball_2v2", "--mates", "L3"], "no agent's name", ExitCode.USAGE),
        (["connect_four", "--against", "random", "--seat", "both"], "nobody is left to play it", ExitCode.USAGE),
        (["connect_four", "--name", "Ada", "Bo"], "one name", ExitCode.USAGE),
        (["connect_four", "--seat", "both", "--name", "Ada"], "two names", ExitCode.USAGE),
        (["latest"], "no run was started here yet", ExitCode.USAGE),
        (["connect_four", "--out", "file/games"], "is not a folder", ExitCode.ENVIRONMENT),
    ],
)
def test_mistakes_get_one_line_with_the_fix(tmp_path, monkeypatch, arguments, message, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=message) as error:
        play.main(arguments)
    assert error.value.exit_code == code
    assert "\n" not in str(error.value)


def test_an_agent_that_was_named_is_not_named_twice(run):  # noqa: F811
    with pytest.raises(UserError, match="already says who"):
        play.main(["latest", "--against", "random"])


def headless(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    import os

    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    plain = {key: value for key, value in os.environ.items() if key not in hidden and not key.startswith("SDL")}
    plain["PYTHONPATH"] = str(Path(play.__file__).parents[1])
    command = [sys.executable, "-m", "experiments.play", *arguments]
    return subprocess.run(command, env=plain, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_no_display_is_said_in_one_line_with_the_fix(tmp_path):
    done = headless("tic_tac_toe", cwd=tmp_path)
    assert done.returncode == ExitCode.ENVIRONMENT
    assert len(done.stderr.splitlines()) == 1
    assert "no display to open a window on" in done.stderr
    assert not list(tmp_path.iterdir())


def test_help_is_quick_because_nothing_heavy_is_imported(tmp_path):
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = headless("--help", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "--against" in done.stdout
    assert min(spent) < 0.3
    heavy = "import sys, experiments.play; print({'numpy', 'numba', 'torch', 'pygame'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"
