"""The learner on a CPU and with autograd (its way on a GPU) take the same steps from the same batch."""

import numpy as np
import pytest
import torch

from agents.rllib.ppo import LOSSES
from tests.agents.rllib.conftest import CHASE, config_for


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "ball_1v1", CHASE])
def test_the_cpu_s_own_way_is_autograd_s(ray_running, game_id: str):
    """Two epochs over one batch in minibatches, with and without a mask: the same but for rounding."""
    algorithm = config_for(game_id=game_id).training(lr=1e-3, minibatch_size=100, entropy_coeff=0.05).build_algo()
    learner = algorithm.learner
    (batch,) = algorithm.env_runner.sample()
    rows = batch.policy_batches["default_policy"]
    network = learner.module["default_policy"].unwrapped().network
    ((_, optimizer),) = learner.get_optimizers_for_module("default_policy")
    start = {name: w.clone() for name, w in network.state_dict().items()}
    shuffle = learner.shuffle.get_state()
    found = []
    fast = learner.fast_gradients["default_policy"]
    for fit in (learner._fit_on_cpu, learner._fit_with_autograd):
        network.load_state_dict(start)
        optimizer.state.clear()
        learner.shuffle.set_state(shuffle)
        fast.bind_gradients()
        losses = fit("default_policy", rows, 0.05)
        found.append((losses, {name: w.clone() for name, w in network.state_dict().items()}))
    algorithm.stop()
    (fast_losses, changed), (losses, wanted) = found
    assert len(losses) == len(LOSSES)
    np.testing.assert_allclose(fast_losses, losses, rtol=2e-3, atol=2e-5)
    for name, w in wanted.items():
        assert not torch.equal(w, start[name])
        torch.testing.assert_close(changed[name], w, rtol=1e-3, atol=2e-5)


def test_every_row_is_used_once_an_epoch_in_minibatches_of_about_the_size(ray_running):
    algorithm = config_for().training(minibatch_size=64, num_epochs=3).build_algo()
    learner = algorithm.learner
    for count, sizes in ((64, [64]), (100, [50, 50]), (90, [90]), (250, [62, 63, 62, 63]), (1, [1])):
        epochs = list(learner._minibatches(count))
        assert len(epochs) == 3
        for order, edges in epochs:
            assert sorted(order.tolist()) == list(range(count))
            assert [end - begin for begin, end in edges] == sizes
            assert edges[0][0] == 0
            assert edges[-1][1] == count
    first, second, _ = (order.tolist() for order, _ in learner._minibatches(250))
    assert first != second
    algorithm.stop()
