"""Remote runners: they share the games, may die and come back, and tell what is wrong with a game."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from agents.network import PolicyValueNetwork
from agents.rllib import sampler as module
from agents.rllib.env_runner import SelfPlayEnvRunner
from agents.rllib.sampler import EnvironmentFailure, RunnersLost
from agents.saved import save_agent
from envs import make
from tests.agents.rllib.conftest import ROLLOUTS, config_for

STEPS = ROLLOUTS.num_games * ROLLOUTS.length


def each(algorithm, function) -> list:
    return algorithm.env_runner_group.foreach_env_runner(function, local_env_runner=False)


def train_until(algorithm, condition, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        algorithm.report = None
        algorithm.train()
        assert time.monotonic() < deadline, "it did not come to that in time"


def idle(algorithm) -> None:
    """Wait until every runner has played what it was asked for."""
    each(algorithm, lambda runner: None)


@pytest.fixture(scope="module")
def pair(ray_running):
    """A SelfPlay with two runners; starting one takes seconds, so several tests train it on."""
    algorithm = config_for(2, "connect_four").build_algo()
    yield algorithm
    algorithm.stop()


def test_runners_share_the_games_of_an_update(pair):
    before, first = pair.weights(), pair.env_steps
    for update in range(1, 6):
        result = pair.train()
        assert pair.report.env_steps == STEPS
        assert pair.env_steps == first + update * STEPS
        assert result["env_runners"]["num_env_steps_sampled_lifetime"] == pair.env_steps
        assert result["env_runners"]["num_env_steps_sampled"] == STEPS
    assert each(pair, lambda runner: runner.rollouts.batch.num_envs) == [6, 6]
    assert any(not np.array_equal(before[name], w) for name, w in pair.weights().items())
    assert pair.report.losses["kl"] < 0.1  # the samples are those of the weights of one update ago
    assert pair.sampler.deaths == 0


def test_runners_play_different_games(pair):
    pair.train()
    first, second = each(pair, lambda runner: runner.rollouts.batch.states["board"].copy())
    assert not np.array_equal(first, second)


def held(algorithm) -> list[tuple[list, list]]:
    """Of each runner the weights that play: the latest, the past selves."""
    idle(algorithm)
    return each(
        algorithm,
        lambda runner: tuple(
            [{name: w.numpy().copy() for name, w in network.state_dict().items()} for network in networks]
            for networks in ([runner.rollouts.learner], runner.rollouts.past_selves)
        ),
    )


def same(found: list[dict], wanted: list[dict]) -> bool:
    return len(found) == len(wanted) and all(
        np.array_equal(f[name], w) for f, one in zip(found, wanted, strict=True) for name, w in one.items()
    )


def wanted_of(algorithm) -> tuple[list, list]:
    """What the runners should hold after one more update: they are asked for the next rollout before the weights and
    slots change."""
    return [algorithm.weights()], [member.weights for member in algorithm.league.learners[0].slots]


def test_runners_play_with_the_learner_s_weights_and_the_past_selves_that_were_drawn(pair):
    for _ in range(4):  # the slots are drawn anew every second update
        wanted = wanted_of(pair)
        pair.train()
        for found in held(pair):
            assert same(found[0], wanted[0])
            assert same(found[1], wanted[1])


def test_games_go_on_without_runners(pair, build):
    """And from there with one, in the slow test below."""
    arrays, state = pair.export()
    boards = np.concatenate([arrays["games_0_1"]["states"], arrays["games_0_2"]["states"]])["board"]
    assert boards.shape == (12, 6, 7)
    resumed = build(runners=0, game_id="connect_four", seed=9)
    resumed.import_(arrays, state)
    assert np.array_equal(resumed.env_runner.rollouts.batch.states["board"], boards)
    assert (resumed.env_steps, resumed.updates) == (pair.env_steps, pair.updates)
    resumed.train()
    assert resumed.env_steps == pair.env_steps + STEPS


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2), (0, 2), (2, 2)])
def test_games_go_on_with_another_number_of_runners(build, before: int, after: int):
    saved = build(runners=before, game_id="connect_four")
    for _ in range(3):
        saved.train()
    arrays, state = saved.export()
    boards = np.concatenate([arrays[name]["states"]["board"] for name in sorted(arrays) if name.startswith("games_")])
    resumed = build(runners=after, game_id="connect_four", seed=9)
    resumed.import_(arrays, state)
    found = np.concatenate(each(resumed, lambda runner: runner.rollouts.batch.states["board"].copy()))
    assert np.array_equal(found, boards)
    resumed.train()
    assert resumed.env_steps == saved.env_steps + STEPS


def test_runners_make_the_fixed_agents_by_their_names(build, tmp_path):
    """A word and a saved agent; in all games one side is theirs, so that half of the moves are samples."""
    algorithm = build(
        runners=1, game_id="connect_four", pool_share=0.0, fixed_share=1.0,
        fixed_agents=("random", f"{saved_agent(tmp_path / 'agent')},greedy"),
    )  # fmt: skip
    algorithm.train()
    found = each(algorithm, lambda runner: [agent.name for agent in runner.rollouts.fixed_agents])
    assert found == [["random", f"{tmp_path}/agent,greedy"]]
    (controller,) = each(algorithm, lambda runner: runner.rollouts.tally.controller)
    assert np.unique(controller).tolist() == [-2, -1, 0]
    sums = algorithm.report.sums
    assert sums["fixed_episodes"] == sums["episodes"] > 0
    assert 0.4 * STEPS < algorithm.report.agent_steps < 0.6 * STEPS


def saved_agent(folder: Path) -> Path:
    game = make("connect_four")
    save_agent(folder, PolicyValueNetwork(84, game.num_actions, hidden=(8,)), game, {})
    return folder


def check_that_training_survives_a_kill(algorithm, while_it_is_away: int | None) -> None:
    """SIGKILL the first runner, as the out-of-memory killer does."""
    opening = each(algorithm, lambda runner: runner.rollouts.batch.states["rng"].copy())[0]
    deaths = algorithm.sampler.deaths
    os.kill(each(algorithm, lambda runner: os.getpid())[0], signal.SIGKILL)
    train_until(algorithm, lambda: algorithm.sampler.deaths == deaths + 1)
    if while_it_is_away:
        train_until(algorithm, lambda: algorithm.report and algorithm.report.env_steps == while_it_is_away)
    train_until(algorithm, lambda: algorithm.report and algorithm.report.env_steps == STEPS)
    steps, wanted = algorithm.env_steps, wanted_of(algorithm)
    algorithm.train()
    assert algorithm.env_steps == steps + STEPS
    assert algorithm.sampler.deaths == deaths + 1
    again = each(algorithm, lambda runner: runner.rollouts.batch.states["rng"].copy())[0]
    assert not np.array_equal(again, opening)  # not the same games once more
    assert all(same(found[1], wanted[1]) for found in held(algorithm))


def test_training_goes_on_with_the_others_when_a_runner_is_killed(pair):
    check_that_training_survives_a_kill(pair, while_it_is_away=STEPS // 2)


@pytest.mark.slow
def test_training_goes_on_when_the_only_runner_is_killed(build):
    algorithm = build(runners=1, game_id="connect_four")
    algorithm.train()
    check_that_training_survives_a_kill(algorithm, while_it_is_away=None)


def train_three_times(algorithm) -> None:
    """Rollouts that were under way come before what is wrong."""
    for _ in range(3):
        algorithm.train()


def test_an_error_of_the_game_reaches_the_caller_at_once(build):
    def break_it(runner):
        def broken():
            raise ZeroDivisionError("the ball has no mass")

        runner.rollouts.collect = broken

    algorithm = build(runners=1)
    algorithm.train()
    each(algorithm, break_it)
    begin = time.monotonic()
    with pytest.raises(EnvironmentFailure, match=r"(?s)in broken.*ZeroDivisionError: the ball has no mass"):
        train_three_times(algorithm)
    assert time.monotonic() - begin < 5


def test_a_game_that_runners_cannot_make_is_an_error_not_a_silence(build, tmp_path, monkeypatch):
    """Its module is found by the driver alone. RLlib would log that and go on with nobody."""
    (tmp_path / "only_here.py").write_text("from tests.own_game.nim import NIM\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    algorithm = build(runners=1, game_id="only_here:nim")
    with pytest.raises(EnvironmentFailure, match="No module named 'only_here'"):
        algorithm.train()


def test_more_runners_than_cores_are_refused_instead_of_waited_for(ray_running):
    with pytest.raises(RunnersLost, match="9 runners need 9 cores, but Ray has 4"):
        config_for(9).build_algo()


class DyingRunner(SelfPlayEnvRunner):
    """Dies without a word whenever it is to play, as compiled code does that writes where it should not."""

    def play(self, **kwargs):
        os._exit(1)


@pytest.mark.slow
def test_runners_that_always_die_end_the_run(ray_running):
    """After the fourth death in a row; each takes as long as a start."""
    algorithm = config_for(1).env_runners(env_runner_cls=DyingRunner).build_algo()
    with pytest.raises(RunnersLost, match="runners died 4 times without having played; with 0 runners"):
        train_until(algorithm, lambda: algorithm.env_steps)
    assert algorithm.env_steps == 0
    algorithm.stop()


@pytest.mark.slow
def test_a_runner_that_hangs_ends_the_run(build, monkeypatch):
    algorithm = build(runners=2)
    algorithm.train()
    monkeypatch.setattr(module, "SAMPLE_TIMEOUT_SECONDS", 2.0)
    each(algorithm, lambda runner: setattr(runner.rollouts, "collect", lambda: time.sleep(5)))
    with pytest.raises(RunnersLost, match=r"no samples from runners \[1, 2\] for 2 s"):
        train_three_times(algorithm)
