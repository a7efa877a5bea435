"""The command that lets agents play: tables and files, going on where it stopped, and one line for every mistake."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.artifact import CorruptArtifact
from agents.records import read_record
from envs import compile_cache
from experiments.errors import ExitCode, UserError
from experiments.match import main as match
from experiments.match_report import labels
from experiments.watch import main as watch
from tests.experiments.played import THREE, folder, results


def rows(file: Path) -> list[dict]:
    with open(file) as opened:
        return list(csv.DictReader(opened))


def test_a_match_of_three_as_tables_files_and_games(place, capsys):
    names = ["scripted:L2", "random", "scripted:L0"]
    assert match([*names, "--game", "ball_1v1", "--games", "8", "--statistics"]) == 0
    out = capsys.readouterr().out
    assert "ball_1v1, Elo: random fixed" in out, "all are anchors, so the weakest alone keeps its rating"
    for expected in (*names, "Nash weight", "possession", "to be side 0", "cycles are", "payoffs.png"):
        assert expected in out
    made = folder(place)
    ratings = rows(made / "ratings.csv")
    assert ratings[0]["agent"] == "scripted:L2"
    assert {row["games"] for row in ratings} == {"16"}
    payoffs = rows(made / "payoffs.csv")
    assert len(payoffs) == 3
    for row in payoffs:
        assert int(row["wins"]) + int(row["draws"]) + int(row["losses"]) == 8
        assert float(row["low"]) <= float(row["points"]) <= float(row["high"])
    games = rows(made / "games.csv")
    assert [int(row["game"]) for row in games] == list(range(24))
    assert (made / "payoffs.png").read_bytes().startswith(b"\x89PNG")
    assert match(["--show", str(made), "--extract", "9"]) == 0
    assert "python -m experiments.watch" in capsys.readouterr().out
    record = read_record(made / "replays" / "9.json")
    assert [seat.name for seat in record.seats] == [games[9]["side_0"], games[9]["side_1"]]
    goals = record.result.score
    assert float(games[9]["points_of_side_0"]) == (1 + (goals[0] > goals[1]) - (goals[0] < goals[1])) / 2
    assert watch([str(made / "replays" / "9.json"), "--record", "game.gif", "--seconds", "1"]) == 0


def test_json_is_all_there_is_on_stdout(place, capsys):
    assert match([*THREE, "--json", "--seed", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    (meeting,) = found["meetings"]
    assert (meeting["a"], meeting["b"], meeting["games"]) == ("random", "one_ply", 40)
    assert sum(meeting["pairs_by_points"]) == 20
    assert found["ratings"]["random"]["elo"] == 0
    assert found["nash"]["one_ply"] == pytest.approx(1)


def test_the_same_seed_gives_the_same_match(place):
    found = []
    for seed in ("5", "5", "6"):
        assert match([*THREE, "--seed", seed]) == 0
        found.append(results(folder(place)))
        shutil.rmtree(folder(place))
    assert found[0] == found[1] != found[2]


def test_a_sequential_test_stops_when_it_is_clear(place, capsys):
    assert match(["one_ply", "random", "--game", "connect_four", "--sprt", "0,20"]) == 0
    assert "SPRT, 0 against 20 Elo: H1 accepted after" in capsys.readouterr().out
    assert sum(result["pairs"] for result in results(folder(place))) < 200
    assert match(["--show", "latest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sprt"]["verdict"] == "H1 accepted"
    assert match(["--resume", "latest"]) == 0, "there is nothing left to play"


def test_a_sequential_test_that_finds_nothing_says_so(place, capsys):
    assert match(["random", "scripted:L1", "--game", "ball_1v1", "--sprt", "0,20", "--games", "8"]) == 0
    assert "undecided after 8 games" in capsys.readouterr().out


def test_a_match_is_extended_and_equals_one_that_was_as_long_from_the_start(place, capsys):
    assert match([*THREE[:-1], "256"]) == 0  # a whole fixture
    short = folder(place)
    assert match(["--resume", str(short), "--games", "600"]) == 0
    extended = results(short)
    shutil.rmtree(short)
    assert match([*THREE[:-1], "600"]) == 0
    assert results(folder(place)) == extended
    with pytest.raises(UserError, match="--games 256: there are 600 games of each two already"):
        match(["--resume", "latest", "--games", "256"])
    before = results(folder(place))
    assert match(["--resume", "latest", "--games", "610"]) == 0
    assert match(["--resume", "latest", "--games", "1200"]) == 0
    assert results(folder(place))[: len(before)] == before
    assert [result["pairs"] for result in results(folder(place))] == [128, 128, 44, 5, 128, 128, 39]


def test_an_interrupted_match_goes_on_where_it_stopped(place):
    """SIGTERM while games are played: the fixtures so far are kept, and the rest comes out as it would have."""
    command = [sys.executable, "-m", "experiments.match", "random", "one_ply", "--game", "othello", "--games", "8192"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(compile_cache.FOLDER.parent)}
    running = subprocess.Popen([*command, "--seed", "1"], cwd=place, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(place.glob("runs/match/*/results.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=120)
    assert running.returncode == ExitCode.TERMINATED
    assert f"--resume {folder(place).relative_to(place)}" in err
    stopped = results(folder(place))
    assert 0 < len(stopped) < 32
    assert match(["--resume", "latest"]) == 0
    whole = results(folder(place))
    assert whole[: len(stopped)] == stopped
    assert [result["number"] for result in whole] == list(range(32))


def test_a_line_that_was_cut_off_is_played_again_and_an_altered_one_refused(place):
    assert match([*THREE[:-1], "600"]) == 0
    file = folder(place) / "results.jsonl"
    whole = file.read_text()
    file.write_text(whole[:-30])
    assert match(["--resume", "latest"]) == 0
    assert file.read_text() == whole
    file.write_text(whole.replace('"wins": ', '"wins": 1', 1))
    with pytest.raises(CorruptArtifact, match="line 1 was altered"):
        match(["--resume", "latest"])
    file.write_text(whole)
    told = folder(place) / "match.json"
    told.write_text(told.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(CorruptArtifact, match="no match of version 1"):
        match(["--show", "latest"])


def test_a_run_says_what_is_played_and_must_stay_what_it_was(run, capsys):
    from agents.network import PolicyValueNetwork
    from agents.saved import save_agent
    from envs import make

    assert match([str(run), f"{run}@last", "random", "--games", "4"]) == 0
    made = folder(run.parents[2])
    assert "ball_1v1, Elo: random fixed" in capsys.readouterr().out
    told = json.loads((made / "match.json").read_text())
    assert told["game"] == "ball_1v1"
    assert told["settings"]["pitch_length"] == 20.0
    assert told["players"]["random"]["sha256"] is None
    assert len(told["players"][str(run)]["sha256"]) == 64
    game = make("ball_1v1", pitch_length=20.0)
    network = PolicyValueNetwork(game.observation_shape[0], game.num_actions, hidden=(8,))
    save_agent(run / "agents" / "100", network, game, {}, replace=True)
    with pytest.raises(UserError, match="no longer the agent that began"):
        match(["--resume", "latest", "--games", "8"])


def altered(of: Path, **terms) -> None:
    """match.json as another version, or somebody, would have written it."""
    told = json.loads((of / "match.json").read_text())
    (of / "match.json").write_text(json.dumps(told | terms))


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"x"), Path.unlink])
def test_a_damaged_file_of_games_hides_no_table(place, capsys, damage):
    assert match([*THREE]) == 0
    damage(folder(place) / "games" / "0000.safetensors")
    for arguments, expected in (
        (["--show", "latest"], "Nash weight"),
        (["--show", "latest", "--json"], '"ratings"'),
        (["--resume", "latest"], "Nash weight"),
    ):
        capsys.readouterr()
        with pytest.raises(CorruptArtifact, match=r"0000\.safetensors"):
            match(arguments)
        assert expected in capsys.readouterr().out


def test_a_length_is_taken_back_to_what_was_played(place):
    assert match([*THREE[:-1], "300"]) == 0
    before = results(folder(place))
    assert [result["pairs"] for result in before] == [128, 22]
    plan = {**json.loads((folder(place) / "match.json").read_text())["plan"], "pairs": 5_000_000, "earlier": [150, 900]}
    altered(folder(place), plan=plan)  # as if stopped at once after --games 1800 and --games 10000000
    with pytest.raises(UserError, match="--games 298: there are 300 games of each two already"):
        match(["--resume", "latest", "--games", "298"])
    assert match(["--resume", "latest", "--games", "600"]) == 0
    assert results(folder(place))[:2] == before
    assert [result["pairs"] for result in results(folder(place))] == [128, 22, 128, 22]
    assert json.loads((folder(place) / "match.json").read_text())["plan"]["earlier"] == [150]
    assert match(["--resume", "latest", "--games", "700"]) == 0
    assert [result["pairs"] for result in results(folder(place))] == [128, 22, 128, 22, 50]


def test_a_game_that_is_not_there(place):
    assert match([*THREE]) == 0
    with pytest.raises(UserError, match="has games 0 to 39"):
        match(["--show", "latest", "--extract", "40"])


def test_long_names_are_told_apart_by_their_ends():
    names = ["runs/a/1/agents/best", "runs/b/1/agents/best", "random"]
    assert labels(names) == {names[0]: "a/1/agents/best", names[1]: "b/1/agents/best", "random": "random"}
