"""The command that replays games of Go counts what it reads and names what the rules do not allow."""

import gzip
import subprocess
import sys
from pathlib import Path

from tests.real_games.go import main

#   5 . . . . .    the second game, after which white may not take back at C2
#   3 . . x o .
#   2 . x . x o
#   1 . . x o .
GAMES = (
    "captures\t;B[ba];W[aa];B[ab];W[];B[]",
    "takes back\t;B[bd];W[dc];B[cc];W[de];B[ce];W[ed];B[aa];W[cd];B[dd];W[cd];B[ab]",
    "goes on\t;B[cc];W[bb];B[dd];W[ee]",
    "occupied\t;B[cc];W[cc]",
    "takes back, too\t;B[bd];W[dc];B[cc];W[de];B[ce];W[ed];B[ba];W[cd];B[dd];W[cd];B[ab]",
)


def written(folder: Path, lines: tuple[str, ...]) -> Path:
    path = folder / "games.txt.gz"
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def test_games_and_moves_that_are_not_allowed_are_counted(tmp_path, capsys):
    assert main([str(written(tmp_path, GAMES)), "5"]) == 1
    *named, total, first, second = capsys.readouterr().out.splitlines()
    assert named == [
        "game takes back: move 10, W C2: the position after move 8 would come again (ko)",
        "game occupied: move 2, W C3: a black stone lies there",
        "game takes back, too: move 10, W C2: the position after move 8 would come again (ko)",
    ]
    assert total == ("5 games, 28 moves, 2 passes, 1 stones captured; 1 games end with two passes; 3 mismatches")
    assert first == "    2: the position after move N would come again (ko)"
    assert second == "    1: a black stone lies there"


def test_the_command_succeeds_where_all_is_allowed(tmp_path):
    path = tmp_path / "games.txt"
    path.write_text(GAMES[0] + "\n" + GAMES[2] + "\n")
    command = [sys.executable, "-m", "tests.real_games.go", str(path), "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout == ("2 games, 9 moves, 2 passes, 1 stones captured; 1 games end with two passes; 0 mismatches\n")


def test_a_board_that_differs_is_a_mismatch(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tests.real_games.go.on_another_board", lambda read, size: 0 * read.states[-1]["board"])
    assert main([str(written(tmp_path, GAMES[:1])), "5"]) == 1
    assert "game captures: sgfmill has other stones on the board at the end" in capsys.readouterr().out
