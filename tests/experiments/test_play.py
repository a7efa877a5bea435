"""Playing at a board: whole games by mouse and keys in a window without a screen, and what is kept of them."""

import numpy as np
import pytest

from agents.artifact import CorruptArtifact
from agents.records import read_record
from tests.experiments.table import NIM, kept


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
