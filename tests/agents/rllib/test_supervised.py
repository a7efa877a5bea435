"""Learning from labels through RLlib's learner: learns them, counts what it costs, goes on bit for bit."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agents.agent import Agent
from agents.network import network_of
from agents.network_agent import NetworkAgent
from agents.rllib.alphazero import AlphaZeroSettings
from agents.rllib.supervised import SupervisedConfig, SupervisedSettings
from agents.supervised.dataset import Selection, states_of
from agents.supervised.labels import save_labels
from agents.supervised.prediction import predict
from envs import make
from envs.batch import mask_rows
from tests.agents.rllib.conftest import building, settings_for
from tests.agents.supervised.made import random_labels
from tests.exactness import bits

GAME = make("tic_tac_toe")
MIDDLE = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Positions of random games in which the middle is empty: the label is the middle (which all symmetries leave where
    it is), the value whether it is seat 0's turn."""
    labels = random_labels(GAME, 150)
    legal = mask_rows(GAME, states_of(labels, np.arange(len(labels))), labels.seat.astype(np.int64))
    labels = labels.select(legal[:, MIDDLE])
    values = np.where(labels.seat == 0, 0.5, -0.5).astype(np.float32)
    path = tmp_path_factory.mktemp("labels") / "middle"
    save_labels(path, replace(labels, moves=np.full_like(labels.moves, MIDDLE), values=values))
    return str(path)


@pytest.fixture
def build(ray_running: None, folder: str) -> Iterator[Callable[..., Any]]:
    def config_for(seed: int = 0, runners: int = 0, policy: float = 1.0, value: float = 1.0, **chosen: Any) -> Any:
        selfplay = replace(settings_for("tic_tac_toe", num_games=1, length=1, pool_share=0.0), averaging=None)
        steps = AlphaZeroSettings(minibatch_size=64, policy_coefficient=policy, value_coefficient=value)
        return (
            SupervisedConfig()
            .self_play(selfplay)
            .learn_labels(SupervisedSettings((folder,), Selection(**chosen), 20), steps)
            .env_runners(num_env_runners=runners)
            .training(lr=1e-2, grad_clip=5.0)
            .debugging(seed=seed)
        )

    yield from building(config_for)


def agent_of(algorithm: Any) -> Agent:
    network = network_of(algorithm.config.selfplay.network, algorithm.weights())
    return NetworkAgent(network, GAME, greedy=True)


def test_labels_are_learned_and_costs_counted(build, folder):
    from agents.flops import GRADIENT
    from agents.supervised.labels import load_labels

    algorithm = build()
    for _ in range(15):
        algorithm.train()
    report = algorithm.report
    assert (report.gradient_steps, report.env_steps) == (20, 20 * 64)
    assert report.flops == GRADIENT * 20 * 64 * algorithm.forward_flops
    assert algorithm.env_steps == 15 * 20 * 64
    labels = load_labels(folder, GAME)
    found = predict(agent_of(algorithm), labels, np.arange(len(labels)))
    assert found.accuracy > 0.9
    assert found.value_error < 0.02


def test_of_moves_and_values_one_can_be_left_out(build):
    cloned, valued = build(value=0.0), build(policy=0.0)
    before = cloned.weights()
    for algorithm in (cloned, valued):
        algorithm.train()
    heads = np.ptp([algorithm.weights()["heads.bias"] for algorithm in (cloned, valued)], axis=0)
    assert heads.any()
    assert cloned.weights()["heads.bias"][-1] == pytest.approx(before["heads.bias"][-1], abs=1e-6)  # the value's
    assert valued.weights()["heads.bias"][:-1] == pytest.approx(before["heads.bias"][:-1], abs=1e-6)


def test_it_goes_on_bit_for_bit(build):
    whole, first = build(), build()
    for _ in range(4):
        whole.train()
    for _ in range(2):
        first.train()
    arrays, state = first.export()
    second = build()
    second.import_(arrays, json.loads(json.dumps(state)))
    for _ in range(2):
        second.train()
    assert second.env_steps == whole.env_steps
    for name, value in whole.weights().items():
        assert np.array_equal(bits(value), bits(second.weights()[name])), name


def test_other_labels_than_those_it_learned_from_are_refused(build):
    first, other = build(), build(positions=100)
    arrays, state = first.export()
    with pytest.raises(ValueError, match="labels are not those"):
        other.import_(arrays, json.loads(json.dumps(state)))


def test_nothing_is_played(build):
    with pytest.raises(ValueError, match="nothing is played"):
        build(runners=1)
