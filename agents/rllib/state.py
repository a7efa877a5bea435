"""What it takes to continue a SelfPlay: weights, optimiser, pool, random streams and every board, without pickle.

Arrays are in groups, a file each, everything else is JSON; experiments/checkpoint.py writes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from agents.pool import Member

if TYPE_CHECKING:
    from agents.rllib.algorithm import SelfPlay

GAMES_TIMEOUT_SECONDS = 60.0  # a runner that hangs must not keep a run from being saved


def export_state(algorithm: "SelfPlay") -> tuple[dict[str, dict[str, np.ndarray]], dict[str, Any]]:
    """Copies of everything. Rollouts in flight, and the games of runners that do not answer, are not part."""
    league, learner = algorithm.league, algorithm.learner
    arrays: dict[str, dict[str, np.ndarray]] = {"shuffle": {"state": learner.shuffle.get_state().numpy().copy()}}
    learners = []
    # a slot may hold one that has left the pool since
    members = list(dict.fromkeys([*league.pool.members, *(m for one in league.learners for m in one.slots)]))
    for one, module_id in zip(league.learners, algorithm.module_ids, strict=True):
        optimizer = learner.optimizer(module_id)
        moments: dict[str, np.ndarray] = {}
        for name, parameter in learner.network(module_id).named_parameters():
            for key, value in optimizer.state.get(parameter, {}).items():
                moments[f"{name}/{key}"] = value.detach().cpu().numpy().copy()
        arrays[f"weights_{one.index}"] = algorithm.weights(one.index)
        arrays[f"optimizer_{one.index}"] = moments
        if one.average:
            arrays[f"average_{one.index}"] = {name: value.copy() for name, value in one.average.average.items()}
        columns, memory = learner.export_memory(module_id)
        if columns:
            arrays[f"memory_{one.index}"] = columns
        learners.append(
            {
                "name": one.name,
                "memory": memory,
                "averaged": one.average.count if one.average else 0,
                "slots": [members.index(member) for member in one.slots],
                "slots_exchanged": algorithm.sampler.exchanged(1 if algorithm.config.num_env_runners else 0, one),
                **{name: getattr(one, name) for name in COUNTERS},
            }
        )
    arrays["pool"] = {f"{i}/{name}": w for i, member in enumerate(members) for name, w in member.weights.items()}
    games: dict[str, dict[str, Any]] = {}
    for index, of_learners in sorted(_games(algorithm)):
        for one_index, (boards, state) in of_learners.items():
            arrays[f"games_{one_index}_{index}"] = boards
            games.setdefault(str(one_index), {})[str(index)] = state
    return arrays, {
        "env_steps": algorithm.env_steps,
        "stage": algorithm.stage,
        "learners": learners,
        "members": [
            {"learner": m.learner, "env_steps": m.env_steps, "games": m.games.tolist(), "points": m.points.tolist()}
            for m in members
        ],
        "pool": len(league.pool.members),  # the first so many of the members
        "league_rng": league.rng.bit_generator.state,
        "promotion_games": league.promotion_games,
        "games": games,
    }


COUNTERS = ("updates", "tried", "joined")  # of a Learner


def import_state(algorithm: "SelfPlay", arrays: dict[str, dict[str, np.ndarray]], state: dict[str, Any]) -> None:
    """Raises ValueError where the boards are another game's, or the learners others."""
    league, learner = algorithm.league, algorithm.learner
    found, wanted = [one["name"] for one in state["learners"]], [one.name for one in league.learners]
    if found != wanted:
        raise ValueError(f"the saved learners are {', '.join(found)}, not {', '.join(wanted)}")
    names = list(algorithm.weights())
    members = []
    for i, saved in enumerate(state["members"]):
        weights = {name: np.array(arrays["pool"][f"{i}/{name}"]) for name in names}
        member = Member(saved["learner"], saved["env_steps"], weights, len(league.learners))
        member.games[:], member.points[:] = saved["games"], saved["points"]
        members.append(member)
    league.pool.members = members[: state["pool"]]
    league.rng.bit_generator.state = state["league_rng"]
    league.promotion_games = state["promotion_games"]
    for one, module_id, saved in zip(league.learners, algorithm.module_ids, state["learners"], strict=True):
        learner.begin_anew(module_id, arrays[f"weights_{one.index}"])
        moments, optimizer = arrays[f"optimizer_{one.index}"], learner.optimizer(module_id)
        for name, parameter in learner.network(module_id).named_parameters():
            keys = [key for key in moments if key.rpartition("/")[0] == name]
            optimizer.state[parameter] = {
                key.rpartition("/")[2]: torch.from_numpy(np.array(moments[key])).to(parameter.device) for key in keys
            }
        learner.import_memory(module_id, arrays.get(f"memory_{one.index}", {}), saved["memory"])
        for name in COUNTERS:
            setattr(one, name, saved[name])
        one.slots = [members[index] for index in saved["slots"]]
        one.slots_version += 1
        one.drawn_version = one.slots_version if saved["slots_exchanged"] else 0
        if one.average:
            average = arrays[f"average_{one.index}"]
            one.average.count = saved["averaged"]
            one.average.average = {name: np.array(value) for name, value in average.items()}
    learner.shuffle.set_state(torch.from_numpy(np.array(arrays["shuffle"]["state"])))
    algorithm.env_steps = state["env_steps"]
    algorithm.enter(state["stage"])
    for one_index, games in state["games"].items():
        _set_games(algorithm, int(one_index), arrays, games)


def _games(algorithm: "SelfPlay") -> list[tuple[int, Any]]:
    """(runner, {learner: (boards, random stream)}) of each that answers."""
    if algorithm.config.num_env_runners == 0:
        return [(0, algorithm.env_runner.export_games())]
    return algorithm.env_runner_group.foreach_env_runner(
        lambda runner: (runner.worker_index, runner.export_games()), timeout_seconds=GAMES_TIMEOUT_SECONDS
    )


def _set_games(
    algorithm: "SelfPlay", learner: int, arrays: dict[str, dict[str, np.ndarray]], games: dict[str, Any]
) -> None:
    """A learner's games go on, dealt out to the runners of today; those that are missing begin anew."""
    config, selfplay = algorithm.config, algorithm.config.selfplay
    saved = [arrays[f"games_{learner}_{index}"] for index in sorted(games, key=int)]
    if not saved:
        return
    game = selfplay.game_of(algorithm.stage)
    if any(boards["states"].dtype != game.state_dtype for boards in saved):  # a remote runner could only die of it
        raise ValueError(f"the saved games are not games of {game.id}")
    together = {name: _joined([boards[name] for boards in saved]) for name in saved[0]}
    streams = [games[index] for index in sorted(games, key=int)]
    begin = 0
    for position, index in enumerate(range(1, config.num_env_runners + 1) if config.num_env_runners else [0]):
        count = selfplay.rollouts_of(index, config.num_env_runners, learner).num_games
        share = {name: array[begin : begin + count] for name, array in together.items()}
        stream = streams[position] if position < len(streams) else None
        begin += count
        if index == 0:
            algorithm.env_runner.import_games(share, stream, algorithm.stage, learner)
        else:
            algorithm.env_runner_group.foreach_env_runner(
                "import_games",
                kwargs={"arrays": share, "state": stream, "stage": algorithm.stage, "learner": learner},
                remote_worker_ids=[index],
            )


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    """One array of them all, the games first; where the second size differs (moves written down), filled up with 0."""
    if arrays[0].ndim > 1:
        longest = max(array.shape[1] for array in arrays)
        arrays = [
            np.pad(array, [(0, 0), (0, longest - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]) for array in arrays
        ]
    return np.concatenate(arrays)
