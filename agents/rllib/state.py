"""What it takes to continue a SelfPlay: weights, optimiser, pool, random streams and every board, without pickle.

Arrays are in groups, a file each, everything else is JSON; experiments/checkpoint.py writes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from ray.rllib.core import DEFAULT_MODULE_ID

if TYPE_CHECKING:
    from agents.rllib.algorithm import SelfPlay

GAMES_TIMEOUT_SECONDS = 60.0  # a runner that hangs must not keep a run from being saved


def export_state(algorithm: "SelfPlay") -> tuple[dict[str, dict[str, np.ndarray]], dict[str, Any]]:
    """Copies of everything. Rollouts in flight, and the games of runners that do not answer, are not part."""
    learner, pool = algorithm.learner, algorithm.pool
    network, optimizer = _network(algorithm), _optimizer(algorithm)
    moments: dict[str, np.ndarray] = {}
    for name, parameter in network.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            moments[f"{name}/{key}"] = value.detach().cpu().numpy().copy()
    arrays = {
        "weights": algorithm.weights(),
        "optimizer": moments,
        "shuffle": {"state": learner.shuffle.get_state().numpy().copy()},
        "pool": {f"{i}/{name}": w for i, past in enumerate(pool.weights) for name, w in past.items()},
    }
    if algorithm.average:
        arrays["average"] = {name: value.copy() for name, value in algorithm.average.average.items()}
    games = {}
    for index, (boards, state) in sorted(_games(algorithm)):
        arrays[f"games_{index}"] = boards
        games[str(index)] = state
    return arrays, {
        "env_steps": algorithm.env_steps,
        "updates": algorithm.updates,
        "stage": algorithm.stage,
        "averaged": algorithm.average.count if algorithm.average else 0,
        "pool_env_steps": list(pool.env_steps),
        "pool_games": list(pool.games),
        "pool_points": list(pool.points),
        "pool_rng": algorithm.pool_rng.bit_generator.state,
        "slots": list(algorithm.slots),
        "slots_exchanged": algorithm.exchanged(1 if algorithm.config.num_env_runners else 0),
        "games": games,
    }


def import_state(algorithm: "SelfPlay", arrays: dict[str, dict[str, np.ndarray]], state: dict[str, Any]) -> None:
    """Raises ValueError where the boards are another game's."""
    learner, pool = algorithm.learner, algorithm.pool
    network, optimizer = _network(algorithm), _optimizer(algorithm)
    network.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in arrays["weights"].items()})
    for name, parameter in network.named_parameters():
        keys = [key for key in arrays["optimizer"] if key.rpartition("/")[0] == name]
        optimizer.state[parameter] = {
            key.rpartition("/")[2]: torch.from_numpy(np.array(arrays["optimizer"][key])).to(parameter.device)
            for key in keys
        }
    learner.shuffle.set_state(torch.from_numpy(np.array(arrays["shuffle"]["state"])))
    algorithm.env_steps, algorithm.updates = state["env_steps"], state["updates"]
    pool.env_steps = list(state["pool_env_steps"])
    pool.games, pool.points = list(state["pool_games"]), list(state["pool_points"])
    names = list(network.state_dict())
    pool.weights = [
        {name: np.array(arrays["pool"][f"{i}/{name}"]) for name in names} for i in range(len(pool.env_steps))
    ]
    if algorithm.average:
        algorithm.average.count = state["averaged"]
        algorithm.average.average = {name: np.array(value) for name, value in arrays["average"].items()}
    algorithm.pool_rng.bit_generator.state = state["pool_rng"]
    algorithm.slots = list(state["slots"])
    algorithm.enter(state["stage"])
    algorithm.forget_slots(exchanged=state["slots_exchanged"])
    _set_games(algorithm, arrays, state["games"])


def _network(algorithm: "SelfPlay") -> torch.nn.Module:
    return algorithm.learner.module[DEFAULT_MODULE_ID].unwrapped().network


def _optimizer(algorithm: "SelfPlay") -> torch.optim.Optimizer:
    ((_, optimizer),) = algorithm.learner.get_optimizers_for_module(DEFAULT_MODULE_ID)
    return optimizer


def _games(algorithm: "SelfPlay") -> list[tuple[int, Any]]:
    """(runner, (boards, random stream)) of each that answers."""
    if algorithm.config.num_env_runners == 0:
        return [(0, algorithm.env_runner.export_games())]
    return algorithm.env_runner_group.foreach_env_runner(
        lambda runner: (runner.worker_index, runner.export_games()), timeout_seconds=GAMES_TIMEOUT_SECONDS
    )


def _set_games(algorithm: "SelfPlay", arrays: dict[str, dict[str, np.ndarray]], games: dict[str, Any]) -> None:
    """The games go on, dealt out to the runners of today; those that are missing begin anew."""
    config, selfplay = algorithm.config, algorithm.config.selfplay
    saved = [arrays[f"games_{index}"] for index in sorted(games, key=int)]
    if not saved:
        return
    game = selfplay.game_of(algorithm.stage)
    if any(boards["states"].dtype != game.state_dtype for boards in saved):  # a remote runner could only die of it
        raise ValueError(f"the saved games are not games of {game.id}")
    together = {name: np.concatenate([boards[name] for boards in saved]) for name in saved[0]}
    streams = [games[index] for index in sorted(games, key=int)]
    begin = 0
    for position, index in enumerate(range(1, config.num_env_runners + 1) if config.num_env_runners else [0]):
        count = selfplay.rollouts_of(index, config.num_env_runners).num_games
        share = {name: array[begin : begin + count] for name, array in together.items()}
        stream = streams[position] if position < len(streams) else None
        begin += count
        if index == 0:
            algorithm.env_runner.import_games(share, stream, algorithm.stage)
        else:
            algorithm.env_runner_group.foreach_env_runner(
                "import_games",
                kwargs={"arrays": share, "state": stream, "stage": algorithm.stage},
                remote_worker_ids=[index],
            )
