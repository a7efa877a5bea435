"""A measurement of a training run: what it logs, with the learner's place taken by weights that stay as they are."""

import io
import json
from types import SimpleNamespace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.drills.catalogue import DRILLS
from agents.network import PolicyValueNetwork
from envs import make
from experiments.assembly import network_config
from experiments.config import Config
from experiments.errors import ExitCode, UserError
from experiments.progress import Progress
from experiments.run_folder import RunFolder
from experiments.training import Training
from tests.experiments.command import event_steps


def measured(root, game_id: str, **evaluation) -> tuple[RunFolder, dict]:
    """The run and its row of metrics."""
    settings = {"games": 2, "opponents": ("random",), "clip": False, **evaluation}
    config = Config.model_validate(
        {"name": "tiny", "game": {"id": game_id}, "network": {"hidden": (8,)}, "evaluation": settings}
    )
    game = make(game_id)
    weights = PolicyValueNetwork(**network_config(config, game)).state_dict()
    kept = {name: value.numpy() for name, value in weights.items()}
    learner = SimpleNamespace(env_steps=500, agent_weights=lambda: kept)
    with RunFolder.create(config, ["test"], root) as run, Progress(config, io.StringIO()) as progress:
        Training(run, config, game, learner, progress, "experiments.run").measure()
    (row,) = map(json.loads, run.metrics.read_text().splitlines())
    return run, row


def test_the_drills_of_a_ball_game_are_logged(tmp_path):
    run, row = measured(tmp_path, "ball_1v1")
    tags = {f"drill/{drill.name}" for drill in DRILLS if drill.least_size == 1}
    assert {tag for tag in row if tag.startswith("drill/")} == tags
    assert all(0 <= row[tag] <= 1 for tag in tags)
    assert event_steps(run.path, "drill/kick_off") == [500]
    saved = json.loads((run.agents / "500" / "agent.json").read_text())
    assert saved["record"]["measured"]["drill/kick_off"] == row["drill/kick_off"]


@pytest.mark.parametrize(("game_id", "evaluation"), [("ball_1v1", {"drills": False}), ("tic_tac_toe", {})])
def test_without_drills_there_are_none(tmp_path, game_id, evaluation):
    _, row = measured(tmp_path, game_id, **evaluation)
    assert "eval/win_rate/random" in row
    assert not [tag for tag in row if tag.startswith("drill/")]


def test_mistakes_against_exact_play_are_logged(tmp_path):
    run, row = measured(tmp_path, "tic_tac_toe", mistakes=20)
    assert 0 < row["mistakes/rate"] < 1
    assert row["mistakes/regret"] > 0
    assert row["mistakes/value_error"] > 0
    assert event_steps(run.path, "mistakes/rate") == [500]


def test_a_game_of_one_s_own_whose_mistakes_cannot_be_judged_is_told(tmp_path):
    with pytest.raises(UserError, match=r"evaluation\.mistakes: nim has no planes of stones.*; set it to 0") as error:
        measured(tmp_path, "tests.own_game.nim:nim", mistakes=20)
    assert error.value.exit_code == ExitCode.USAGE


def test_what_takes_long_to_solve_is_told(tmp_path, monkeypatch):
    def make_slow(game, tell):
        tell(0, 7)
        raise ValueError("enough")

    monkeypatch.setattr("agents.solvers.make_solver", make_slow)
    told = []
    monkeypatch.setattr(Progress, "say", lambda self, text: told.append(text))
    with pytest.raises(UserError, match=r"evaluation\.mistakes: enough"):
        measured(tmp_path, "connect_four", mistakes=20)
    assert [line for line in told if line.startswith("solving positions, 0 of 7 done")]


class Learner:
    """Weights that are others at each time."""

    def __init__(self, config: Config, game, steps: int):
        torch.manual_seed(steps)
        weights = PolicyValueNetwork(**network_config(config, game)).state_dict()
        self.env_steps, self.agent_weights = steps, lambda: {name: value.numpy() for name, value in weights.items()}

    def import_(self, arrays, state) -> None:
        pass


def test_the_league_is_logged_and_resumed_as_if_nothing_had_happened(tmp_path):
    """Measurements at 100, 200 and 300; a checkpoint after the second, to which a run that died later goes back."""
    values = {"games": 2, "opponents": ("random",), "clip": False}
    config = Config.model_validate(
        {"name": "tiny", "game": {"id": "tic_tac_toe"}, "network": {"hidden": (8,)}, "evaluation": values}
    )
    game = make("tic_tac_toe")

    def going_on(run: RunFolder, steps: int) -> Training:
        learner = Learner(config, game, steps)
        return Training(run, config, game, learner, Progress(config, io.StringIO()), "experiments.run")

    with RunFolder.create(config, ["test"], tmp_path) as run:
        training = going_on(run, 100)
        training.measure()
        training.algorithm = Learner(config, game, 200)
        training.measure()
        saved = json.dumps({"algorithm": {}, "clock": vars(training.clock)})
        training.algorithm = Learner(config, game, 300)
        training.measure()
    rows = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    tags = {"league/newest_elo", "league/newest_low", "league/newest_high", "league/cyclic_share",
            "eval/win_rate/self_100", "eval/draw_rate/self_200"}  # fmt: skip
    assert tags <= set(rows[-1])
    assert event_steps(run.path, "league/newest_elo") == [100, 200, 300]
    found = EventAccumulator(str(run.events))
    found.Reload()
    assert [image.step for image in found.Images("league/ratings")] == [100, 200, 300]
    assert [image.step for image in found.Images("league/payoffs")] == [200, 300]
    assert b"@300" in found.Tensors("league/table/text_summary")[-1].tensor_proto.string_val[0]
    league = training.clock.league
    assert league["members"] == ["@100", "@200", "@300"]
    assert (run.agents / "300").exists()

    with RunFolder.open(run.path) as run:
        run.resume(200, ["test"])
        training = going_on(run, 200)
        training.restore({}, json.loads(saved))
        assert training.clock.league["members"] == ["@100", "@200"]
        assert not (run.agents / "300").exists()
        training.algorithm = Learner(config, game, 300)
        training.measure()
    assert training.clock.league == league
    again = [json.loads(line) for line in run.metrics.read_text().splitlines()][-1]
    assert again | {"time": 0} == rows[-1] | {"time": 0}


def test_without_mistakes_there_are_none(tmp_path):
    _, row = measured(tmp_path, "tic_tac_toe")
    assert not [tag for tag in row if tag.startswith("mistakes/")]
