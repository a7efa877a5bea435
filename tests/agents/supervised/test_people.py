"""What people played, from every kind of file, with what is wrong left out and counted."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from agents.held_out import first_images
from agents.supervised.dataset import expand, states_of
from agents.supervised.people.collect import Options, import_games, merge
from agents.supervised.people.formats import WrongFile, kind_of
from envs import make
from tests.agents.supervised.made import labels_of

OTHELLO, CONNECT_FOUR, CHESS, GO, HEX = map(make, ("othello", "connect_four", "chess", "go_9x9", "hex_5"))


def wthor(*games: tuple[int, list[str]], year: int = 2001) -> bytes:
    """A file of (Black's discs, moves as c4)."""
    head = bytearray(16)
    head[4:8] = len(games).to_bytes(4, "little")
    head[10:12] = year.to_bytes(2, "little")
    records = bytearray()
    for score, moves in games:
        cells = [10 * int(move[1]) + "abcdefgh".index(move[0]) + 1 for move in moves]
        records += bytes(6) + bytes([score, score]) + bytes(cells + [0] * (60 - len(cells)))
    return bytes(head + records)


def written(tmp_path: Path, name: str, data: str | bytes) -> Path:
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def test_othello_s_moves_and_results(tmp_path):
    """Three openings; Black wins the first by the recorded score, the second is drawn."""
    data = wthor((40, ["d3", "c3", "c4"]), (32, ["d3", "c5", "f6"]), (10, ["c4", "e3"]))
    labels = import_games(OTHELLO, [written(tmp_path, "a.wtb", data)], Options(keep_duplicates=True))
    assert (labels.games, len(labels)) == (3, 8)
    assert labels.values.tolist() == [1, -1, 1, 0, 0, 0, -1, 1]
    assert labels.seat.tolist() == [0, 1, 0, 0, 1, 0, 0, 1]
    first = [OTHELLO.action_to_string(OTHELLO.new_states(1, np.zeros(1, np.uint64))[0], int(m)) for m in labels.moves]
    assert first[:3] == ["d3", "c3", "c4"]
    assert labels.about["read"] == {"games": 3, "moves": 8, "skipped": {}}


def test_a_position_that_comes_up_again_is_one_row_with_shares(tmp_path):
    """All four first moves of Othello are images of one another: one move of the first row, whatever was played."""
    data = wthor((40, ["d3"]), (20, ["c4"]), (64, ["f5"]), (50, ["e6"]))
    labels = import_games(OTHELLO, [written(tmp_path, "a.wtb", data)])
    assert len(labels) == 1
    assert labels.values[0] == pytest.approx((1 - 1 + 1 + 1) / 4)
    assert labels.about["moves_merged"] == 3
    weights = dict(zip(labels.moves.tolist(), labels.weights.tolist(), strict=True))
    assert sum(weights.values()) == pytest.approx(1)
    assert {move // 8 for move in weights} <= {2, 3, 4, 5}


def test_moves_of_a_mirror_image_are_turned():
    """After a and after g the board is its own mirror image: b there is f here."""
    labels = labels_of(
        CONNECT_FOUR, [[0, 1], [6, 5], [0, 2]], [(0, 1, 1), (1, 1, 1), (2, 1, 1)], None, [1.0, -1.0, 1.0]
    )
    merged = merge(labels)
    assert (merged.game.tolist(), merged.ply.tolist()) == ([0], [1])
    assert dict(zip(merged.moves.tolist(), merged.weights.tolist(), strict=True)) == pytest.approx({1: 2 / 3, 2: 1 / 3})
    assert merged.values[0] == pytest.approx(1 / 3)
    first_second = merge(labels.select(np.array([False, True, True])))
    assert dict(zip(first_second.moves.tolist(), first_second.weights.tolist(), strict=True)) == {5: 0.5, 4: 0.5}


def test_merged_labels_can_be_learned_from():
    """Random games of a game with eight images: every merged move is legal where it stands."""
    from tests.agents.supervised.made import random_labels

    labels = random_labels(make("tic_tac_toe"), 80)
    merged = merge(labels)
    assert len(merged) < len(labels)
    assert len(expand(merged, policy=True, value=True).rows) == len(merged)
    boards, _ = first_images(labels.rules, states_of(merged, np.arange(len(merged))))
    assert len(np.unique(boards, axis=0)) == len(merged)
    assert np.bincount(np.repeat(np.arange(len(merged)), np.diff(merged.first_move)), merged.weights) == pytest.approx(
        1
    )


def test_games_against_the_rules_are_left_out_and_counted(tmp_path):
    data = wthor((40, ["d3", "c3"]), (40, ["a1"]), (40, ["d3", "d3"]), (40, ["d3", "c3"]))
    labels = import_games(OTHELLO, [written(tmp_path, "bad.wtb", data)])
    skipped = labels.about["read"]["skipped"]
    assert skipped["a move is not legal"]["games"] == 2
    assert "bad.wtb, game 2: move 1, a1" in skipped["a move is not legal"]["first"]
    assert skipped["the same game again"]["games"] == 1
    assert labels.games == 1


def test_a_finished_game_with_another_score_is_left_out(tmp_path):
    """Nine moves wipe White out; the record says that Black has 40 discs."""
    wipe_out = ["e6", "f4", "e3", "f6", "g5", "d6", "e7", "f5", "c5"]
    right = import_games(OTHELLO, [written(tmp_path, "right.wtb", wthor((64, wipe_out)))])
    assert set(right.values.tolist()) == {1.0, -1.0}
    with pytest.raises(ValueError, match="the recorded score is another"):
        import_games(OTHELLO, [written(tmp_path, "wrong.wtb", wthor((40, wipe_out)))])


@pytest.mark.parametrize(
    ("game", "name", "data", "message"),
    [
        (OTHELLO, "short.wtb", wthor((40, ["d3"]))[:-1], "games take 84 bytes"),
        (CHESS, "games.wtb", wthor((40, ["d3"])), "holds games of Othello"),
        (OTHELLO, "games.pgn", '[Event "x"]\n\n1. e4 1-0\n', "holds games of chess"),
        (OTHELLO, "game.sgf", "(;SZ[9];B[ee])", "holds a game of Go"),
        (OTHELLO, "nothing.txt", "", "is empty"),
        (OTHELLO, "picture.png", b"\x89PNG\0\0", "no kind of file"),
        (CHESS, "cut.pgn.gz", gzip.compress(b"[Event x]" * 100)[:-9], "cut off or damaged"),
        (GO, "record.json", '{"format": "bitterball game"}', "altered"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, game, name, data, message):
    with pytest.raises(WrongFile, match=message):
        import_games(game, [written(tmp_path, name, data)])


PGN = """\
[Event "a"]
[White "Ada"]
[Black "Bo"]
[WhiteElo "2500"]
[BlackElo "2400"]
[Result "1-0"]

1. e4 e5 2. Nf3 1-0

[Event "b"]
[Result "1/2-1/2"]

1. d4 {a remark} d5 1/2-1/2

[Event "c"]
[Result "0-1"]

1. e4 e5 2. Ke3 0-1

[Event "d"]
[Result "*"]

1. c4 *
"""


def test_chess(tmp_path):
    labels = import_games(CHESS, [written(tmp_path, "games.pgn", PGN)])
    assert labels.games == 3
    assert labels.values[:5].tolist() == [1, -1, 1, 0, 0]
    assert np.isnan(labels.values[5])
    (skipped,) = labels.about["read"]["skipped"].values()
    assert skipped["games"] == 1
    assert "game 3" in skipped["first"]
    rated = import_games(CHESS, [written(tmp_path, "games.pgn", PGN)], Options(min_elo=2400))
    assert rated.games == 1
    windows = import_games(CHESS, [written(tmp_path, "windows.pgn", "\ufeff" + PGN.replace("\n", "\r\n"))])
    assert windows.digest() == labels.digest()
    packed = import_games(CHESS, [written(tmp_path, "games.pgn.gz", gzip.compress(PGN.encode()))])
    assert packed.digest() == labels.digest()


def test_a_third_repetition_ends_a_game_of_chess(tmp_path):
    """Knights out and back twice: the position is there for the third time, though the players went on to move 6."""
    dance = "1. Nf3 Nf6 2. Ng1 Ng8 3. Nf3 Nf6 4. Ng1 Ng8 5. e4 e5 1-0"
    text = f'[Event "x"]\n[Result "1-0"]\n\n{dance}\n'
    labels = import_games(CHESS, [written(tmp_path, "games.pgn", text)])
    assert len(labels) == 8
    assert labels.values.tolist() == [1, -1] * 4


def test_go(tmp_path):
    file = written(tmp_path, "game.sgf", "(;GM[1]SZ[9]RE[W+R];B[ee];W[cc];B[])")
    labels = import_games(GO, [file])
    assert labels.values.tolist() == [-1, 1, -1]
    assert labels.moves.tolist() == [40, 56, 81]  # rows count from the bottom; the last is the pass
    lines = written(tmp_path, "lines.txt", "7 ;B[ee];W[cc]\n8 ;B[ee];W[ee]\n")
    found = import_games(GO, [lines])
    assert (found.games, len(found)) == (1, 2)
    assert np.isnan(found.values).all()
    with pytest.raises(ValueError, match="another size of board"):
        import_games(make("go_5x5"), [file])


def test_hex(tmp_path):
    """The swap takes the first stone over; the last line's result is not what its moves came to."""
    joined = '"a3", "b1", "b3", "b2", "c3", "c1", "d3", "c2", "e3", "end"'
    lines = [
        '{"id": 1, "moves": ["c3", "swap", "d2", "resign"], "result": 0}',
        f'{{"id": 2, "moves": [{joined}], "result": 1}}',
        f'{{"id": 3, "moves": [{joined.replace("b1", "e1")}], "result": 0}}',
        '{"id": 4, "moves": ["z9"], "result": 1}',
    ]
    labels = import_games(HEX, [written(tmp_path, "games.jsonl", "\n".join(lines))], Options(keep_duplicates=True))
    ended = {name: one["games"] for name, one in labels.about["read"]["skipped"].items()}
    assert ended["no move of this board"] == 1
    assert labels.values[:3].tolist() == [-1, 1, -1]


def test_lines_of_moves(tmp_path):
    text = "# my games\n4 4 3\n1 1 1 1 1 1 1\n4 5 4 5 4 5 4\n"
    labels = import_games(CONNECT_FOUR, [written(tmp_path, "games.txt", text)], Options(keep_duplicates=True))
    assert labels.games == 2
    assert np.isnan(labels.values[:3]).all()
    assert labels.values[3:].tolist() == [1, -1, 1, -1, 1, -1, 1]  # four in a column


def test_some_plies_or_cells_alone(tmp_path):
    file = written(tmp_path, "a.wtb", wthor((40, ["d3", "c3", "c4", "e3"])))
    late = import_games(OTHELLO, [file], Options(from_ply=1, to_ply=2))
    assert late.ply.tolist() == [1, 2]
    empty = import_games(OTHELLO, [file], Options(empties=(58, 59)))
    assert empty.ply.tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"no move is left of 1 games read; 4 moves were outside"):
        import_games(OTHELLO, [file], Options(from_ply=30))


def test_people_s_own_games(tmp_path):
    """A record of a game at the window: what the person did is labelled, what the agent did is not, nor what followed a
    hint."""
    from agents.records import Record, Seat, write_record

    record = Record(
        CONNECT_FOUR, "connect_four", 5, (Seat("agent", "random"), Seat("person", "Ada")),
        np.array([3, 3, 2, 4, 1, 0, 0], np.int32), "2026-01-01T00:00:00Z", hints=(3,),
    )  # fmt: skip
    write_record(tmp_path / "game.json", record)
    labels = import_games(CONNECT_FOUR, [tmp_path / "game.json"], Options(keep_duplicates=True))
    assert labels.ply.tolist() == [1, 5]
    assert labels.moves.tolist() == [3, 0]
    assert set(labels.seat.tolist()) == {1}


def test_a_match_on_the_pitch(tmp_path):
    from agents.records import Record, Seat, write_record

    game = make("ball_1v1")
    actions = np.arange(20, dtype=np.int32).reshape(10, 2) % game.num_actions
    record = Record(game, "ball_1v1", 9, (Seat("person", "Ada"), Seat("agent", "L3")), actions, "2026-01-01T00:00:00Z")
    write_record(tmp_path / "match.json", record)
    labels = import_games(game, [tmp_path / "match.json"])
    assert labels.seat.tolist() == [0] * 10
    assert labels.moves.tolist() == actions[:, 0].tolist()


def test_what_a_file_is_told_by_what_is_in_it(tmp_path):
    for data, kind in (
        (wthor((40, ["d3"])), "wthor"), (b'[Event "x"]\n', "pgn"), (b"\n(;GM[1])", "sgf"), (b'{"format": 1}', "record"),
        (b'{"id": 1, "moves": []}\n', "hex"), (b"3 ;B[aa];W[bb]\n", "sgfline"), (b"d3 c4\n", "moves"),
    ):  # fmt: skip
        assert kind_of(data, tmp_path / "unnamed") == kind
