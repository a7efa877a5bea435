"""The command that counts games from the positions of a file."""

import gzip
import sys

import pytest

from tests.envs.board.chess_perft import main

FILE = """# a comment
id kiwipete
epd r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq -
perft 1 48
perft 2 2039
perft 4 1

id chess960
epd 2r5/8/8/8/8/8/6PP/k2KR3 w K -
perft 1 1
"""
LEFT_OUT = "left out: FEN: the castling field names a right whose king or rook is not at home"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (FILE, 0, "1 positions, 2 counts, 0 differ; 2087 games"),
        (FILE.replace("2039", "2040"), 1, "depth 2: 2039 instead of 2040: r3k2r"),
        (FILE, 0, LEFT_OUT),
        ("nothing", 1, "0 positions, 0 counts"),
    ],
)
def test_the_command_compares_counts(tmp_path, monkeypatch, capsys, text, code, said):
    path = tmp_path / "positions.perft.gz"
    path.write_bytes(gzip.compress(text.encode()))
    monkeypatch.setattr(sys, "argv", ["chess_perft", str(path), "--depth", "3"])
    assert main() == code
    assert said in capsys.readouterr().out
