"""Past selves: a bounded memory of earlier weights, spread evenly over the training so far, and how games against them
went.

    pool = PastSelves(size=32, sampling="prioritised")
    pool.add(env_steps, weights)
    slots = pool.draw(4, rng)                        # indices of those to be played next
    pool.count(index, games=40, points=31.5)         # what came of it

How they are drawn, `sampling`:

    uniform       each as likely
    recent        evenly from the newest quarter
    prioritised   in proportion to (1 - p)^2, p the learning policy's share of the points against each: those that still
                  beat it (prioritised fictitious self-play, Vinyals et al., "Grandmaster level in StarCraft II", 2019)
"""

from typing import Literal

import numpy as np

from agents.rollouts import Weights

Sampling = Literal["uniform", "recent", "prioritised"]
RECENT = 0.25  # of the pool
MEMORY = 200.0  # games: older ones are forgotten at this rate, for the learning policy moves on
PRIOR = 10.0  # drawn games that everybody begins with, so that a few lucky ones do not decide
FLOOR = 0.02  # of the weight of one that wins always: nobody is forgotten for good


class PastSelves:
    """At most `size` snapshots. When full, the one whose neighbours in training time are closest gives way, never the
    first or the newest: what stays covers the whole history at distances that differ by a factor of two at most."""

    def __init__(self, size: int, sampling: Sampling = "uniform"):
        if size < 2:
            raise ValueError(f"a pool of {size} cannot hold the first and the newest self")
        self.size, self.sampling = size, sampling
        self.env_steps: list[int] = []
        self.weights: list[Weights] = []
        self.games: list[float] = []  # that the learning policy played against each, the older ones counting less
        self.points: list[float] = []  # of the learning policy in them, 1 a win, 0.5 a draw

    def add(self, env_steps: int, weights: Weights) -> None:
        self.env_steps.append(env_steps)
        self.weights.append(weights)
        self.games.append(0.0)
        self.points.append(0.0)
        if len(self.weights) > self.size:
            gaps = np.diff(self.env_steps)
            gaps[-1] = gaps[-2]  # the newest has only begun to move away: judge its neighbour by the gap before
            crowded = 1 + int(np.argmin(gaps[1:] + gaps[:-1]))
            for kept in (self.env_steps, self.weights, self.games, self.points):
                del kept[crowded]

    def count(self, index: int, games: float, points: float) -> None:
        """Games of the learning policy against one of them."""
        kept = MEMORY / (MEMORY + games)
        self.games[index] = kept * self.games[index] + games
        self.points[index] = kept * self.points[index] + points

    @property
    def shares(self) -> np.ndarray:
        """[n] float64: the learning policy's share of the points against each, PRIOR drawn games included."""
        return (np.array(self.points) + PRIOR / 2) / (np.array(self.games) + PRIOR)

    def chances(self) -> np.ndarray:
        """[n] float64, sum 1: how likely each is to be the first that is drawn."""
        count = len(self.weights)
        if self.sampling == "recent":
            chances = (np.arange(count) >= count - max(1, round(RECENT * count))).astype(np.float64)
        elif self.sampling == "prioritised":
            chances = np.maximum((1 - self.shares) ** 2, FLOOR)
        else:
            chances = np.ones(count)
        return chances / chances.sum()

    def draw(self, count: int, rng: np.random.Generator) -> list[int]:
        """Indices of `count` past selves, different ones as far as there are enough."""
        chances = self.chances()
        able = int(np.count_nonzero(chances))
        order = rng.choice(len(chances), size=able, replace=False, p=chances)  # those drawn early are likelier ones
        return [int(order[i % able]) for i in range(count)]
