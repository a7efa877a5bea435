"""One private Ray for the tests of this folder that need it, and a small algorithm to train."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from agents.network import observation_size
from agents.rllib.cluster import ray_session
from agents.rollouts import RolloutSettings
from envs import make

CHASE = "tests.own_game.chase:chase_2v2"  # played by a network over entities
ROLLOUTS = RolloutSettings(num_games=12, length=20, gamma=0.99, gae_lambda=0.95, pool_share=0.5, slots=2)


@pytest.fixture(scope="package")  # other folders start their own
def ray_running() -> Iterator[None]:
    with ray_session(num_cpus=4):
        yield


def settings_for(game_id: str = "tic_tac_toe", **rollouts: Any) -> Any:
    """SelfPlaySettings; keyword arguments replace those of ROLLOUTS."""
    from agents.rllib.algorithm import SelfPlaySettings

    settings = {"observation": "entities"} if game_id == CHASE else {}
    game = make(game_id, **settings)
    network = {
        "observation_size": observation_size("entities" if settings else "mlp", game.observation_shape),
        "num_actions": game.num_actions,
        "hidden": [16],
        "activation": "tanh",
        **({"entity_hidden": [8]} if settings else {}),
    }
    rollouts_of = replace(ROLLOUTS, **rollouts)
    return SelfPlaySettings(game_id, settings, network, rollouts_of, pool_size=4, snapshot_every=2, averaging=3.0)


def config_for(runners: int = 0, game_id: str = "tic_tac_toe", seed: int = 0, **rollouts: Any) -> Any:
    from agents.rllib.ppo import SelfPlayPPOConfig

    return (
        SelfPlayPPOConfig()
        .self_play(settings_for(game_id, **rollouts))
        .env_runners(num_env_runners=runners)
        .training(lr=3e-3, num_epochs=2, minibatch_size=64, entropy_coeff=0.01, vf_loss_coeff=0.5, grad_clip=0.5)
        .debugging(seed=seed)
    )


@pytest.fixture
def build(ray_running: None) -> Iterator[Callable[..., Any]]:
    """`build(runners=1, ...)` makes a SelfPlay that is stopped after the test."""
    yield from building(config_for)


def building(configure: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """One function: an algorithm of `configure` with the same arguments; at the end all that were made are stopped."""
    made = []

    def make_one(*arguments: Any, **options: Any) -> Any:
        made.append(configure(*arguments, **options).build_algo())
        return made[-1]

    yield make_one
    for algorithm in made:
        algorithm.stop()
