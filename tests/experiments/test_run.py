"""`python -m experiments.run` from end to end: trains, continues exactly, stops on a signal, tells what fails."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from envs import make
from experiments import checkpoint
from experiments.errors import ExitCode
from tests.exactness import bits
from tests.experiments.command import Command, assert_nothing_is_left, event_steps, run_folders, steps_of, told_once

CONFIG = """
name: tiny
game: {id: tic_tac_toe}
network: {hidden: [16]}
algorithm: {rollout_length: 16, minibatch_size: 128}
training: {num_games: 16, env_steps: 5120, minutes: null, random_opening_plies: 2}
opponents: {snapshot_every: 3, pool_size: 4, latest: 0.5, pool: 0.5}
evaluation: {every_minutes: null, games: 2, clip: false}
resources: {runners: 0}
"""


SEARCH = """
name: tiny
game: {id: tic_tac_toe}
network: {hidden: [16]}
algorithm: {name: alphazero, simulations: 6, rollout_length: 8, begin: 500, window_least: 500, minibatch_size: 64}
training: {num_games: 16, env_steps: 5120, minutes: null, random_opening_plies: 2, lr_final: null}
opponents: {snapshot_every: 3, pool_size: 4, latest: 0.5, pool: 0.5}
evaluation: {every_minutes: null, games: 2, clip: false, mistakes: 50, simulations: 4}
resources: {runners: 0}
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """`start("tiny.yaml", ...)` in a folder of its own; what still runs after the test is killed."""
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    commands: list[Command] = []

    def begin(*arguments: str) -> Command:
        commands.append(Command(tmp_path, *arguments))
        return commands[-1]

    yield begin
    for command in commands:
        if command.process.poll() is None:
            for process in command.family():
                if process.is_running():
                    process.kill()
            command.process.wait(10)


SEVERAL = "import json, sys; from experiments.run import main; print([int(main(a)) for a in json.loads(sys.argv[1])])"


def assert_same_training(first: Path, second: Path, steps: int) -> None:
    """The agents and all that the last checkpoint holds, to the last bit, but for the clock."""
    weights = [run / "agents" / str(steps) / "weights.safetensors" for run in (first, second)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    dtypes = [make("tic_tac_toe").state_dtype]
    one, other = (checkpoint.load(run / "checkpoints" / str(steps), dtypes) for run in (first, second))
    assert one.state["algorithm"] == other.state["algorithm"]
    assert one.arrays.keys() == other.arrays.keys()
    for group, named in one.arrays.items():
        for name, array in named.items():
            assert bits(array) == bits(other.arrays[group][name]), f"{group}/{name}"


@pytest.mark.parametrize("config", [CONFIG, SEARCH], ids=["ppo", "alphazero"])
def test_a_run_continued_is_bit_for_bit_the_run_that_was_not_interrupted(tmp_path: Path, config: str):
    """20 updates or more, --resume with twice the steps, against all of them at once, three runs in one process."""
    (tmp_path / "tiny.yaml").write_text(config)
    # else they depend on the budget
    constant = ["training.lr_final=null", "algorithm.entropy_final=null"] if config is CONFIG else []
    runs = [
        ["tiny.yaml", *constant],
        ["--resume", "latest", "training.env_steps=10240"],
        ["tiny.yaml", "training.env_steps=10240", *constant],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(runs)], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "[0, 0, 0]"
    continued, straight = run_folders(tmp_path)
    # searches end when they do, so that an update has a few steps more
    first, last = sorted(int(path.name) for path in continued.glob("agents/[0-9]*"))
    assert (first, last) == (5120, 10240) if config is CONFIG else first >= 5120 and last >= 10240
    assert_same_training(continued, straight, last)
    assert told_once(continued)
    assert sorted(set(steps_of(continued))) == [first, last]
    if config is SEARCH:
        rows = [json.loads(line) for line in (continued / "metrics.jsonl").read_text().splitlines()]
        tags = set().union(*rows)
        assert {"loss/policy", "selfplay/window", "speed/simulations_per_second"} <= tags
        assert {"mistakes/rate", "search/mistakes/rate", "search/rating/elo"} <= tags
    assert len(json.loads((continued / "manifest.json").read_text())["resumed"]) == 1


@pytest.mark.slow
def test_a_run_stopped_by_a_signal_and_continued_is_bit_for_bit_the_same(start, tmp_path: Path):
    """At a moment that nobody chose; learning rate and entropy bonus follow their schedules."""
    longer = ["tiny.yaml", "training.env_steps=409600", "opponents.snapshot_every=50"]
    command = start(*longer)
    command.wait_for("steps/s")
    command.process.send_signal(signal.SIGINT)
    assert command.finish()[0] == ExitCode.INTERRUPTED
    assert start("--resume", "latest").finish()[0] == 0
    assert start(*longer).finish()[0] == 0
    continued, straight = run_folders(tmp_path)
    (stop,) = json.loads((continued / "manifest.json").read_text())["resumed"]
    assert 0 < stop["env_steps"] < 409600
    assert_same_training(continued, straight, 409600)


def test_signals_save_the_run_and_leave_nothing_behind(start, tmp_path: Path):
    """Ctrl-C in a terminal (to the whole group), --resume, then SIGTERM to the process alone. One runner."""
    home, endless = tmp_path / "home", ["training.env_steps=1e9", "resources.runners=1"]
    first = start("tiny.yaml", *endless)
    first.wait_for("steps/s")
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in first.family()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}
    assert len(first.family()) > 3  # Ray and a runner
    os.killpg(first.process.pid, signal.SIGINT)
    code, out, err = first.finish()
    assert (code, err) == (ExitCode.INTERRUPTED, "")
    assert "stopping: finishing this update and saving" in out
    assert "go on:   python -m experiments.run --resume runs/tiny/" in out
    assert_nothing_is_left(first, home)
    (run,) = run_folders(tmp_path)
    saved = max(int(path.name) for path in (run / "checkpoints").iterdir())

    second = start("--resume", "latest")
    second.wait_for(f"going on from {saved:,} environment steps")
    second.wait_for("steps/s")
    second.family()
    second.process.send_signal(signal.SIGTERM)
    code, out, err = second.finish()
    assert (code, err) == (ExitCode.TERMINATED, "")
    assert_nothing_is_left(second, home)
    assert run_folders(tmp_path) == [run]
    assert max(int(path.name) for path in (run / "checkpoints").iterdir()) > saved
    assert max(steps_of(run)) > saved
    assert told_once(run)
    shown = event_steps(run, "loss/policy")
    assert shown == sorted(set(shown))
    assert max(shown) > saved


@pytest.mark.slow
@pytest.mark.parametrize("line", ["compiling the rules", "starting Ray"])
def test_a_signal_while_it_starts_is_not_lost(start, tmp_path: Path, line: str):
    command = start("tiny.yaml", "training.env_steps=1e9", "resources.runners=1")
    command.wait_for(line)
    time.sleep(1)
    command.family()
    command.process.send_signal(signal.SIGTERM)
    code, _, err = command.finish()
    assert (code, err) == (ExitCode.TERMINATED, "")
    assert_nothing_is_left(command, tmp_path / "home")


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(start, tmp_path: Path):
    command = start("tiny.yaml", "training.env_steps=1e9", "resources.runners=1")
    command.wait_for("steps/s")
    command.family()
    for _ in range(2):
        os.killpg(command.process.pid, signal.SIGINT)
    begin = time.monotonic()
    code, _, err = command.finish()
    assert (code, err) == (ExitCode.INTERRUPTED, "")
    assert time.monotonic() - begin < 15
    assert_nothing_is_left(command, tmp_path / "home")


BROKEN = '''
"""Nim, whose sixth move fails."""
from dataclasses import replace
import numpy as np
from numba import njit
from envs.game import register
from tests.own_game import nim

STATE = np.dtype([*((name, nim.STATE[name]) for name in nim.STATE.names if name != "nim"), ("moves", np.int8)])


@njit
def init(state):
    nim.init(state)
    state.moves = 0


@njit
def step(state, action):
    nim.step(state, action)
    state.moves += 1
    if state.moves == 6:
        raise ValueError("the sticks have burnt")


same = ("legal_action_mask", "observe", "is_terminal", "is_truncated", "rewards")
game = replace(nim.NIM, id="burning_nim", state_dtype=STATE)
register(game, init=init, step=step, **{name: getattr(nim, name) for name in same})
'''


@pytest.mark.parametrize("runners", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_an_error_of_a_game_reaches_the_user_with_its_traceback(start, tmp_path: Path, runners: int):
    """Within five seconds of the first update, which the first line of the events marks; the run is saved."""
    (tmp_path / "burning.py").write_text(BROKEN)
    shutil.copytree(Path(__file__).parents[1] / "own_game", tmp_path / "tests" / "own_game")
    command = start("tiny.yaml", "game.id=burning:burning_nim", "training.random_opening_plies=0",
                    f"resources.runners={runners}")  # fmt: skip
    code, out, err = command.finish()
    assert code == ExitCode.FAILED
    assert "saved; go on with: python -m experiments.run --resume runs/tiny/" in out
    lines = err.splitlines()
    assert lines[0] == "burning_nim raised an error while it was played:"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: the sticks have burnt"
    assert "burning.py" in err
    (run,) = run_folders(tmp_path)
    (events,) = (run / "events").iterdir()
    began = int(events.name.split(".")[3])
    assert command.err[0][0] - began < 6  # whole seconds
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["0"]


@pytest.mark.slow
def test_a_run_goes_on_once_the_game_is_mended(start, tmp_path: Path):
    """It fails after some updates; mended, training goes on from the checkpoint, with games that begin anew."""
    game = tmp_path / "burning.py"
    game.write_text(BROKEN.replace("state.moves == 6", "state.moves == 12"))  # a twelfth move needs single sticks
    shutil.copytree(Path(__file__).parents[1] / "own_game", tmp_path / "tests" / "own_game")
    changes = ["training.random_opening_plies=0", "checkpoint_minutes=0.001", "training.env_steps=102400"]
    failed = start("tiny.yaml", "game.id=burning:burning_nim", *changes).finish()
    assert failed[0] == ExitCode.FAILED
    (run,) = run_folders(tmp_path)
    saved = max(int(path.name) for path in (run / "checkpoints").iterdir())
    assert 0 < saved < 102400
    game.write_text(BROKEN.replace("state.moves == 6", "False"))
    code, out, err = start("--resume", "latest").finish()
    assert (code, err) == (0, "")
    assert f"going on from {saved:,} environment steps" in out
    assert "done: 102,400 environment steps" in out


@pytest.mark.slow
def test_a_killed_runner_is_replaced_and_the_run_ends_well(start, tmp_path: Path):
    command = start("tiny.yaml", "training.env_steps=1e9", "resources.runners=1", "training.minutes=0.4")
    command.wait_for("steps/s")
    (runner,) = [process for process in command.family() if "SelfPlayEnvRunner" in " ".join(process.cmdline())]
    runner.kill()
    command.wait_for("a runner died; another takes its place")
    code, out, err = command.finish()
    assert (code, err) == (0, "")
    assert "done: " in out


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint(start, tmp_path: Path):
    """SIGKILL: Ray's processes go as well, its folder is removed by the next start, no step is told twice."""
    command = start("tiny.yaml", "training.env_steps=1e9", "resources.runners=1", "checkpoint_minutes=0.01")
    command.wait_for("steps/s")
    (run,) = run_folders(tmp_path)
    while len(list((run / "checkpoints").glob("[0-9]*"))) < 2:
        time.sleep(0.1)
    family = command.family()
    command.process.kill()
    _, alive = psutil.wait_procs(family, timeout=120)  # Ray's agents take half a minute to notice
    assert [process.name() for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    second = start("--resume", "latest")
    second.wait_for("steps/s")
    second.process.send_signal(signal.SIGINT)
    assert second.finish()[0] == ExitCode.INTERRUPTED
    assert told_once(run)
    shown = event_steps(run, "loss/policy")
    assert shown == sorted(set(shown))


@pytest.mark.slow
@pytest.mark.parametrize("runners", ["0", "1", "auto"])
def test_a_dry_run_says_what_the_run_would_cost_and_writes_nothing(start, tmp_path: Path, runners: str):
    code, out, err = start("tiny.yaml", "--dry-run", f"resources.runners={runners}").finish()
    assert (code, err) == (0, "")
    for word in ("runners", "speed", "memory", "training", "run folder"):
        assert re.search(f"^{word} ", out, re.MULTILINE), word
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "tiny.yaml"]


def test_what_ray_cannot_do_is_one_clear_line(start, tmp_path: Path):
    """A cluster that is not there, after the folder was made: the environment's fault, and nothing hangs."""
    code, _, err = start("tiny.yaml", "resources.ray_address=127.0.0.1:9").finish()
    assert code == ExitCode.ENVIRONMENT
    assert err.splitlines()[0] == "no Ray cluster at '127.0.0.1:9': [Errno 111] Connection refused"
    assert "Traceback" not in err
