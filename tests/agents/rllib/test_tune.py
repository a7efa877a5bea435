"""RLlib's own checkpoints, and Tune, which uses them, work on SelfPlayPPO as on any Algorithm."""

import numpy as np
import pytest
from ray import tune

from agents.rllib.ppo import SelfPlayPPO
from tests.agents.rllib.conftest import CHASE, ROLLOUTS, config_for
from tests.agents.rllib.test_algorithm import differences, train

STEPS = ROLLOUTS.num_games * ROLLOUTS.length


@pytest.mark.parametrize("game_id", ["tic_tac_toe", CHASE])
def test_rllib_s_own_checkpoints_continue_bit_for_bit(build, tmp_path, game_id):
    straight = train(build(game_id=game_id), 8)
    train(build(game_id=game_id), 4).save_to_path(str(tmp_path))
    resumed = build(game_id=game_id, seed=5)
    resumed.restore_from_path(str(tmp_path))
    assert (resumed.env_steps, resumed.updates, resumed.iteration) == (4 * STEPS, 4, 4)
    train(resumed, 3)
    result = resumed.train()
    assert differences(resumed, straight) == []
    assert result["num_env_steps_sampled_lifetime"] == 8 * STEPS
    rebuilt = SelfPlayPPO.from_checkpoint(str(tmp_path))  # knows its config as well
    train(rebuilt, 4)
    assert differences(rebuilt, straight) == []
    rebuilt.stop()


@pytest.mark.slow
def test_rllib_s_own_checkpoints_work_with_runners(build, tmp_path):
    saved = train(build(runners=1), 3)
    saved.save_to_path(str(tmp_path))
    resumed = build(runners=1, seed=5)
    resumed.restore_from_path(str(tmp_path))
    for name, w in saved.weights().items():
        np.testing.assert_array_equal(resumed.weights()[name], w)
    resumed.train()
    assert resumed.env_steps == 4 * STEPS


@pytest.mark.slow
def test_tune_runs_trials_and_their_checkpoints_can_be_loaded(ray_running, tmp_path):
    """A grid of two learning rates, one of them 0: that trial ends with the weights that it began with."""
    config = config_for(num_games=24).training(lr=tune.grid_search([0.0, 1e-2]))
    results = tune.Tuner(
        SelfPlayPPO,
        param_space=config,
        run_config=tune.RunConfig(
            name="grid",
            stop={"training_iteration": 3},
            storage_path=str(tmp_path),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=True),
            verbose=0,
        ),
    ).fit()
    assert [result.error for result in results] == [None, None]
    moved = {}
    for result in results:
        assert result.metrics["num_env_steps_sampled_lifetime"] == 3 * 24 * ROLLOUTS.length
        assert 5 <= result.metrics["env_runners"]["episode_len_mean"] <= 9
        assert -1 <= result.metrics["env_runners"]["return_against_past_mean"] <= 1
        algorithm = SelfPlayPPO.from_checkpoint(result.checkpoint.path)
        assert algorithm.updates == 3
        first = algorithm.league.pool.members[0].weights
        moved[result.config["lr"]] = any(not np.array_equal(first[name], w) for name, w in algorithm.weights().items())
        algorithm.stop()
    assert moved == {0.0: False, 1e-2: True}
