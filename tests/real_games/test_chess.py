"""The command that replays real games of chess, on games written here."""

import io
import sys

import pytest

from tests.real_games.chess import main, replays

SCHOLAR = """[White "A"]
[Black "B"]
[Result "1-0"]

1. e4 e5 2. Qh5 Nc6 (2... g6 {better} 3. Qf3) 3. Bc4 Nf6?? 4. Qxf7# 1-0
"""
STALEMATE = """[White "C"]
[Black "D"]
[Result "0-1"]
[SetUp "1"]
[FEN "7k/5Q2/8/6K1/8/8/8/8 w - - 0 1"]

1. Qg6 0-1
"""
FIVEFOLD = f"""[White "E"]
[Black "F"]
[Result "1/2-1/2"]

{"Nf3 Nf6 Ng1 Ng8 " * 4}e4 1/2-1/2
"""


def test_a_mate_with_its_result_passes():
    ((_, found),) = replays(io.StringIO(SCHOLAR))
    assert found == ("checkmate", "", "", "")


def test_a_result_that_the_board_contradicts_is_a_mismatch():
    ((_, found),) = replays(io.StringIO(STALEMATE))
    assert found.ending == "stalemate"
    assert found.mismatch == "stalemate, winner -1, is recorded as 0-1"


def test_moves_after_the_end_are_told():
    ((_, found),) = replays(io.StringIO(FIVEFOLD))
    assert found.went_on == "repetition before ply 17, e4"
    assert found.ending == "on"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (SCHOLAR + "\n" + STALEMATE, 0, "2 games, 8 plies, 0 illegal moves, 1 mismatches"),
        (
            SCHOLAR + "\n" + SCHOLAR.replace("Qxf7", "Qxf8"),
            1,
            "illegal, and the file is not read on: PGN, line 7,",
        ),
    ],
)
def test_the_command_counts(tmp_path, monkeypatch, capsys, text, code, said):
    path = tmp_path / "games.pgn"
    path.write_text(text)
    monkeypatch.setattr(sys, "argv", ["chess", str(path)])
    assert main() == code
    assert said in capsys.readouterr().out
