"""AlphaZero in the driver and with a runner: learns from its window what searches found, and goes on bit for bit."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from agents.rllib.alphazero import LOSSES, AlphaZeroConfig, AlphaZeroSettings, search_loss
from agents.rollouts import SearchPlay
from agents.search_rollouts import SEARCH_STATISTICS
from agents.window import WindowSettings
from envs import make
from experiments import checkpoint
from tests.agents.rllib.conftest import building, settings_for
from tests.exactness import bits

SETTINGS = AlphaZeroSettings(WindowSettings(0.5, 200, 600), begin=150, reuse=4.0, minibatch_size=64)


def config_for(
    runners: int = 0, seed: int = 0, game_id: str = "tic_tac_toe", search: Any = None, **rollouts: Any
) -> Any:
    play = SearchPlay(simulations=6, temperature_plies=3) if search is None else search
    options = {"pool_share": 0.25, "length": 8} | rollouts
    return (
        AlphaZeroConfig()
        .self_play(settings_for(game_id, search=play, **options))
        .search_play(SETTINGS)
        .env_runners(num_env_runners=runners)
        .training(lr=3e-3, grad_clip=5.0)
        .debugging(seed=seed)
    )


@pytest.fixture
def build(ray_running: None) -> Iterator[Callable[..., Any]]:
    yield from building(config_for)


def train(algorithm: Any, updates: int) -> Any:
    for _ in range(updates):
        algorithm.train()
    return algorithm


def test_positions_are_learned_from_so_often_once_there_are_enough(build):
    algorithm, added, steps = build(), 0, 0
    begun = None
    for _ in range(12):
        algorithm.train()
        report = algorithm.report
        assert set(report.losses) == set(LOSSES)
        assert set(report.sums) == set(SEARCH_STATISTICS)
        if begun is None and report.losses["steps"]:
            begun = added  # positions before the first update that learned
        added += report.agent_steps
        steps += report.losses["steps"]
        assert np.isnan(report.losses["policy"]) == (report.losses["steps"] == 0)
        assert report.losses["window"] == min(max(added // 2, 200), 600, added)
    assert begun is not None
    assert begun < 150 + 12 * 9
    assert steps == int((added - begun) * 4.0 / 64)
    assert algorithm.learner.windows["default_policy"].total == added > 400


def test_it_learns_what_searches_find(build):
    algorithm = build(search=SearchPlay(simulations=20, temperature_plies=9), num_games=32)
    train(algorithm, 10)
    first = algorithm.report.losses
    train(algorithm, 60)
    last = algorithm.report.losses
    assert last["policy"] < 0.8 * first["policy"]


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "connect_four"])
def test_continued_training_equals_uninterrupted_training_bit_for_bit(build, tmp_path, game_id):
    """Through a checkpoint on disk, into an algorithm of another seed that has played something else."""
    options = {"game_id": game_id, "num_games": 24}
    straight = train(build(**options), 10)
    arrays, state = train(build(**options), 5).export()
    folder = tmp_path / str(state["env_steps"])
    checkpoint.save(folder, arrays, {"algorithm": json.loads(json.dumps(state))})
    loaded = checkpoint.load(folder, [make(game_id).state_dtype])
    resumed = train(build(seed=77, **options), 3)
    resumed.import_(loaded.arrays, loaded.state["algorithm"])
    train(resumed, 5)
    assert straight.report.losses["steps"] > 0
    (one, one_state), (other, other_state) = straight.export(), resumed.export()
    assert one.keys() == other.keys()
    for group, named in one.items():
        for name, array in named.items():
            assert bits(array) == bits(other[group][name]), f"{group}/{name}"
    assert one_state == other_state
    assert resumed.report.losses == straight.report.losses
    assert resumed.report.sums == straight.report.sums


def test_a_runner_plays_while_the_driver_learns(build):
    """And can be saved, and goes on in the driver: its games are dealt out to whoever plays then."""
    algorithm = build(runners=2)
    algorithm.runner_options = {"simulations": 3, "temperature": 0.5}
    for _ in range(8):
        algorithm.train()
    report = algorithm.report
    assert report.losses["steps"] > 0
    assert report.sums["simulations"] <= 3 * report.env_steps
    arrays, state = algorithm.export()
    alone = build(seed=5)
    alone.import_(arrays, json.loads(json.dumps(state)))
    assert alone.env_steps == algorithm.env_steps
    train(alone, 2)


def test_torch_s_loss_is_the_compiled_one(build):
    """The step of a GPU, on the CPU: the same terms and the same gradient."""
    algorithm = train(build(), 8)
    learner = algorithm.learner
    batch = learner.windows["default_policy"].draw(64, torch.Generator().manual_seed(0))
    network = learner.network("default_policy")
    loss, terms = search_loss(network, batch, 1.0, torch.device("cpu"))
    wanted = np.concatenate([g.numpy().ravel() for g in torch.autograd.grad(loss, list(network.parameters()))])
    before = {name: w.clone() for name, w in network.state_dict().items()}
    found = learner._step_on_cpu("default_policy", batch)
    np.testing.assert_allclose(found[:3], [float(term) for term in terms], rtol=1e-4)
    gradient = learner.fast_gradients["default_policy"].gradient
    np.testing.assert_allclose(gradient, wanted * min(1, 5.0 / np.linalg.norm(wanted)), atol=1e-6)
    network.load_state_dict(before)
    on_gpu = learner._step_with_autograd("default_policy", batch)
    np.testing.assert_allclose(on_gpu, found, rtol=1e-4)


def test_refusals(ray_running):
    config = config_for()
    config.selfplay = replace(config.selfplay, rollouts=replace(config.selfplay.rollouts, search=None))
    with pytest.raises(ValueError, match="give the RolloutSettings a SearchPlay"):
        config.validate()
