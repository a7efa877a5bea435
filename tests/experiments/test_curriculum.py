"""`training.curriculum`: what is refused, when a run goes on to the next stage, a run from end to end."""

import json
from pathlib import Path

import pytest

from envs import make
from envs.game import InvalidSetting
from experiments.config import Config, Stage
from experiments.config_file import build_game, extend, load, load_resolved, to_yaml
from experiments.curriculum import game_of, games_before, stage_now
from experiments.errors import ExitCode, UserError
from tests.experiments.command import Command, run_folders

STAGES = """
name: school
network: {type: entities}
game:
  id: ball_2v2
  settings: {observation: entities, time_limit: 20}
training:
  curriculum:
    - until_rating: 100
      team_size: 1
      settings: {start_area: [0.5, 0.5]}
    - until_rating: 400
      until_share: 0.6
      settings: {pitch_size_factor: [0.8, 0.8]}
"""


def complaint(tmp_path: Path, text: str, *overrides: str) -> str:
    (tmp_path / "school.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        build_game(*load(str(tmp_path / "school.yaml"), overrides))
    assert error.value.exit_code == ExitCode.USAGE
    return str(error.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("team_size: 1", "school.yaml:6: 'training.curriculum.0.until_rating' is missing"),
        ("until_rating: 1\n      until_raing: 2", "school.yaml:7: unknown key 'training.curriculum.0.until_raing'; did "
         "you mean 'training.curriculum.0.until_rating'?"),
        ("until_rating: 1", "school.yaml:6: training.curriculum.0 is the game as it is; give settings or a team_size"),
        ("until_rating: 1\n      team_size: 1", "school.yaml:7: training.curriculum.0.team_size needs a ball game with "
         "network.type entities, whose networks read any team size"),
        ("until_rating: 1\n      until_share: 1\n      settings: {start_area: [0.5, 0.5]}", "school.yaml:7: "
         "training.curriculum.0.until_share is 1; wanted less than 1"),
        ("until_rating: 1\n      settings: {start_area: [0.1, 1]}", "school.yaml:7: training.curriculum.0.settings: "
         "setting 'start_area' is (0.1, 1); each end must be in [0.2, 1]"),
        ("until_rating: 1\n      settings: {start_aera: [0.5, 0.5]}", "school.yaml:7: training.curriculum.0.settings: "
         "ball_2v2 has no setting 'start_aera'; did you mean 'start_area'?"),
        ("until_rating: 1\n      settings: {start_area: [1, 2, 3]}", "school.yaml:7: "
         "training.curriculum.0.settings.start_area is a list; wanted true or false, a number, text or a range [low, "
         "high]"),
        ("until_rating: 1\n      settings: {draws_observed: true}", "school.yaml:7: training.curriculum.0.settings: "
         "they change what is observed, [40] instead of [28], so that one network cannot play both games"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, stage: str, message: str):
    text = f"name: school\ngame:\n  id: ball_2v2\ntraining:\n  curriculum:\n    - {stage}\n"
    assert complaint(tmp_path, text) == message


def test_without_measurements_no_stage_would_end(tmp_path: Path):
    message = complaint(tmp_path, STAGES, "evaluation.every_minutes=null")
    assert message == (
        "command line: evaluation.every_minutes is null, so no rating would end a stage of training.curriculum"
    )


def test_a_curriculum_prints_as_itself_and_stays_when_a_run_is_extended(tmp_path: Path):
    (tmp_path / "school.yaml").write_text(STAGES)
    config, source = load(str(tmp_path / "school.yaml"))
    build_game(config, source)
    (tmp_path / "config.yaml").write_text(to_yaml(config))
    assert load_resolved(tmp_path / "config.yaml") == config
    assert extend(config, ["training.minutes=20"]).training.curriculum == config.training.curriculum


def test_stages_keep_what_the_run_says_of_its_game(tmp_path: Path):
    (tmp_path / "school.yaml").write_text(STAGES)
    config, source = load(str(tmp_path / "school.yaml"))
    (small, first), (own, second) = (
        (name, game.settings) for name, game in games_before(config, build_game(config, source))
    )
    assert (small, own) == ("ball_1v1", "ball_2v2")
    assert (first["start_area"], first["pitch_size_factor"]) == ((0.5, 0.5), (1, 1))
    assert (second["start_area"], second["pitch_size_factor"]) == ((1, 1), (0.8, 0.8))
    assert {first["observation"], second["observation"]} == {"entities"}
    assert first["time_limit"] == second["time_limit"] == 20
    assert first["pitch_length"] == make("ball_1v1").settings["pitch_length"]


def test_a_game_of_one_s_own_has_stages_too():
    config = Config.model_validate({"name": "x", "game": {"id": "tests.own_game.nim:nim"}})
    nim = make("tests.own_game.nim:nim")
    name, game = game_of(Stage(until_rating=0, settings={"misere": True}), config, nim)
    assert (name, game.settings) == ("tests.own_game.nim:nim", {"misere": True})
    with pytest.raises(InvalidSetting, match="no setting 'height'"):
        game_of(Stage(until_rating=0, settings={"height": 3}), config, nim)


@pytest.mark.parametrize(
    ("stage", "low", "share", "next_stage"),
    [
        (0, None, 0.0, 0),  # not measured yet
        (0, 99.0, 0.1, 0),
        (0, 100.0, 0.1, 1),
        (0, None, 0.5, 1),  # late enough
        (1, 100.0, 0.55, 1),  # one at a time: the next stage has bounds of its own
        (1, 401.0, 0.1, 2),
        (1, -50.0, 0.6, 2),
        (2, 9999.0, 0.99, 2),  # the game itself, for the rest of the run
    ],
)
def test_when_a_run_goes_on(tmp_path: Path, stage: int, low: float | None, share: float, next_stage: int):
    (tmp_path / "school.yaml").write_text(STAGES)
    config, _ = load(str(tmp_path / "school.yaml"))
    assert stage_now(config, stage, low, share) == next_stage


RUN = """
name: tiny
game: {id: hex_3}
network: {hidden: [16]}
algorithm: {rollout_length: 16, minibatch_size: 128}
training:
  num_games: 16
  env_steps: 5120
  minutes: null
  curriculum: [{until_rating: 9000, until_share: 0.4, settings: {swap: false}}]
opponents: {snapshot_every: 3, pool_size: 4}
evaluation: {games: 2, clip: false}
resources: {runners: 0}
"""


def test_a_run_goes_on_to_its_own_game_and_stays_there_when_it_is_resumed(tmp_path: Path):
    (tmp_path / "tiny.yaml").write_text(RUN)
    code, out, err = Command(tmp_path, "tiny.yaml").finish()
    assert code == 0, err
    assert "curriculum: on to the game itself (no rating yet, 40% of the budget)" in out
    (run,) = run_folders(tmp_path)
    last = run / "checkpoints" / "5120"
    assert json.loads((last / "state.json").read_text())["state"]["algorithm"]["stage"] == 1
    code, out, err = Command(tmp_path, "--resume", "latest", "training.env_steps=7680").finish()
    assert code == 0, err
    assert "curriculum" not in out
    agent = json.loads((run / "agents" / "last" / "agent.json").read_text())
    assert agent["settings"]["swap"] is True
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {row["selfplay/stage"] for row in rows if "selfplay/stage" in row} == {1}
