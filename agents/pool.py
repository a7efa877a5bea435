"""Past selves: a bounded memory of earlier weights, spread evenly over the training so far."""

import numpy as np

from agents.rollouts import Weights


class PastSelves:
    """At most `size` snapshots. When full, the one whose neighbours in training time are closest gives way, never the
    first or the newest: what stays covers the whole history at distances that differ by a factor of two at most."""

    def __init__(self, size: int):
        if size < 2:
            raise ValueError(f"a pool of {size} cannot hold the first and the newest self")
        self.size = size
        self.env_steps: list[int] = []
        self.weights: list[Weights] = []

    def add(self, env_steps: int, weights: Weights) -> None:
        self.env_steps.append(env_steps)
        self.weights.append(weights)
        if len(self.weights) > self.size:
            gaps = np.diff(self.env_steps)
            gaps[-1] = gaps[-2]  # the newest has only begun to move away: judge its neighbour by the gap before
            crowded = 1 + int(np.argmin(gaps[1:] + gaps[:-1]))
            del self.env_steps[crowded], self.weights[crowded]

    def draw(self, count: int, rng: np.random.Generator) -> list[int]:
        """Indices of `count` past selves, drawn evenly, different ones as far as there are enough."""
        order = rng.permutation(len(self.weights))
        return [int(order[i % len(order)]) for i in range(count)]
