"""Puts an agent through the drills: the granular behaviours under the rating.

    results = run_drills(agent, make("ball_2v2"), seeds=64, seed=0)
    results.scalars()                                   # {"drill/empty_goal": 0.98, ...}

Half of the scenes are played as team 0, half as team 1, turned by 180°. A drill's result does not depend on the others.
"""

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.agent import Agent
from agents.drills.catalogue import DRILLS, Drill, has_drills
from agents.drills.opposition import Opposition
from agents.drills.rules import Play
from agents.drills.starts import NoRoom, place
from envs.batch import Batch
from envs.game import Game, with_settings

SEEDS = 64
# A goal ends a drill; nobody is paid for anything else; and no ball that nobody fetches is put on the centre spot.
SETTINGS = {"mode": "training", "time_limit": 0.0, "human_knowledge": "none", "stuck_time": 600.0}


@dataclass(frozen=True)
class DrillResult:
    """How often a drill was passed; `tried` is 0 where the game has not the players or the room, as `missing` says."""

    drill: Drill
    passed: int
    tried: int
    missing: str = ""

    @property
    def rate(self) -> float:
        return self.passed / self.tried

    @property
    def interval(self) -> tuple[float, float]:
        """95%, Wilson's."""
        from scipy.stats import binomtest  # takes a second to import, and training does without

        low, high = binomtest(self.passed, self.tried).proportion_ci(method="wilson")
        return float(low), float(high)

    def to_json(self) -> dict[str, Any]:
        drill = self.drill
        about = {"drill": drill.name, "task": drill.task, "seconds": drill.seconds, "tried": self.tried}
        if not self.tried:
            return {**about, "missing": self.missing}
        low, high = self.interval
        return {**about, "passed": self.passed, "rate": self.rate, "low": low, "high": high}


@dataclass(frozen=True)
class DrillResults:
    agent: str
    game: str
    seed: int
    results: tuple[DrillResult, ...]

    def scalars(self) -> dict[str, float]:
        """By tag, for TensorBoard: drill/<name>, the share passed."""
        return {f"drill/{result.drill.name}": result.rate for result in self.results if result.tried}

    def to_json(self) -> dict[str, Any]:
        about = {"agent": self.agent, "game": self.game, "seed": self.seed}
        return {**about, "drills": [result.to_json() for result in self.results]}


def run_drills(agent: Agent, game: Game, seeds: int = SEEDS, seed: int = 0) -> DrillResults:
    """All drills that the game has the players and the room for, `seeds` scenes each; the same arguments give the same
    result. Raises ValueError for a game without a ball."""
    if not has_drills(game):
        raise ValueError(f"the drills are of the ball games, not of {game.id}")
    if seeds < 2 or seeds % 2:
        raise ValueError(f"seeds is {seeds}; it must be even, 2 or more: half are played as either team")
    results = tuple(_result(drill, agent, game, seeds, seed) for drill in DRILLS)
    return DrillResults(agent.name, game.id, seed, results)


def _result(drill: Drill, agent: Agent, game: Game, seeds: int, seed: int) -> DrillResult:
    if drill.least_size > game.num_players // 2:
        return DrillResult(drill, 0, 0, f"needs {drill.least_size} a side")
    try:
        play = play_drill(drill, agent, game, seeds, seed)
    except NoRoom:
        return DrillResult(drill, 0, 0, "needs a larger pitch")
    return DrillResult(drill, int(drill.rule(play).sum()), seeds)


def starting(drill: Drill, game: Game, seeds: int, seed: int) -> tuple[Batch, np.ndarray]:
    """A batch in which every row is a scene of the drill, and the teams [seeds] that are drilled there: 0 in the first
    half, 1 in the second. Raises NoRoom."""
    batch = Batch(with_settings(game, SETTINGS), seeds, seed, autoreset=False)
    teams = np.repeat([0, 1], [seeds - seeds // 2, seeds // 2])
    place(drill.start, batch.game, batch.states, teams, _stream(drill, seed, 0))
    batch.refresh()
    return batch, teams


def play_drill(drill: Drill, agent: Agent, game: Game, seeds: int, seed: int) -> Play:
    """What the agent makes of the drill, to be judged by its rule. Raises NoRoom."""
    batch, teams = starting(drill, game, seeds, seed)
    size = game.num_players // 2
    sides = ((agent, teams, _stream(drill, seed, 1)), (opposition(drill, game), 1 - teams, _stream(drill, seed, 2)))
    for player, _, _ in sides:
        player.reset(np.arange(seeds * size))
    length = decisions(drill, batch.game)
    recorded = np.empty((length + 1, seeds), game.state_dtype)
    actions = np.zeros((seeds, 2 * size, *game.action_shape), game.action_dtype)
    for t in range(length):
        recorded[t] = batch.states
        live = np.flatnonzero(~batch.terminated)
        if not len(live):
            recorded[t:] = batch.states
            break
        rows, seats = np.repeat(live, size), np.tile(np.arange(size), len(live))
        states = np.take(batch.states, rows)  # on records 13 times as fast as batch.states[rows]
        for player, team, rng in sides:
            players = team[rows] * size + seats
            actions[rows, players] = player.act(states, players, rng)
        batch.step(actions)
    recorded[length] = batch.states
    return Play.of(recorded, teams)


def opposition(drill: Drill, game: Game) -> Opposition:
    return Opposition(game, [drill.opponent_of(seat) for seat in range(game.num_players // 2)])


def decisions(drill: Drill, game: Game) -> int:
    """How many the drill lasts at most."""
    return math.ceil(drill.seconds / game.settings["decision_interval"] - 1e-9)


def _stream(drill: Drill, seed: int, use: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(drill.name.encode()), use])
