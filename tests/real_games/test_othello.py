"""The command that replays WTHOR files counts what it reads and names what is not as it is recorded."""

import subprocess
import sys
from pathlib import Path

from tests.envs.notation.test_wthor import SHORTEST, WITH_PASS, written
from tests.real_games.othello import main


def test_games_that_differ_from_their_record_are_counted(tmp_path, capsys):
    (tmp_path / "a.wtb").write_bytes(written((SHORTEST, 64), (SHORTEST, 13), (SHORTEST, 63), (WITH_PASS, 50)))
    (tmp_path / "b.wtb").write_bytes(written(("d3 h8", 32), (SHORTEST, 0)))
    assert main([str(tmp_path)]) == 1
    *named, total, first, second, third = capsys.readouterr().out.splitlines()
    assert named == [
        "a.wtb, game 2: 64 discs for Black by our rules, 13 in the record",
        "a.wtb, game 3: 64 discs for Black by our rules, 63 in the record",
        "b.wtb, game 1: move 2, h8: White turns no disc there",
        "b.wtb, game 2: 64 discs for Black by our rules, 0 in the record",
    ]
    assert total == "6 games, 47 moves, 1 of them passes; 4 to the end, 2 stop before it; 4 mismatches"
    assert first == "    2: another winner"
    assert {second, third} == {
        "    1: another score, the same winner",
        "    1: not allowed: White turns no disc there",
    }


def test_the_command_succeeds_where_all_is_as_recorded(tmp_path):
    (tmp_path / "a.wtb").write_bytes(written((SHORTEST, 64), (WITH_PASS, 50)))
    command = [sys.executable, "-m", "tests.real_games.othello", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "2 games, 19 moves, 1 of them passes; 1 to the end, 1 stop before it; 0 mismatches\n"
