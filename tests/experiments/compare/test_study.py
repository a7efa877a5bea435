"""A whole small study as a user starts it: made, stopped, gone on with, reported."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.compare.study import is_study
from experiments.config_file import PACKAGED, load_any
from experiments.errors import UserError
from experiments.run import main

STUDY = """\
name: small
experiment: compare
title: A small study
base:
  game: {id: tic_tac_toe}
  network: {hidden: [16]}
labels:
  exact: {teacher: solver, positions: 200}
arms:
  ppo:
    label: PPO from zero
    config: {training: {num_games: 32}, algorithm: {name: ppo, minibatch_size: 512}}
  solver: {labels: [exact]}
  warm:
    start: {arm: solver, share: 0.25}
    config: {training: {num_games: 32}, algorithm: {name: ppo, minibatch_size: 512}}
seeds: 1
cost: {unit: gradient_steps, budget: 200}
at_shares: [0.5]
parallel: 2
measure:
  {positions: 60, positions_from: exact, simulations: 4, opponents: [one_ply], games: 8, expert: exact, foretold: 50}
claims:
  - {text: PPO passes exact labels, better: [ppo], than: [solver]}
paired:
  - {text: PPO gives away less than the teacher, better: ppo, than: labels}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Started, stopped by SIGINT once a run is finished, and gone on with."""
    home = tmp_path_factory.mktemp("home")
    (home / "small.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "experiments.run"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    log = open(home / "log.txt", "wb")  # noqa: SIM115
    process = subprocess.Popen([*command, "small.yaml"], cwd=home, env=environment, stdout=log, stderr=log)
    while not [*home.glob("runs/small/*/arms/*/seed_0/**/scores.json")]:
        assert process.poll() is None, (home / "log.txt").read_text()
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=120)
    log.close()
    said = (home / "log.txt").read_text()
    assert process.returncode == 130, said
    assert "go on with: python -m experiments.run --resume runs/small/" in said
    (folder,) = home.glob("runs/small/*")
    finished = {file: file.stat().st_mtime_ns for file in folder.glob("arms/**/scores.json")}
    assert finished
    ended = subprocess.run(
        [*command, "--resume", str(folder)], cwd=home, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "runs were finished before" in ended.stdout
    for file, when in finished.items():
        assert file.stat().st_mtime_ns == when, f"{file} was made again"
    return folder


def test_every_run_is_in_the_results_with_its_costs(study):
    results = json.loads((study / "results.json").read_text())
    points = {(p["arm"], p["share"]): p for p in results["points"]}
    assert set(points) == {(arm, share) for arm in ("ppo", "solver") for share in (0.5, 1.0)} | {
        ("warm", 0.625), ("warm", 1.0)
    }  # fmt: skip
    for (arm, share), point in points.items():
        assert point["cost"]["gradient_steps"] == pytest.approx(200 * share, abs=40), (arm, share)
        assert point["cost"]["flops"] > 0
        assert {"mistakes", "mistakes_4", "rating", "value_error", "expert_accuracy"} <= set(point["scores"])
    assert points["solver", 1.0]["cost"]["env_steps"] == 0
    assert points["warm", 1.0]["cost"]["env_steps"] > 0
    assert results["arms"]["solver"]["labels"]["count"] == 200
    assert results["arms"]["ppo"]["labels"] is None
    assert [reference["label"] for reference in results["references"]] == ["random play", "one move ahead"]


def test_labels_are_learned_and_play_is_not_yet(study):
    """200 gradient steps: exact labels teach tic-tac-toe by then, PPO from zero does not."""
    points = json.loads((study / "results.json").read_text())["points"]
    ends = {p["arm"]: p["scores"]["mistakes"] for p in points if p["share"] == 1}
    assert ends["solver"] < ends["ppo"]


def test_the_teacher_is_judged_in_the_same_positions(study):
    """Exact labels keep every result, if not always by the quickest way: PPO, hardly begun, gives away more."""
    (pair,) = json.loads((study / "results.json").read_text())["paired"]
    assert len(pair["a"]) == len(pair["groups"]) == 60
    assert 0 <= sum(pair["b"]) < sum(pair["a"]) / 2
    assert "PPO gives away less than the teacher (ppo against labels)" in (study / "report.html").read_text()


def test_where_the_agent_is_right_and_a_teacher_wrong_is_shown(tmp_path):
    """Even a network that has learned nothing is right now and then where a teacher is wrong."""
    import numpy as np
    import torch

    from agents.network import PolicyValueNetwork, arguments_of
    from agents.saved import save_agent
    from envs import make
    from experiments.compare.config import CompareConfig
    from experiments.compare.disagreement import SHOWN, disagreements
    from experiments.compare.instruments import find_positions

    game = make("tic_tac_toe")
    torch.manual_seed(2)  # two such positions
    network = PolicyValueNetwork(**arguments_of("mlp", game), hidden=[16])
    save_agent(tmp_path / "agent", network, game, {})
    config, _ = load_any("compare_connect_four.yaml")
    assert isinstance(config, CompareConfig)
    positions = find_positions(game, 60)
    found = disagreements(config, "search", tmp_path / "agent", game, positions)
    assert 0 < len(found) <= SHOWN
    for one in found:
        assert np.sign(one["agent_value"]) > np.sign(one["label_value"])
        assert one["label_source"] != "solver"
        assert one["png"].startswith("iVBOR")


def test_a_warm_start_begins_with_the_labels_agent(study):
    (job,) = study.glob("arms/warm/seed_0/then/job.json")
    begun = json.loads(job.read_text())["config"]["training"]["start_from"]
    assert str(study / "arms/warm/seed_0/first") in begun


def test_the_report_is_there(study):
    page = (study / "report.html").read_text()
    assert "A small study" in page
    assert "fewer than 5 seeds" in page


def test_it_is_a_study_and_goes_on_as_it_was_begun(study):
    assert is_study(study)
    with pytest.raises(UserError, match="a study goes on as it was begun"):
        main(["--resume", str(study), "training.minutes=5"])


def test_the_shipped_studies_say_what_they_would_run(capsys):
    shipped = [file.name for file in PACKAGED.glob("*.yaml") if "experiment: compare" in file.read_text()]
    assert "compare_connect_four.yaml" in shipped
    for name in shipped:
        load_any(name)
        assert main([name, "--dry-run"]) == 0
        assert "at a time" in capsys.readouterr().out
        assert main([name, "budget=quick", "--dry-run"]) == 0
