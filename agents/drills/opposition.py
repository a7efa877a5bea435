"""Who plays against the team that is drilled: fixed rules by seat, as one Agent."""

from collections.abc import Sequence

import numpy as np

from agents.agent import Agent
from agents.names import make_agent
from envs.ball.actions import DIRECTIONS
from envs.game import Game

STILL, CHASER = "scripted:L0", "scripted:L3"
DRIBBLER = "dribbler"  # the chaser without its kicks: it keeps the ball at its feet


class Opposition:
    """Plays each seat of a team by the agent of that name."""

    name = "opposition"

    def __init__(self, game: Game, by_seat: Sequence[str]):
        self._game, self._size = game, len(by_seat)
        self._agents = {name: _make(name, game) for name in by_seat}
        self._seats = {name: np.array([other == name for other in by_seat]) for name in by_seat}

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        actions = np.empty((len(states), *self._game.action_shape), self._game.action_dtype)
        for name, agent in self._agents.items():
            rows = np.flatnonzero(self._seats[name][players % self._size])
            if len(rows):
                actions[rows] = agent.act(np.take(states, rows), players[rows], rng)
        return actions

    def reset(self, rows: np.ndarray) -> None:
        pass


class _Dribbler:
    name = DRIBBLER

    def __init__(self, chaser: Agent):
        self._chaser = chaser

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        actions = self._chaser.act(states, players, rng)
        if actions.ndim == 1:
            return actions % DIRECTIONS
        actions[:, -1] = -1  # no kick
        return actions

    def reset(self, rows: np.ndarray) -> None:
        pass


def _make(name: str, game: Game) -> Agent:
    return _Dribbler(make_agent(CHASER, game)) if name == DRIBBLER else make_agent(name, game)
