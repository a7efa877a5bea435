"""The command that makes labels: of people's games, of teachers; what it says and refuses."""

import pytest

from agents.supervised.labels import load_labels
from envs import make
from experiments.errors import UserError
from experiments.labels import main

TEACH = ("teach", "--game", "tic_tac_toe", "--out", "x", "--teacher")


def test_a_teacher_s_labels_are_made_and_shown(tmp_path, capsys):
    out = tmp_path / "made"
    command = [*TEACH[:3], "--teacher", "solver", "--positions", "50", "--first-ply", "3", "--out", str(out)]
    assert main(command) == 0
    assert "50 positions labelled" in capsys.readouterr().out
    made = load_labels(out, make("tic_tac_toe"))
    assert len(made) == 50
    assert made.ply.min() == 3
    assert main(["show", str(out)]) == 0
    shown = capsys.readouterr().out
    for words in ("tic_tac_toe", "may be learned from  50", "only measure         0", "teacher", "solver"):
        assert words in shown
    with pytest.raises(UserError, match="is there already"):
        main(command)


def test_people_s_games_are_read(tmp_path, capsys):
    file = tmp_path / "games.txt"
    file.write_text("4 4 3\n1 1 1 1 1 1 1\n4 4\n")
    assert main(["import", str(file), "--game", "connect_four", "--out", str(tmp_path / "made")]) == 0
    said = capsys.readouterr().out
    assert "3 positions of 2 games, 5 moves" in said
    assert "left out: 1 games, not by the rules, or no move; the first: games.txt, line 2: move 7" in said
    labels = load_labels(tmp_path / "made", make("connect_four"))
    assert labels.about["files"][0]["name"] == "games.txt"
    assert len(labels.about["files"][0]["sha256"]) == 64


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["import", "missing.pgn", "--game", "chess", "--out", "x"], 2, "missing.pgn: no such file"),
        (["import", "bad.txt", "--game", "connect_four", "--out", "x"], 1, "no move is left of 0 games read"),
        (["import", "bad.txt", "--game", "connect_for", "--out", "x"], 2, "did you mean 'connect_four'"),
        ([*TEACH, "biased:left", "--positions", "9"], 2, "biased:edge"),
        ([*TEACH, "solver", "--positions", "9999"], 2, "has only"),
        (["teach", "--game", "go_5x5", "--teacher", "solver", "--positions", "9", "--out", "x"], 2, "no exact solver"),
        ([*TEACH, "solver", "--positions", "9", "--workers", "0"], 2, "--workers is 0"),
    ],
)  # fmt: skip
def test_what_makes_no_labels_is_told(tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_text("9 9 9\n")
    with pytest.raises(UserError, match=message) as error:
        main(arguments)
    assert error.value.exit_code == code
    assert not (tmp_path / "x").exists()
