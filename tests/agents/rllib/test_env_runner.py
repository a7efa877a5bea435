"""The EnvRunner keeps RLlib's conventions: what it hands over, counts, and takes as its state."""

import numpy as np
import pytest
import ray
from ray.rllib.policy.sample_batch import MultiAgentBatch

from agents.rllib.env_runner import SelfPlayEnvRunner, observation_space
from envs import make
from tests.agents.rllib.conftest import ROLLOUTS, config_for

STEPS = ROLLOUTS.num_games * ROLLOUTS.length


@pytest.fixture
def runner(ray_running) -> SelfPlayEnvRunner:
    return SelfPlayEnvRunner(config=config_for(), worker_index=0)


def weights(value: float, runner: SelfPlayEnvRunner) -> dict:
    """As a learner sends them: all `value`, by the names that its module has."""
    return {
        f"network.{name}": np.full(tuple(w.shape), value, np.float32) for name, w in runner.module.state_dict().items()
    }


def value_of(runner: SelfPlayEnvRunner) -> float:
    (value,) = {float(w) for parameter in runner.module.state_dict().values() for w in parameter.ravel()}
    return value


def test_a_sample_is_a_list_of_one_batch_for_the_one_module(runner):
    (batch,) = runner.sample()
    assert type(batch) is MultiAgentBatch
    assert list(batch.policy_batches) == ["default_policy"]
    rows = batch.policy_batches["default_policy"]
    assert set(rows) == {"obs", "actions", "action_logp", "advantages", "value_targets", "action_mask"}
    assert {len(column) for column in rows.values()} == {len(rows)} == {batch.agent_steps()}
    assert batch.env_steps() == STEPS > len(rows)  # seats of past selves are not sampled
    space = observation_space(make("tic_tac_toe"))
    assert all(space.contains(row) for row in rows["obs"])
    assert np.take_along_axis(rows["action_mask"], rows["actions"][:, None].astype(int), 1).all()


def test_there_is_no_mask_where_every_action_is_always_legal(ray_running):
    ball = SelfPlayEnvRunner(config=config_for(game_id="ball_1v1"), worker_index=0)
    assert "action_mask" not in ball.sample()[0].policy_batches["default_policy"]


def test_metrics_are_those_since_the_last_asking(runner):
    runner.sample()
    runner.sample()
    first = runner.get_metrics()
    assert first["num_env_steps_sampled"].peek() == 2 * STEPS
    assert runner.num_env_steps_sampled_lifetime == 2 * STEPS
    runner.sample()
    assert runner.get_metrics()["num_env_steps_sampled"].peek() == STEPS


def test_the_state_is_taken_back(runner):
    other = SelfPlayEnvRunner(config=config_for(seed=3), worker_index=0)
    runner.sample()
    state = runner.get_state()
    assert set(state) == {"num_env_steps_sampled_lifetime", "rl_module", "weights_seq_no"}
    other.set_state(state)
    assert other.num_env_steps_sampled_lifetime == STEPS
    for name, w in other.module.state_dict().items():
        np.testing.assert_array_equal(w.numpy(), runner.module.state_dict()[name].numpy())


def test_the_state_can_be_asked_for_without_weights(runner):
    assert set(runner.get_state(not_components="rl_module")) == {"num_env_steps_sampled_lifetime"}
    assert set(runner.get_state(components="env_to_module_connector")) == {"num_env_steps_sampled_lifetime"}
    assert "rl_module" in runner.get_state(components=["rl_module"])


def test_a_state_that_was_asked_for_does_not_change_later(runner):
    state = runner.get_state()["rl_module"]["default_policy"]
    before = {name: w.copy() for name, w in state.items()}
    runner.set_state({"rl_module": {"default_policy": weights(0.5, runner)}})
    for name, w in before.items():
        np.testing.assert_array_equal(state[name], w)


def test_older_weights_are_passed_by_and_number_0_forces_them(runner):
    def offer(value: float, number: int | None) -> float:
        state = {"rl_module": {"default_policy": weights(value, runner)}}
        runner.set_state(state if number is None else {**state, "weights_seq_no": number})
        return value_of(runner)

    assert offer(0.1, 5) == np.float32(0.1)
    assert offer(0.2, 4) == np.float32(0.1)
    assert offer(0.3, 5) == np.float32(0.1)
    assert offer(0.4, 6) == np.float32(0.4)
    assert offer(0.5, 0) == np.float32(0.5)
    assert offer(0.6, None) == np.float32(0.6)
    assert offer(0.7, 6) == np.float32(0.6)  # 0 did not make it forget number 6


def test_weights_may_come_bare_or_as_a_reference(runner):
    runner.set_state({"rl_module": ray.put({"default_policy": weights(0.25, runner)})})
    assert value_of(runner) == 0.25
    runner.set_state({"rl_module": weights(0.75, runner)})
    assert value_of(runner) == 0.75


def test_spaces_by_rllib_s_names(runner):
    spaces = runner.get_spaces()
    assert set(spaces) == {"__env__", "default_policy"}
    observations, actions = spaces["default_policy"]
    assert (observations.shape, observations.dtype, actions.n) == ((2, 3, 3), np.uint8, 9)
