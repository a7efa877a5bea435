"""From a config to what trains: the game with its settings, the runners, Ray, the algorithm.

with started(config, game, choose_runners(config)) as algorithm:      # Ray runs inside the block
    algorithm.train()
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.cpu import tune_environment
from agents.names import pinned
from envs.game import Game
from experiments.config import Config
from experiments.curriculum import games_before
from experiments.errors import ExitCode, UserError
from experiments.progress import Progress
from experiments.provenance import usable_cores

SIMULATION_STEPS = 4  # a schedule of simulations goes in steps of so many


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
    if config.algorithm.name == "supervised":
        return 0
    if config.resources.runners != "auto":
        return int(config.resources.runners)
    return 1 if usable_cores() > 1 else 0


def probe(config: Config, game: Game, progress: Progress) -> None:
    """Play a little here first: compiles the rules before any worker starts, and shows a game's own error at once."""
    from agents.artifact import CorruptArtifact
    from agents.rollouts import Rollouts
    from agents.search_rollouts import SearchRollouts

    progress.say("compiling the rules (first time only)")
    begin = time.perf_counter()
    _check_fixed_agents(config, game)
    if config.algorithm.name == "supervised":
        return
    selfplay = selfplay_settings(config, game)
    small = selfplay.rollouts
    if small.search:
        try:
            SearchRollouts(game, network_config(config, game), selfplay.rollouts_of(1, choose_runners(config)), seed=0)
        except CorruptArtifact as error:
            raise UserError(f"algorithm.start_positions: {error}", ExitCode.USAGE) from None
        except ValueError as error:  # a game that cannot be searched, or no memory for the trees
            raise UserError(f"algorithm.name is alphazero, but {error}", ExitCode.USAGE) from None
    settings = replace(small, num_games=min(8, small.num_games), length=2)
    kind = SearchRollouts if small.search else Rollouts
    try:
        for stage in range(len(selfplay.before) + 1):
            kind(selfplay.game_of(stage), network_config(config, game), settings, seed=0).collect()
    except Exception:
        raise UserError(f"{game.id} raised an error when it was tried:\n{traceback.format_exc()}") from None
    seconds = time.perf_counter() - begin
    if seconds > 5:
        progress.say(f"compiled in {seconds:.0f} s; the next start finds it done")


def label_sources(config: Config, game: Game) -> tuple[dict[str, Any], ...]:
    """Where the labels come from that a run learns from, read once to be sure of them; none of a run that plays. Raises
    UserError."""
    from agents.artifact import CorruptArtifact
    from agents.supervised.dataset import load_dataset

    if config.algorithm.name != "supervised":
        return ()
    try:
        return load_dataset(config.algorithm.labels, game, selection(config)).sources
    except (CorruptArtifact, ValueError) as error:
        raise UserError(f"algorithm.labels: {error}", ExitCode.USAGE) from None


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
    from agents.network import OWN_ARGUMENTS, arguments_of

    network = config.network
    of_game = arguments_of(network.type, game)
    own = {name: getattr(network, name) for name in OWN_ARGUMENTS[network.type] if name not in of_game}
    return {
        **of_game,
        "hidden": list(network.hidden),
        "activation": network.activation,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in own.items()},
    }


def first_weights(config: Config, game: Game) -> dict[str, Any] | None:
    """Of `training.start_from`, by name; None where a run begins with random ones. Raises UserError."""
    from agents.names import parse_name
    from agents.saved import load_agent

    name, key = config.training.start_from, "training.start_from"
    if name is None:
        return None
    try:
        parsed = parse_name(name)
        if parsed.family != "saved":
            raise ValueError(f"'{name}' has no weights; name a saved agent or a run")
        network, _ = load_agent(parsed.folder, game)
    except ValueError as error:
        raise UserError(f"{key}: {error}", ExitCode.USAGE) from None
    wanted = network_config(config, game)
    if network.config != wanted:
        other = next(name for name in {**wanted, **network.config} if wanted.get(name) != network.config.get(name))
        raise UserError(
            f"{key}: {name} has another network than this config: {other} is {network.config.get(other)}, not "
            f"{wanted.get(other)}; set network to what it has",
            ExitCode.USAGE,
        )
    return {name: value.numpy() for name, value in network.state_dict().items()}


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
            num_games=1 if algorithm.name == "supervised" else training.num_games,
            length=1 if algorithm.name == "supervised" else algorithm.rollout_length,
            gamma=training.gamma,
            gae_lambda=algorithm.gae_lambda if algorithm.name == "ppo" else 1.0,
            opening_plies=training.random_opening_plies,
            bootstrap_time_limit=training.bootstrap_time_limit,
            pool_share=opponents.pool,
            slots=opponents.slots,
            fixed_share=opponents.fixed,
            fixed_agents=tuple(pinned(name) for name in opponents.fixed_agents),
            search=search_play(algorithm) if algorithm.name == "alphazero" else None,
        ),
        pool_size=opponents.pool_size,
        sampling=opponents.sampling,
        snapshot_every=opponents.snapshot_every,
        league=LeagueSettings(**opponents.league.model_dump()),
        averaging=training.averaging,
    )


def search_play(algorithm: Any) -> Any:
    """agents.rollouts.SearchPlay of an AlphaZeroSection."""
    from agents.rollouts import SearchPlay

    return SearchPlay(
        simulations=max(algorithm.simulations, algorithm.simulations_final or 0),
        root=algorithm.root,
        considered=algorithm.considered,
        value_scale=algorithm.value_scale,
        temperature_plies=algorithm.temperature_plies,
        random_moves=algorithm.random_moves,
        opening_share=algorithm.opening_share,
        td_lambda=algorithm.td_lambda,
        cache_megabytes=algorithm.cache_megabytes,
        start_positions=algorithm.start_positions and str(Path(algorithm.start_positions).expanduser().absolute()),
    )


def schedules(config: Config, share: float) -> tuple[dict[str, float], dict[str, float]]:
    """The algorithm's `learner_options` and `runner_options` when this share of the budget is used: linear from the
    first value to the final one."""
    training, algorithm = config.training, config.algorithm
    learner = {"lr": _between(training.lr, training.lr_final, share)}
    if algorithm.name == "ppo":
        return learner | {"entropy": _between(algorithm.entropy, algorithm.entropy_final, share)}, {}
    if algorithm.name == "supervised":
        return learner, {}
    learner["reuse"] = _between(algorithm.reuse, algorithm.reuse_final, share)
    simulations = _between(algorithm.simulations, algorithm.simulations_final, share)
    temperature = _between(algorithm.temperature, algorithm.temperature_final, share)
    step = SIMULATION_STEPS if algorithm.simulations_final else 1
    return learner, {"simulations": max(1, round(simulations / step) * step), "temperature": temperature}


def _between(first: float, last: float | None, share: float) -> float:
    return first if last is None else first + (last - first) * min(1.0, share)


def build(config: Config, game: Game, runners: int) -> Any:
    """The RLlib algorithm of a config. Ray must run."""
    import torch

    tune_environment()
    torch.set_num_threads(1)  # what is left for torch is small; the gradient has its own threads
    device = config.resources.device
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("resources.device is cuda, but torch sees no GPU; use auto or cpu", ExitCode.ENVIRONMENT)
    gpu = device != "cpu" and torch.cuda.is_available()
    make = {"ppo": _ppo, "alphazero": _alphazero, "supervised": _supervised}[config.algorithm.name]
    settings = (
        make(config)
        .self_play(selfplay_settings(config, game))
        .env_runners(num_env_runners=runners)
        .learners(num_learners=0, num_gpus_per_learner=1 if gpu else 0)
        .debugging(seed=config.training.seed)
    )
    settings.learner_threads = learner_threads(config, runners)
    return settings.build_algo()


def learner_threads(config: Config, runners: int) -> int:
    """`auto`: up to four cores; of a search, whose runners never wait for the learner, those that they leave."""
    threads = config.resources.learner_threads
    if threads != "auto":
        return max(1, int(threads))
    cores = usable_cores()
    return max(1, min(cores - runners if config.algorithm.name == "alphazero" else cores, 4))


def _ppo(config: Config) -> Any:
    from agents.rllib.ppo import SelfPlayPPOConfig

    algorithm, training = config.algorithm, config.training
    assert algorithm.name == "ppo"
    return SelfPlayPPOConfig().training(
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


def _alphazero(config: Config) -> Any:
    from agents.rllib.alphazero import AlphaZeroConfig, AlphaZeroSettings
    from agents.window import WindowSettings

    algorithm = config.algorithm
    assert algorithm.name == "alphazero"
    settings = AlphaZeroSettings(
        window=WindowSettings(algorithm.window_share, algorithm.window_least, algorithm.window_most),
        begin=algorithm.begin,
        reuse=algorithm.reuse,
        minibatch_size=algorithm.minibatch_size,
        value_coefficient=algorithm.value_coefficient,
        weight_decay=algorithm.weight_decay,
    )
    return AlphaZeroConfig().search_play(settings).training(lr=config.training.lr, grad_clip=algorithm.max_grad_norm)


def selection(config: Config) -> Any:
    """agents.supervised.dataset.Selection of a config that learns from labels."""
    from agents.supervised.dataset import Selection

    algorithm = config.algorithm
    assert algorithm.name == "supervised"
    return Selection(
        algorithm.learn in ("both", "policy"), algorithm.learn in ("both", "value"), algorithm.positions,
        config.training.seed,
    )  # fmt: skip


def _supervised(config: Config) -> Any:
    from agents.rllib.alphazero import AlphaZeroSettings
    from agents.rllib.supervised import SupervisedConfig, SupervisedSettings

    algorithm = config.algorithm
    assert algorithm.name == "supervised"
    chosen = selection(config)
    steps = AlphaZeroSettings(
        minibatch_size=algorithm.minibatch_size,
        value_coefficient=algorithm.value_coefficient if chosen.value else 0.0,
        policy_coefficient=1.0 if chosen.policy else 0.0,
        weight_decay=algorithm.weight_decay,
    )
    settings = SupervisedSettings(algorithm.labels, chosen, algorithm.steps_per_update)
    return SupervisedConfig().learn_labels(settings, steps).training(
        lr=config.training.lr, grad_clip=algorithm.max_grad_norm
    )  # fmt: skip
