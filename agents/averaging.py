"""A running average of a network's weights: what is measured and saved of a run, where self-play goes round in circles.

    average = WeightAverage(power=3)
    average.add(weights)                # after every update
    average.weights()                   # float32, of all so far; the newest count most

The weights after update t count in proportion to about t^power: a window that grows with the run, its centre of mass at
(power + 1) / (power + 2) of the time so far. Polynomial-decay averaging: Shamir and Zhang, "Stochastic gradient descent
for non-smooth optimization" (2013), section 4. That the average of weights along one run plays well at all: Izmailov et
al., "Averaging weights leads to wider optima and better generalization" (2018).
"""

import numpy as np

Weights = dict[str, np.ndarray]


class WeightAverage:
    """`count` sets of weights and their average, float64, so that a long run loses nothing to rounding."""

    def __init__(self, power: float):
        self.power = power
        self.count = 0
        self.average: Weights = {}

    def add(self, weights: Weights) -> None:
        self.count += 1
        share = (self.power + 1) / (self.count + self.power)
        for name, new in weights.items():
            old = self.average.setdefault(name, np.zeros(new.shape, np.float64))
            old += share * (new - old)

    def weights(self) -> Weights:
        """Copies, float32. Raises ValueError while there is nothing to average."""
        if not self.count:
            raise ValueError("nothing was added yet")
        return {name: value.astype(np.float32) for name, value in self.average.items()}
