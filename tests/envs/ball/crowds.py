"""Players packed round the ball, where many contacts happen at once, in teams of any size."""

import numpy as np

from envs.game import Game
from tests.envs.ball.scenes import gaps, scenes

SPACING = 1.05  # m between the centres of neighbours, of players 1 m wide; six of them reach the ball in their middle


def packed(size: int) -> np.ndarray:
    """[2k, 2] m: the places of a hexagonal lattice nearest to the origin, which stays free.

    Both teams are mixed, and team 1 stands as team 0 rotated by 180°.
    """
    column, row = (numbers.ravel() for numbers in np.meshgrid(np.arange(-4, 5), np.arange(5)))
    column, row = column[(row > 0) | (column > 0)], row[(row > 0) | (column > 0)]  # one of each two opposite places
    places = SPACING * np.stack([column + row / 2, np.sqrt(3) / 2 * row], axis=1)
    nearest = np.argsort(np.linalg.norm(places, axis=1).round(6), kind="stable")[:size]
    own = places[nearest] * np.where(np.arange(size) % 2, -1, 1)[:, None]
    return np.concatenate([own, -own])


def crowd(game: Game, count: int, speed: float, inward: float = 2.0) -> np.ndarray:
    """States [count]: a bunch round the centre spot that moves at random, with up to `speed` m/s along each axis.

    In every other state all players run to the spot, too, with `inward` m/s.
    """
    states, places = scenes(game, count), packed(game.num_players // 2)
    rng = np.random.default_rng(game.num_players)
    states["position"][:, :-1] = places + rng.uniform(-0.015, 0.015, (count, *places.shape))
    states["position"][:, -1] = rng.uniform(-0.03, 0.03, (count, 2))
    states["velocity"] = rng.uniform(-speed, speed, states["velocity"].shape)
    states["velocity"][::2, :-1] -= inward * places / np.linalg.norm(places, axis=1, keepdims=True)
    states["stuck_anchor"] = states["position"][:, -1]
    return states


def in_several_contacts(states: np.ndarray) -> np.ndarray:
    """[B] how many bodies touch two others or more, to a centimetre."""
    return ((gaps(states) < 0.01).sum(axis=2) > 1).sum(axis=1)
