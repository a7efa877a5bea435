"""What the agents of a study can do, by judges that no arm learned from.

    found = measure(agent folder, game, positions, instruments)      # {"mistakes": 9.1, ...}, and regrets

mistakes            % of held-out positions in which a strictly better result was to be had, by exact play
mistakes/<phase>    the same by moves made, in thirds of the longest game
regret              what a move gave away, in the solver's points
value_error         mean squared error of the network's value, of what exact play gets
mistakes_N, regret_N    the same with a search of N simulations
rating              Elo against the game's anchors
expert_accuracy, human_accuracy     % of held-out labelled moves that it foretells
human_value_error   mean squared error in foretelling the outcome of people's games
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from agents.artifact import CorruptArtifact, read_folder, write_folder
from agents.mistakes import PHASES
from agents.supervised.labels import Labels
from envs.game import Game

KIND = "positions"
SEED = 20_000  # of the positions that measure, not one that a run has


@dataclass(frozen=True)
class Positions:
    """Held out, with what every move is worth.

    states [N]; values [N, A] int16; plies [N]; longest, moves of the longest game; groups [N], the game that each is
    from; label_regrets [N] float32, what the labelled moves give away, nan where there are none."""

    states: np.ndarray
    values: np.ndarray
    plies: np.ndarray
    longest: int
    groups: np.ndarray
    label_regrets: np.ndarray

    def __len__(self) -> int:
        return len(self.states)

    def save(self, folder: Path) -> None:
        raw = np.ascontiguousarray(self.states).view(np.uint8).reshape(len(self.states), -1)
        arrays = {
            "states": raw, "values": self.values, "plies": self.plies, "longest": np.array([self.longest]),
            "groups": self.groups, "label_regrets": self.label_regrets,
        }  # fmt: skip
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # safetensors writes raw memory
        write_folder(folder, {"positions.safetensors": save(whole)}, kind=KIND)

    @classmethod
    def load(cls, folder: Path, game: Game) -> "Positions":
        """Raises CorruptArtifact."""
        arrays = load(read_folder(folder, kind=KIND)["positions.safetensors"])
        if arrays["states"].shape[1] != game.state_dtype.itemsize:
            raise CorruptArtifact(folder, f"holds positions of other rules than those of {game.id}")
        states = np.array(arrays["states"]).reshape(-1).view(game.state_dtype)
        values, plies, groups, regrets = (
            np.array(arrays[name]) for name in ("values", "plies", "groups", "label_regrets")
        )
        return cls(states, values, plies, int(arrays["longest"][0]), groups, regrets)


def find_positions(game: Game, count: int, tell: Any = None) -> Positions:
    """Half of them of random games, half of games of a player by rule: neither is an arm. Raises ValueError."""
    from agents.mistakes import sample
    from agents.names import make_agent
    from agents.solvers import make_solver

    solver = make_solver(game, tell)
    try:
        player = make_agent("alphabeta:2", game)
    except ValueError:
        player = make_agent("one_ply", game)
    states, plies, longest = sample(player, game, solver, count, SEED)
    if not len(states):
        raise ValueError(f"{game.id}: no position came up that can be solved and is held out from training")
    unlabelled = np.full(len(states), np.nan, np.float32)
    return Positions(
        states, solver.move_values(states), plies.astype(np.int64), longest, np.arange(len(states)), unlabelled
    )


def labelled_positions(labels: Labels, count: int, tell: Any = None) -> Positions:
    """Of these labels, so many that only measure and can be solved. Raises ValueError where there is none."""
    from agents.solvers import make_solver
    from agents.supervised.dataset import states_of
    from agents.supervised.prediction import measuring_rows

    game = labels.rules
    solver = make_solver(game, tell)
    rows = measuring_rows(labels, len(labels), SEED)
    states = states_of(labels, rows)
    solvable = np.flatnonzero(solver.solvable(states) & (labels.ply[rows] >= solver.first_ply))
    if not len(solvable):
        raise ValueError(f"none of {len(rows):,} held-out positions of these labels can be solved")
    chosen = np.sort(np.random.default_rng(SEED).permutation(solvable)[:count])
    rows, states = rows[chosen], states[chosen]
    values = solver.move_values(states)
    regrets = np.full(len(rows), np.nan, np.float32)
    for i, row in enumerate(rows):
        part = slice(labels.first_move[row], labels.first_move[row + 1])
        if part.stop > part.start:
            given = values[i].max() - values[i, labels.moves[part]].astype(np.int64)
            regrets[i] = float(labels.weights[part] @ given)
    plies = labels.ply[rows].astype(np.int64)
    longest = int(labels.ply.max()) + 1
    return Positions(states, values, plies, longest, labels.game[rows].astype(np.int64), regrets)


def measure(
    folder: Path, game: Game, positions: Positions | None, instruments: dict[str, Any], seed: int
) -> tuple[dict[str, float], list[int]]:
    """Scores by name, and the regret in each of the positions (network alone)."""
    from agents.evaluation import evaluate
    from agents.network_agent import NetworkAgent, searching
    from agents.saved import load_agent

    network, _ = load_agent(folder, game)
    agent = NetworkAgent(network, game, greedy=True)
    scores: dict[str, float] = {}
    regrets: list[int] = []
    if positions is not None:
        found, regret = judge(agent, positions)
        scores |= found
        regrets = regret.tolist()
        values = agent.values(positions.states, positions.states["current_player"].astype(np.int64))
        scores["value_error"] = float(np.mean((values - np.sign(positions.values.max(axis=1))) ** 2))
        if simulations := instruments["simulations"]:
            found, _ = judge(searching(network, game, simulations), positions)
            scores |= {f"{name}_{simulations}": found[name] for name in ("mistakes", "regret")}
    if instruments["opponents"]:
        result = evaluate(agent, game, instruments["opponents"], instruments["games"] // 2, SEED + seed)
        if result.rating:
            scores["rating"] = result.rating.elo
    for name in ("expert", "human"):
        if instruments[name]:
            scores |= _foretold(agent, game, name, instruments[name])
    return scores, regrets


AT_ONCE = 512  # positions that a search looks at side by side


def judge(agent: Any, positions: Positions) -> tuple[dict[str, float], np.ndarray]:
    """Scores by name, and regrets [N]."""
    actions = np.empty(len(positions), np.int64)
    for begin in range(0, len(positions), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        states = positions.states[part]
        agent.reset(np.arange(len(states)))
        seats = states["current_player"].astype(np.int64)
        actions[part] = agent.act(states, seats, np.random.default_rng([SEED, begin]))
    values = positions.values.astype(np.int64)
    best, chosen = values.max(axis=1), values[np.arange(len(values)), actions]
    wrong = np.sign(chosen) < np.sign(best)
    scores = {"mistakes": 100 * float(wrong.mean()), "regret": float((best - chosen).mean())}
    third = np.minimum(3 * positions.plies // positions.longest, 2)
    for number, phase in enumerate(PHASES):
        if (third == number).any():
            scores[f"mistakes/{phase}"] = 100 * float(wrong[third == number].mean())
    return scores, best - chosen


def _foretold(agent: Any, game: Game, name: str, folder: str) -> dict[str, float]:
    from agents.supervised.labels import load_labels
    from agents.supervised.prediction import measuring_rows, predict

    labels = load_labels(Path(folder), game)
    rows = measuring_rows(labels)
    if not len(rows):
        return {}
    found = predict(agent, labels, rows)
    scores = {} if found.accuracy is None else {f"{name}_accuracy": 100 * found.accuracy}
    if name == "human" and found.value_error is not None:
        scores["human_value_error"] = found.value_error
    return scores
