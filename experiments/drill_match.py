"""One scene of a drill as a match that can be watched; in the end it knows whether it was passed."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from agents.agent import Agent
from agents.drills.catalogue import Drill
from agents.drills.rules import Play
from agents.drills.run import SEEDS, decisions, opposition, starting
from envs.game import Game
from experiments.recording import Match


class DrillMatch(Match):
    """Scene 0, 1, ... of those that the agent's team, 0 or 1, is given by `run_drills` with this seed."""

    def __init__(self, drill: Drill, game: Game, agent: Agent, label: str, seed: int, scene: int, team: int):
        batch, teams = starting(drill, game, SEEDS, seed)
        pair = [agent, opposition(drill, batch.game)]
        names = [label, f"drill {drill.name}"]
        order = slice(None, None, -1 if team == 1 else 1)
        super().__init__(batch.game, pair[order], seed, names[order])
        self.drill, self.team = drill, team
        rows = np.flatnonzero(teams == team)
        self.state = batch.states[rows[scene % len(rows)]].copy()
        self._animation.begin(self.state)
        self._seen = [self.state.copy()]

    @property
    def ended(self) -> bool:
        return self.over or self.moves == decisions(self.drill, self.game)

    @property
    def passed(self) -> bool:
        """Judged on what has happened so far."""
        states = np.array(self._seen, self.game.state_dtype)[:, None]
        return bool(self.drill.rule(Play.of(states, np.array([self.team])))[0])

    def _play(self, actions: np.ndarray) -> Iterator[dict[str, Any]]:
        yield from super()._play(actions)
        self._seen.append(self.state.copy())
