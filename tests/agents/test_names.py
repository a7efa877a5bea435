"""Agents' names: what they mean, and what a mistake is told."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.names import SCRIPTED_LEVELS, WORDS, check_name, make_agent, parse_name, pinned, tag
from agents.network import PolicyValueNetwork
from agents.saved import WrongGame, save_agent
from envs import make
from envs.batch import Batch


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run that saved agents at 100, 2,000 (its best) and 30,000 steps; they always play action 0, 1 and 2."""
    game, folder = make("connect_four"), tmp_path_factory.mktemp("runs") / "20260101T000000Z-abcdef"
    for index, steps in enumerate((100, 2_000, 30_000)):
        save_agent(folder / "agents" / str(steps), _always(index, game), game, {"env_steps": steps})
    (folder / "agents" / "best").symlink_to("2000")
    (folder / "agents" / "last").symlink_to("30000")
    return folder


def _always(action: int, game) -> PolicyValueNetwork:
    network = PolicyValueNetwork(84, game.num_actions, hidden=(4,))
    network.heads.weight.data.zero_()
    network.heads.bias.data.zero_()
    network.heads.bias.data[action] = 50.0
    return network


def _opening_move(name: str) -> int:
    game = make("connect_four")
    agent = make_agent(name, game)
    assert agent.name == name
    return int(agent.act(Batch(game, 1).states, np.zeros(1, np.int64), np.random.default_rng(0))[0])


@pytest.mark.parametrize(
    ("suffix", "steps", "action"),
    [("", "best", 1), ("@last", "last", 2), ("@100", "100", 0), ("@29999", "2000", 1), ("@999999999", "30000", 2)],
)
def test_a_run_means_its_best_its_last_or_the_agent_at_or_before(run, suffix, steps, action):
    name = f"{run}{suffix}"
    check_name(name)
    assert parse_name(name).folder == run / "agents" / steps
    assert _opening_move(name) == action


def test_a_saved_agent_is_its_folder(run):
    assert _opening_move(str(run / "agents" / "100")) == 0


def test_a_network_plays_its_best_action_where_the_name_says_so(run, tmp_path):
    """It likes action 1 by 50 in log odds; turned down to nothing it draws, but for the greedy one."""
    game, name = make("connect_four"), f"{run}@last"
    assert parse_name(f"{name},greedy").greedy
    assert not parse_name(name).greedy
    network = _always(1, game)
    network.heads.bias.data[1] = 0.1
    save_agent(tmp_path / "mild", network, game, {})
    states, players = np.repeat(Batch(game, 1).states, 50), np.zeros(50, np.int64)
    for suffix, played in (("", set(range(7))), (",greedy", {1})):
        agent = make_agent(f"{tmp_path}/mild{suffix}", game)
        assert agent.name == f"{tmp_path}/mild{suffix}"
        assert set(agent.act(states, players, np.random.default_rng(0)).tolist()) == played
    for word in ("random,greedy", "one_ply,greedy"):
        with pytest.raises(ValueError, match="goes with a saved agent or a run"):
            check_name(word)
    with pytest.raises(ValueError, match="unknown knob 'greedy'"):
        check_name("scripted:L3,greedy")


def test_a_network_searches_where_the_name_says_how_long(run, tmp_path):
    """Four in a row are to be had in column 7, which it does not like: with search it wins."""
    game, name = make("connect_four"), f"{run}@100+64"
    assert parse_name(name).simulations == 64
    assert not parse_name(name).greedy
    assert parse_name(f"{name},greedy").greedy
    assert parse_name(f"{name},greedy").simulations == 64
    assert parse_name(f"{run}@100").simulations == 0
    assert pinned(name) == f"{run}/agents/100+64"
    assert pinned(f"{name},greedy") == f"{run}/agents/100+64,greedy"
    agent = make_agent(name, game)
    assert agent.name == name
    batch = Batch(game, 1)
    for column in (6, 5, 6, 5, 6, 5):
        batch.step(np.array([column]))
    states, players = batch.states, np.zeros(1, np.int64)
    assert agent.act(states, players, np.random.default_rng(0)) == 6
    assert make_agent(f"{run}@100", game).act(states, players, np.random.default_rng(0)) == 0
    with pytest.raises(ValueError, match="write an agent's simulations a move, 1 to 1,000,000"):
        parse_name(f"{run}@100+0")
    (tmp_path / "agent+64").mkdir()
    with pytest.raises(ValueError, match="is neither a saved agent nor a run"):
        parse_name(f"{tmp_path}/agent+64")  # a folder of that name is meant


def test_a_pinned_name_means_the_same_agent_later_and_elsewhere(run, monkeypatch):
    monkeypatch.chdir(run.parent)
    assert pinned(f"{run.name},greedy") == f"{run}/agents/2000,greedy"
    assert pinned(f"{run.name}@last") == f"{run}/agents/30000"
    assert pinned("scripted:L3,speed=0.8") == "scripted:L3,speed=0.8"
    with pytest.raises(ValueError, match="there is no folder"):
        pinned("./nowhere")
    (run.parent / "engine").write_text("")
    (run.parent / "engine").chmod(0o755)
    assert pinned("uci:./engine,nodes=5,elo=1400") == f"uci:{run.parent}/engine,nodes=5,elo=1400"
    assert pinned("gtp:./engine") == f"gtp:{run.parent}/engine"
    assert pinned("uci:true") == f"uci:{Path(shutil.which('true')).parent.resolve() / 'true'}"
    (run.parent / "with,comma").mkdir()
    (run.parent / "engine").rename(run.parent / "with,comma" / "engine")
    monkeypatch.chdir(run.parent / "with,comma")
    with pytest.raises(ValueError, match="has a comma, which begins an option"):
        pinned("uci:./engine")


def test_all_names_of_one_agent_are_pinned_alike(tmp_path, monkeypatch):
    """A program that is found by another link than its folder's is another one: it may go by what it is called."""
    engines = tmp_path / "engines"
    engines.mkdir()
    (engines / "engine").write_text("")
    (engines / "engine").chmod(0o755)
    (engines / "other").symlink_to("engine")
    (tmp_path / "link").symlink_to("engines")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "link"))
    for name in ("engine", "./engines/engine", "link/engine", str(engines / "engine"), "engines/../link/engine"):
        assert pinned(f"uci:{name}") == f"uci:{engines}/engine"
    assert pinned("uci:other") == f"uci:{engines}/other"
    options = "movetime=0.25,nodes=123456789012,elo=1400"
    assert pinned(f"uci:engine,{options}") == f"uci:{engines}/engine,{options}"
    assert pinned("uci:engine,elo=1400,nodes=123456789012,timeout=30,movetime=.25") == pinned(f"uci:engine,{options}")
    assert pinned("scripted:L3,noise=0.10,speed=1,decision=2") == "scripted:L3,decision=2,noise=0.1"
    assert parse_name(pinned("scripted:L3,speed=0.123456789")) == parse_name("scripted:L3,speed=0.123456789")


def test_words_make_agents_of_that_name():
    assert make_agent("random", make("ball_1v1")).name == "random"
    assert make_agent("one_ply", make("tic_tac_toe")).name == "one_ply"
    assert make_agent("alphabeta:12", make("tic_tac_toe")).name == "alphabeta:12"
    assert make_agent("mcts:50", make("tic_tac_toe")).name == "mcts:50"
    for level in SCRIPTED_LEVELS:
        make_agent(f"scripted:{level}", make("ball_2v2"))
    for word in WORDS:
        check_name(word)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one_plyy", "did you mean 'one_ply'?"),
        ("rondom", "did you mean 'random'?"),
        ("scripted:L7", "did you mean 'scripted:L"),
        ("scripted", "did you mean 'scripted:L"),
        ("zzz", "known: random, one_ply, solver, scripted:L0"),
        ("", "known: random"),
        ("runs/nowhere", "there is no folder runs/nowhere"),
        ("runs/nowhere@last", "there is no folder runs/nowhere"),
        ("mcts", "'mcts': write an agent's simulations a move, 1 to 1,000,000: mcts:200, RUN+64"),
        ("mcts:0", "'mcts:0': write an agent's simulations a move"),
        ("mcts:1000001", "write an agent's simulations a move"),
        ("mcts:many", "write an agent's simulations a move"),
        ("random+64", "go with a saved agent or a run, which has a network"),
        ("runs/nowhere+64", "there is no folder runs/nowhere"),
        ("alphabeta", "'alphabeta': write how many plies the agent looks ahead, alphabeta:1 to alphabeta:20"),
        ("alphabeta:0", "write how many plies the agent looks ahead"),
        ("alphabeta:21", "write how many plies the agent looks ahead"),
        ("alphabeta:four", "write how many plies the agent looks ahead"),
        ("alphabeto:4", "did you mean 'alphabeta:4'?"),
    ],
)
def test_a_wrong_name_is_told_what_would_be_right(name, said):
    with pytest.raises(ValueError, match=r"agent|folder") as error:
        check_name(name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        ("@99", "no agent from 99 environment steps or before; its first was saved at 100"),
        ("@first", "'last' or a number of environment steps"),
        ("@-5", "'last' or a number of environment steps"),
        ("/agents/100@last", "one saved agent, not a run"),
        ("/agents", "neither a saved agent nor a run"),
    ],
)
def test_a_wrong_place_in_a_run(run, suffix, said):
    with pytest.raises(ValueError, match=said):
        check_name(f"{run}{suffix}")


def test_a_run_without_a_best_agent_says_what_it_has(tmp_path):
    game = make("connect_four")
    save_agent(tmp_path / "agents" / "64", _always(0, game), game, {})
    with pytest.raises(ValueError, match=f"has not saved its best agent yet; it has {tmp_path}@64"):
        check_name(str(tmp_path))


def test_the_folder_above_the_runs_is_told_the_newest(run):
    with pytest.raises(ValueError, match=f"did you mean {run}"):
        check_name(str(run.parent))


def test_a_file_is_no_agent(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        check_name(str(tmp_path / "x"))


def test_agents_that_play_other_games_are_refused(run):
    with pytest.raises(ValueError, match="'one_ply' plays games with turns, not ball_1v1"):
        make_agent("one_ply", make("ball_1v1"))
    with pytest.raises(ValueError, match="'scripted:L2' plays ball games, not connect_four"):
        make_agent("scripted:L2", make("connect_four"))
    with pytest.raises(WrongGame, match="plays 'connect_four', not 'tic_tac_toe'"):
        make_agent(str(run), make("tic_tac_toe"))


def test_tags_hold_no_separators():
    assert tag("scripted:L3") == "scripted_L3"
    assert tag("/home/me/runs/x@last") == "home_me_runs_x_last"


def test_checking_a_name_imports_nothing_heavy():
    code = (
        "import sys; from agents.names import check_name; check_name('scripted:L3'); "
        "print([m for m in ('numpy', 'torch', 'numba', 'ray') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
