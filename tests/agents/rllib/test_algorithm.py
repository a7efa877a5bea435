"""SelfPlay in the driver: training is exact, can be continued bit for bit, and refuses what it cannot do."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.averaging import WeightAverage
from agents.rllib.algorithm import join_batches
from agents.rllib.ppo import SelfPlayPPOConfig
from agents.rllib.learner import Diverged
from agents.rllib.ppo import LOSSES
from agents.rllib.sampler import EnvironmentFailure
from agents.tally import STATISTICS
from tests.agents.rllib.conftest import ROLLOUTS, config_for
from tests.exactness import bits


def differences(first, second) -> list[str]:
    """The names of all that is not the same in two algorithms."""
    (arrays, state), (others, other_state) = first.export(), second.export()
    assert {group: set(named) for group, named in arrays.items()} == {g: set(named) for g, named in others.items()}
    names = [(group, name) for group, named in arrays.items() for name in named]
    found = [f"{group}/{name}" for group, name in names if bits(arrays[group][name]) != bits(others[group][name])]
    return found + [name for name in state if json.dumps(state[name]) != json.dumps(other_state[name])]


def train(algorithm, updates: int):
    for _ in range(updates):
        algorithm.train()
    return algorithm


def test_an_update_trains_on_one_rollout_of_every_game(build):
    algorithm = build()
    before = algorithm.weights()
    result = algorithm.train()
    report = algorithm.report
    assert algorithm.env_steps == report.env_steps == ROLLOUTS.num_games * ROLLOUTS.length
    # of 12 games 6 are against the past, where only one seat of two learns
    assert report.env_steps * 0.7 < report.agent_steps < report.env_steps * 0.8
    assert set(report.losses) == set(LOSSES)
    assert set(report.sums) == set(STATISTICS)
    assert all(np.isfinite(loss) for loss in report.losses.values())
    assert report.losses["gradient_norm"] > 0
    assert report.sums["episodes"] > 20
    assert any(not np.array_equal(before[name], w) for name, w in algorithm.weights().items())
    runner = result["env_runners"]
    assert result["num_env_steps_sampled_lifetime"] == report.env_steps
    assert runner["num_env_steps_sampled"] == report.env_steps
    assert runner["num_module_steps_sampled"] == {"default_policy": report.agent_steps}
    assert runner["num_agent_steps_sampled_lifetime"] == {"default_agent": report.agent_steps}
    assert runner["num_episodes_lifetime"] == report.sums["episodes"]
    assert runner["episode_len_mean"] == pytest.approx(report.sums["episode_steps"] / report.sums["episodes"])


def test_lifetime_counts_go_on_and_others_begin_anew(build):
    algorithm = train(build(), 2)
    result = algorithm.train()
    steps = ROLLOUTS.num_games * ROLLOUTS.length
    assert result["env_runners"]["num_env_steps_sampled"] == steps
    assert result["env_runners"]["num_env_steps_sampled_lifetime"] == 3 * steps
    assert result["num_env_steps_sampled_lifetime"] == 3 * steps


def test_the_same_seed_trains_the_same_weights_and_another_does_not(build):
    first, same, other = (train(build(seed=seed), 3) for seed in (5, 5, 6))
    assert differences(first, same) == []
    assert "weights_0/heads.weight" in differences(first, other)


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "ball_1v1"])
def test_continued_training_equals_uninterrupted_training_bit_for_bit(build, game_id):
    """5 updates, export, a new algorithm of another seed, import, 5 more: the same as 10. The pool of 4 has thinned."""
    straight = train(build(game_id=game_id), 10)
    arrays, state = train(build(game_id=game_id), 5).export()
    resumed = build(game_id=game_id, seed=77)
    resumed.train()
    resumed.import_(arrays, json.loads(json.dumps(state)))
    train(resumed, 5)
    assert differences(resumed, straight) == []
    assert resumed.report.losses == straight.report.losses
    assert resumed.report.sums == straight.report.sums
    assert (resumed.env_steps, resumed.updates, len(resumed.league.pool.members)) == (straight.env_steps, 10, 4)


def test_the_agent_is_the_average_of_the_weights_after_each_update(build, ray_running):
    algorithm, average = build(), WeightAverage(3.0)
    first = algorithm.agent_weights()
    assert all(np.array_equal(first[name], w) for name, w in algorithm.weights().items())  # nothing to average yet
    for _ in range(3):
        algorithm.train()
        average.add(algorithm.weights())
    found = algorithm.agent_weights()
    assert all(np.array_equal(found[name], w) for name, w in average.weights().items())
    assert not all(np.array_equal(found[name], w) for name, w in algorithm.weights().items())


def test_without_averaging_the_agent_is_the_newest(ray_running):
    config = config_for()
    config.selfplay = replace(config.selfplay, averaging=None)
    algorithm = config.build_algo()
    train(algorithm, 2)
    newest = algorithm.weights()
    assert all(np.array_equal(newest[name], w) for name, w in algorithm.agent_weights().items())
    assert "average_0" not in algorithm.export()[0]
    algorithm.stop()


def test_what_was_exported_does_not_change_under_later_training(build):
    algorithm = train(build(), 2)
    arrays, state = algorithm.export()
    copies = {f"{group}/{name}": a.copy() for group, named in arrays.items() for name, a in named.items()}
    text = json.dumps(state)
    train(algorithm, 3)
    for group, named in arrays.items():
        for name, array in named.items():
            np.testing.assert_array_equal(array, copies[f"{group}/{name}"], err_msg=f"{group}/{name}")
    assert json.dumps(state) == text


def test_the_state_of_another_game_is_refused(build):
    arrays, state = train(build(), 1).export()
    other = build(game_id="connect_four")
    mine, _ = other.export()
    with pytest.raises(ValueError, match="not games of connect_four"):
        other.import_({**mine, "games_0_0": arrays["games_0_0"]}, state)


def test_schedules_of_the_run_go_before_the_config_s(build):
    """A learning rate of 0 leaves the weights alone, and the next one moves them."""
    algorithm = build()
    before = algorithm.weights()
    algorithm.learner_options["lr"] = 0.0
    algorithm.train()
    assert all(np.array_equal(before[name], w) for name, w in algorithm.weights().items())
    algorithm.learner_options["lr"] = 1e-2
    algorithm.train()
    assert not all(np.array_equal(before[name], w) for name, w in algorithm.weights().items())


def test_without_a_share_for_the_pool_nobody_but_the_latest_plays(build):
    algorithm = train(build(pool_share=0.0), 4)
    assert algorithm.league.learners[0].slots == []
    assert algorithm.env_runner.rollouts.past_selves == []
    assert algorithm.report.agent_steps == algorithm.report.env_steps
    assert algorithm.report.sums["pool_episodes"] == 0


def test_more_entropy_bonus_leaves_more_entropy(build):
    greedy, curious = build(), build()
    for algorithm, entropy in ((greedy, 0.0), (curious, 1.0)):
        algorithm.learner_options = {"lr": 1e-2, "entropy": entropy}
        train(algorithm, 30)
    assert curious.report.losses["entropy"] > greedy.report.losses["entropy"] + 0.05


def test_training_learns_to_beat_past_selves(build):
    """Tic-tac-toe against the first weights: the return against the pool rises well above zero."""
    algorithm = build(num_games=64)
    train(algorithm, 40)
    returns = [algorithm.report.sums["pool_return"] / algorithm.report.sums["pool_episodes"]]
    for _ in range(10):
        algorithm.train()
        returns.append(algorithm.report.sums["pool_return"] / algorithm.report.sums["pool_episodes"])
    assert np.mean(returns) > 0.15


def test_an_update_ends_early_beyond_the_target_divergence(ray_running):
    """With a huge step every update diverges at once: fewer minibatches, a smaller divergence."""
    kl, steps = {}, {}
    for target in (None, 0.01):
        algorithm = config_for(num_games=48).training(lr=0.05, num_epochs=10, target_kl=target).build_algo()
        train(algorithm, 3)
        kl[target] = algorithm.report.losses["kl"]
        steps[target] = float(algorithm.export()[0]["optimizer_0"]["heads.bias/step"])
        algorithm.stop()
    assert steps[0.01] < steps[None] / 2
    assert kl[0.01] < kl[None]


def test_weights_that_are_not_numbers_end_training_before_they_are_used(build):
    algorithm = train(build(), 1)
    network = algorithm.learner.module["default_policy"].unwrapped().network
    moments = algorithm.export()[0]["optimizer_0"]
    network.heads.bias.data[0] = float("nan")
    with pytest.raises(Diverged, match="lower the learning rate"):
        algorithm.train()
    for name, array in algorithm.export()[0]["optimizer_0"].items():
        np.testing.assert_array_equal(array, moments[name])


def test_nothing_is_left_in_ray_results(build):
    folder = Path("~/ray_results").expanduser()
    before = set(folder.iterdir()) if folder.exists() else set()
    build().train()
    assert (set(folder.iterdir()) if folder.exists() else set()) == before


def test_what_cannot_work_is_refused_before_anything_is_built():
    with pytest.raises(ValueError, match="what is to be played"):
        SelfPlayPPOConfig().validate()
    with pytest.raises(ValueError, match="num_learners is 2, but SelfPlay learns in the driver"):
        config_for().learners(num_learners=2).validate()
    with pytest.raises(ValueError, match="13 runners cannot share 12 games; use at most 12 runners"):
        config_for(runners=13).validate()


def test_a_minibatch_larger_than_the_batch_is_the_whole_batch(ray_running):
    algorithm = config_for().training(minibatch_size=10**6, num_epochs=3).build_algo()
    algorithm.train()
    assert set(
        map(float, [w for name, w in algorithm.export()[0]["optimizer_0"].items() if name.endswith("step")])
    ) == {3}
    algorithm.stop()


@pytest.mark.parametrize("runners", [1, 2, 5])
def test_games_are_shared_out_to_the_last(runners: int):
    selfplay = config_for().selfplay
    shares = [selfplay.rollouts_of(index + 1, runners).num_games for index in range(runners)]
    assert sum(shares) == 12
    assert max(shares) - min(shares) <= 1


def test_batches_with_and_without_a_mask_are_joined(build):
    """A runner whose rollout had no illegal action sends no mask."""
    algorithm = build()
    (with_mask,) = algorithm.env_runner.sample()
    (without,) = algorithm.env_runner.sample()
    rows = without.policy_batches["default_policy"]
    del rows["action_mask"]
    joined = join_batches([with_mask, without]).policy_batches["default_policy"]
    first = with_mask.policy_batches["default_policy"]
    assert len(joined) == len(first) + len(rows)
    assert np.array_equal(joined["action_mask"][: len(first)], first["action_mask"])
    assert joined["action_mask"][len(first) :].all()
    assert join_batches([without]) is without


def test_an_error_of_the_game_reaches_the_caller(build, monkeypatch):
    algorithm = build()
    monkeypatch.setattr(algorithm.env_runner.rollouts, "collect", lambda: 1 / 0)
    with pytest.raises(EnvironmentFailure, match="ZeroDivisionError: division by zero"):
        algorithm.train()
