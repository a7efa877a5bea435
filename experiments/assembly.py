"""From a config to what trains: the game with its settings, the runners, Ray, the algorithm.

with started(config, game, choose_runners(config)) as algorithm:      # Ray runs inside the block
    algorithm.train()
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from agents.cpu import tune_environment
from agents.names import pinned
from envs.game import Game
from experiments.config import Config
from experiments.curriculum import games_before
from experiments.errors import ExitCode, UserError
from experiments.progress import Progress
from experiments.provenance import usable_cores


@contextmanager
def started(config: Config, game: Game, runners: int) -> Iterator[Any]:
    """Ray and the algorithm, while the block runs. Raises UserError for what can go wrong with them."""
    from agents.rllib.cluster import RayUnavailable, quiet_environment, ray_session

    quiet_environment()
    from agents.rllib.learner import Diverged
    from agents.rllib.sampler import EnvironmentFailure, RunnersLost

    try:
        with ray_session(num_cpus=runners + 1, address=config.resources.ray_address):
            algorithm = build(config, game, runners)
            try:
                yield algorithm
            finally:
                algorithm.stop()
    except RayUnavailable as error:
        hint = "python -m experiments.doctor looks for the reason"
        raise UserError(f"{error}\n{hint}", ExitCode.ENVIRONMENT) from None
    except EnvironmentFailure as failure:
        raise UserError(f"{game.id} raised an error while it was played:\n{failure}") from None
    except RunnersLost as error:
        raise UserError(f"resources.runners: {error}") from None
    except Diverged as error:
        raise UserError(f"training.lr: {error}") from None


def choose_runners(config: Config) -> int:
    """`auto`: one runner beside the learner where there are two cores, else none.

    It plays while the learner learns, and keeps up with two epochs and more (`experiments.benchmark --scaling`)."""
    if config.resources.runners != "auto":
        return int(config.resources.runners)
    return 1 if usable_cores() > 1 else 0


def probe(config: Config, game: Game, progress: Progress) -> None:
    """Play a little here first: compiles the rules before any worker starts, and shows a game's own error at once."""
    from agents.rollouts import Rollouts

    progress.say("compiling the rules (first time only)")
    begin = time.perf_counter()
    _check_fixed_agents(config, game)
    selfplay = selfplay_settings(config, game)
    small = selfplay.rollouts
    settings = replace(small, num_games=min(8, small.num_games), length=2)
    try:
        for stage in range(len(selfplay.before) + 1):
            Rollouts(selfplay.game_of(stage), network_config(config, game), settings, seed=0).collect()
    except Exception:
        raise UserError(f"{game.id} raised an error when it was tried:\n{traceback.format_exc()}") from None
    seconds = time.perf_counter() - begin
    if seconds > 5:
        progress.say(f"compiled in {seconds:.0f} s; the next start finds it done")


def _check_fixed_agents(config: Config, game: Game) -> None:
    """Raises UserError for one that does not play this game; a damaged one is CorruptArtifact."""
    from agents.names import make_agent

    for name in config.opponents.fixed_agents:
        try:
            make_agent(name, game)
        except ValueError as error:
            raise UserError(f"opponents.fixed_agents: {error}", ExitCode.USAGE) from None


def network_config(config: Config, game: Game) -> dict[str, Any]:
    """PolicyValueNetwork's arguments."""
    from agents.network import OWN_ARGUMENTS, observation_size

    network = config.network
    return {
        "observation_size": observation_size(network.type, game.observation_shape),
        "num_actions": game.num_actions,
        "hidden": list(network.hidden),
        "activation": network.activation,
        **{name: list(getattr(network, name)) for name in OWN_ARGUMENTS[network.type]},
    }


def game_settings(config: Config, game: Game) -> dict[str, Any]:
    """What the config says of the game, wherever it says it."""
    settings = dict(config.game.settings)
    names = {setting.name for setting in game.schema}
    if "human_knowledge" in names:
        settings["human_knowledge"] = config.game.human_knowledge
    if "ball_progress_gamma" in names:
        settings.setdefault("ball_progress_gamma", config.training.gamma)
    if "time_left_observed" in names:
        settings.setdefault("time_left_observed", not config.training.bootstrap_time_limit)
    return settings


def selfplay_settings(config: Config, game: Game) -> Any:
    from agents.league import LeagueSettings
    from agents.rllib.algorithm import SelfPlaySettings
    from agents.rollouts import RolloutSettings

    training, algorithm, opponents = config.training, config.algorithm, config.opponents
    return SelfPlaySettings(
        game_id=config.game.id,
        settings=dict(game.settings),
        before=tuple((name, dict(stage.settings)) for name, stage in games_before(config, game)),
        network=network_config(config, game),
        rollouts=RolloutSettings(
            num_games=training.num_games,
            length=algorithm.rollout_length,
            gamma=training.gamma,
            gae_lambda=algorithm.gae_lambda,
            opening_plies=training.random_opening_plies,
            bootstrap_time_limit=training.bootstrap_time_limit,
            pool_share=opponents.pool,
            slots=opponents.slots,
            fixed_share=opponents.fixed,
            fixed_agents=tuple(pinned(name) for name in opponents.fixed_agents),
        ),
        pool_size=opponents.pool_size,
        sampling=opponents.sampling,
        snapshot_every=opponents.snapshot_every,
        league=LeagueSettings(**opponents.league.model_dump()),
        averaging=training.averaging,
    )


def build(config: Config, game: Game, runners: int) -> Any:
    """The RLlib algorithm of a config. Ray must run."""
    import torch

    from agents.rllib.algorithm import SelfPlayConfig

    tune_environment()
    torch.set_num_threads(1)  # what is left for torch is small; the gradient has its own threads
    device = config.resources.device
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("resources.device is cuda, but torch sees no GPU; use auto or cpu", ExitCode.ENVIRONMENT)
    gpu = device != "cpu" and torch.cuda.is_available()
    algorithm, training = config.algorithm, config.training
    settings = (
        SelfPlayConfig()
        .self_play(selfplay_settings(config, game))
        .env_runners(num_env_runners=runners)
        .learners(num_learners=0, num_gpus_per_learner=1 if gpu else 0)
        .training(
            lr=training.lr,
            gamma=training.gamma,
            lambda_=algorithm.gae_lambda,
            num_epochs=algorithm.epochs,
            minibatch_size=algorithm.minibatch_size,
            clip_param=algorithm.clip,
            entropy_coeff=algorithm.entropy,
            vf_loss_coeff=algorithm.value_coefficient,
            grad_clip=algorithm.max_grad_norm,
            target_kl=algorithm.target_kl,
        )
        .debugging(seed=training.seed)
    )
    threads = config.resources.learner_threads
    settings.learner_threads = min(usable_cores(), 4) if threads == "auto" else max(1, int(threads))
    return settings.build_algo()
