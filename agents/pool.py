"""The pool: a bounded memory of earlier selves, spread evenly over the training so far, and of games against them.

    pool = Pool(size=32)
    pool.add(0, env_steps, weights)                                                     # of learner 0
    drawn = draw(pool.members, 4, chances(pool.members, 0, "prioritised"), rng)         # to be played next
    drawn[0].count(0, games=40, points=31.5)                                            # what came of it

How members are drawn, `sampling`:

    uniform       each as likely
    recent        evenly from the newest quarter
    prioritised   in proportion to (1 - p)^2, p the learner's share of the points against each: those that still beat it
                  (prioritised fictitious self-play, Vinyals et al., "Grandmaster level in StarCraft II", 2019)
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from agents.rollouts import Weights

Sampling = Literal["uniform", "recent", "prioritised"]
RECENT = 0.25  # of the pool
MEMORY = 200.0  # games: older ones are forgotten at this rate, for the learners move on
PRIOR = 10.0  # drawn games that everybody begins with, so that a few lucky ones do not decide
FLOOR = 0.02  # of the weight of one that wins always: nobody is forgotten for good


class Member:
    """The self of a learner at some point of the training.

    games, points  [learners] float64: games that each learner played against it, the older ones counting less, and the
                   learner's points in them, 1 a win, 0.5 a draw
    """

    def __init__(self, learner: int, env_steps: int, weights: Weights, learners: int):
        self.learner, self.env_steps, self.weights = learner, env_steps, weights
        self.games, self.points = np.zeros(learners), np.zeros(learners)

    def count(self, learner: int, games: float, points: float) -> None:
        """Games of a learner against it."""
        kept = MEMORY / (MEMORY + games)
        self.games[learner] = kept * self.games[learner] + games
        self.points[learner] = kept * self.points[learner] + points

    def share(self, learner: int) -> float:
        """The learner's share of the points against it, PRIOR drawn games included."""
        return float((self.points[learner] + PRIOR / 2) / (self.games[learner] + PRIOR))


class Pool:
    """At most `size` members, in the order in which they joined.

    When full, the learner with the most loses the one whose neighbours in training time are closest, never the first or
    the newest: what stays covers the whole history, at distances that differ by a factor of two at most. Raises
    ValueError for a pool that cannot hold the first and the newest self of each learner.
    """

    def __init__(self, size: int, learners: int = 1):
        if size < 2 * learners:
            holder = "the first and the newest self" + (f" of each of {learners} learners" if learners > 1 else "")
            raise ValueError(f"a pool of {size} cannot hold {holder}")
        self.size, self.learners = size, learners
        self.members: list[Member] = []

    def add(self, learner: int, env_steps: int, weights: Weights) -> Member:
        member = Member(learner, env_steps, weights, self.learners)
        self.members.append(member)
        if len(self.members) > self.size:
            most, _ = Counter(member.learner for member in self.members).most_common(1)[0]
            own = self.of(most)
            gaps = np.diff([member.env_steps for member in own])
            gaps[-1] = gaps[-2]  # the newest has only begun to move away: judge its neighbour by the gap before
            self.members.remove(own[1 + int(np.argmin(gaps[1:] + gaps[:-1]))])
        return member

    def of(self, learner: int) -> list[Member]:
        """The selves of one learner, oldest first."""
        return [member for member in self.members if member.learner == learner]


def chances(members: Sequence[Member], learner: int, sampling: Sampling) -> np.ndarray:
    """[n] float64, sum 1: how likely each is to be the first that is drawn for a learner."""
    count = len(members)
    if sampling == "recent":
        found = (np.arange(count) >= count - max(1, round(RECENT * count))).astype(np.float64)
    elif sampling == "prioritised":
        found = np.maximum((1 - np.array([member.share(learner) for member in members])) ** 2, FLOOR)
    else:
        found = np.ones(count)
    return found / found.sum()


def draw(members: Sequence[Member], count: int, chances: np.ndarray, rng: np.random.Generator) -> list[Member]:
    """`count` members, different ones as far as there are enough."""
    able = int(np.count_nonzero(chances))
    order = rng.choice(len(members), size=able, replace=False, p=chances)  # those drawn early are likelier ones
    return [members[order[i % able]] for i in range(count)]
