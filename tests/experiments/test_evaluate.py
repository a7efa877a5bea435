"""The commands that measure: tables, JSON, and one line and an exit code for every mistake."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.network import PolicyValueNetwork
from agents.saved import save_agent
from envs import make
from experiments.anchors import main as anchors
from experiments.config import Config
from experiments.config_file import to_yaml
from experiments.errors import UserError
from experiments.evaluate import find_subject
from experiments.evaluate import main as evaluate


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    game, folder = make("ball_1v1", goal_fraction=0.7), tmp_path_factory.mktemp("runs") / "tiny" / "20260101T000000Z-a"
    network = PolicyValueNetwork(game.observation_shape[0], game.num_actions, hidden=(8,))
    save_agent(folder / "agents" / "500", network, game, {})
    (folder / "agents" / "best").symlink_to("500")
    config = Config.model_validate({"name": "tiny", "game": {"id": "ball_1v1", "settings": {"goal_fraction": 0.7}}})
    (folder / "config.yaml").write_text(to_yaml(config))
    return folder


def test_a_network_is_measured_with_search(tmp_path, capsys):
    game = make("tic_tac_toe")
    save_agent(tmp_path / "small", PolicyValueNetwork(18, 9, hidden=(4,)), game, {})
    assert find_subject(f"{tmp_path}/small+8").name == f"{tmp_path}/small+8"
    assert evaluate([f"{tmp_path}/small+8", "--games", "4", "--opponents", "random"]) == 0
    assert "random" in capsys.readouterr().out


def test_a_run_is_measured_against_its_ladder_as_a_table(run, capsys):
    assert evaluate([str(run), "--games", "4"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("rating ")
    assert "95% between" in out.splitlines()[0]
    for level in range(4):
        assert f"scripted:L{level}" in out
    assert "goals" in out


def test_json_is_all_there_is_on_stdout(run, capsys):
    assert evaluate([f"{run}@500", "--games", "4", "--seed", "3", "--opponents", "random", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["game"] == "ball_1v1"
    assert (found["pairs"], found["seed"], found["greedy"]) == (2, 3, True)
    assert [row["opponent"] for row in found["against"]] == ["random"]
    assert found["rating"]["low"] <= found["rating"]["elo"] <= found["rating"]["high"]


def test_a_saved_agent_and_greedy_play(run, capsys):
    arguments = [str(run / "agents" / "500"), "--games", "4", "--opponents", "scripted:L0", "--json"]
    assert evaluate([*arguments, "--sampled"]) == 0
    assert json.loads(capsys.readouterr().out)["greedy"] is False


def test_drills_of_a_run_as_a_table_and_as_json(run, capsys):
    assert evaluate([str(run), "--drills"]) == 0
    out = capsys.readouterr().out
    for shown in ("empty_goal", "95% between", "needs 2 a side", "needs 3 a side"):
        assert shown in out
    assert evaluate(["scripted:L3", "--game", "ball_2v2", "--drills", "--seed", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["agent"], found["game"], found["seed"]) == ("scripted:L3", "ball_2v2", 2)
    rows = {row["drill"]: row for row in found["drills"]}
    assert len(rows) == 12
    assert rows["own_net"]["tried"] == 64
    assert rows["own_net"]["rate"] == rows["own_net"]["passed"] / 64 > 0.75
    assert rows["own_net"]["low"] < rows["own_net"]["rate"] < rows["own_net"]["high"]
    assert rows["three_against_keeper"]["missing"] == "needs 3 a side"


def test_mistakes_as_a_table_and_as_json(capsys):
    assert evaluate(["one_ply", "--game", "tic_tac_toe", "--mistakes"]) == 0
    out = capsys.readouterr().out
    for shown in ("first third", "second third", "last third", "95% between", "points lost"):
        assert shown in out
    assert evaluate(["solver", "--game", "tic_tac_toe", "--mistakes", "50", "--seed", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["agent"], found["game"], found["seed"]) == ("solver", "tic_tac_toe", 2)
    assert 10 < found["total"]["positions"] <= 50  # as many as there are
    assert (found["total"]["mistakes"], found["total"]["low"]) == (0, 0)
    assert found["total"]["regret"] == {"mean": 0, "margin": 0}


def test_a_named_agent_wants_a_game(capsys):
    assert evaluate(["one_ply", "--game", "tic_tac_toe", "--games", "20"]) == 0
    assert "random" in capsys.readouterr().out
    with pytest.raises(UserError, match="say which with --game") as error:
        evaluate(["one_ply"])
    assert error.value.exit_code == 2


def test_games_for_chips_tell_what_a_game_pays(capsys):
    assert evaluate(["random", "--game", "leduc_poker", "--games", "400"]) == 0
    assert "a game pays" in (out := capsys.readouterr().out)
    assert "+0.000 ±0.000" in out  # against itself, the same games twice
    assert evaluate(["random", "--game", "leduc_poker", "--games", "400", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["against"]
    assert (row["mean_return"], row["return_margin"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["one_plyy", "--game", "tic_tac_toe"], "did you mean 'one_ply'"),
        (["random", "--game", "tictactoe"], "did you mean 'tic_tac_toe'"),
        (["random", "--game", "tic_tac_toe", "--opponents", "scripted:L1"], "plays ball games, not tic_tac_toe"),
        (["random", "--game", "tic_tac_toe", "--games", "3"], "it must be even"),
        (["random", "--game", "tic_tac_toe", "--games", "0"], "it must be even, 2 or more"),
        (["random", "--game", "tic_tac_toe", "--seed", "-1"], "it must be 0 or more"),
        (["one_ply", "--game", "kuhn_poker"], "one_ply would see what kuhn_poker hides"),
        (["runs/nowhere"], "there is no folder runs/nowhere"),
        (["random", "--game", "chess", "--drills"], "the drills are of the ball games, not of chess"),
        (["random", "--game", "ball_1v1", "--drills", "--games", "8"], "--games: not with --drills"),
        (["random", "--game", "ball_1v1", "--drills", "--opponents", "random"], "--opponents: not with --drills"),
        (["random", "--game", "ball_1v1", "--drills", "--opening", "0"], "--opening: not with --drills"),
        (["random", "--game", "ball_1v1", "--drills", "--mistakes"], "--mistakes: not with --drills"),
        (["random", "--game", "hex_3", "--mistakes", "--games", "8"], "--games: not with --mistakes"),
        (["random", "--game", "hex_3", "--mistakes", "1"], "positions is 1; two or more are judged"),
        (["random", "--game", "chess", "--mistakes"], "chess has no exact solver; these have one: tic_tac_toe"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments, said):
    with pytest.raises(UserError) as error:
        evaluate(arguments)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2


def test_another_game_than_the_agents_is_refused(run):
    with pytest.raises(UserError, match="plays ball_1v1"):
        evaluate([str(run), "--game", "ball_2v2"])


CHASE = "tests.own_game.chase:chase"


def test_an_entities_agent_is_measured_at_another_team_size(tmp_path, capsys):
    """Of its settings, those stay that are not the usual ones of its own size: the pitch, 8 at 2v2, is 12 at 3v3."""
    game = make(f"{CHASE}_2v2", observation="entities", scale=2.0)
    assert game.settings["length"] == 8
    save_agent(tmp_path / "agent", PolicyValueNetwork(7, 4, (4,), entity_hidden=(4,)), game, {})
    found = find_subject(str(tmp_path / "agent"), f"{CHASE}_3v3")
    assert found.game.settings == {"observation": "entities", "scale": 2.0, "length": 12.0}
    assert evaluate([str(tmp_path / "agent"), "--game", f"{CHASE}_3v3", "--games", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["game"] == "chase_3v3"
    same = find_subject(str(tmp_path / "agent"), f"{CHASE}_2v2")
    assert (same.game.id, same.game.settings) == ("chase_2v2", game.settings)
    with pytest.raises(UserError, match="plays chase_2v2"):
        find_subject(str(tmp_path / "agent"), "ball_3v3")


def test_a_setting_chosen_for_the_smaller_game_holds_for_the_larger(tmp_path):
    game = make(f"{CHASE}_2v2", observation="entities", length=20.0)
    save_agent(tmp_path / "agent", PolicyValueNetwork(7, 4, (4,), entity_hidden=(4,)), game, {})
    assert find_subject(str(tmp_path / "agent"), f"{CHASE}_3v3").game.settings["length"] == 20


def _command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True)


def test_a_damaged_agent_ends_with_exit_code_4_and_no_traceback(tmp_path):
    game = make("tic_tac_toe")
    save_agent(tmp_path / "agent", PolicyValueNetwork(18, 9, hidden=(4,)), game, {})
    weights = bytearray((tmp_path / "agent" / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "agent" / "weights.safetensors").write_bytes(weights)
    found = _command("experiments.evaluate", str(tmp_path / "agent"))
    assert found.returncode == 4
    assert "was altered" in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1


def test_an_agent_of_another_game_as_opponent_ends_with_exit_code_4(tmp_path):
    game = make("tic_tac_toe")
    save_agent(tmp_path / "agent", PolicyValueNetwork(18, 9, hidden=(4,)), game, {})
    found = _command("experiments.evaluate", "random", "--game", "connect_four", "--opponents", str(tmp_path / "agent"))
    assert found.returncode == 4
    assert "plays 'tic_tac_toe', not 'connect_four'" in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("module", ["experiments.evaluate", "experiments.anchors"])
def test_help_is_there_at_once(module):
    begun = time.perf_counter()
    found = _command(module, "--help")
    assert found.returncode == 0
    assert f"python -m {module}" in found.stdout
    assert time.perf_counter() - begun < 2.0  # 0.06 s alone on a core; generous to a busy machine


def test_anchors_are_written_with_how_they_were_made(tmp_path, capsys):
    file = tmp_path / "x.json"
    assert anchors(["tic_tac_toe", "--pairs", "50", "--seed", "5", "--out", str(file)]) == 0
    found = json.loads(file.read_text())
    assert found["game"] == "tic_tac_toe"
    assert found["ratings"]["random"] == 0
    assert found["ratings"]["one_ply"] > 100
    assert found["how"]["command"] == "python -m experiments.anchors tic_tac_toe --pairs 50 --seed 5"
    assert sum(found["results"][0]["pairs_by_points"]) == 50
    with pytest.raises(UserError, match="did you mean 'tic_tac_toe'"):
        anchors(["tic_tac_to"])
    with pytest.raises(UserError, match="--pairs must be 1 or more"):
        anchors(["tic_tac_toe", "--pairs", "0"])
