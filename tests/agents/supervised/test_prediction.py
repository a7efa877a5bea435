"""How well an agent foretells labels: answers known beforehand."""

import numpy as np
import pytest

from agents.supervised.prediction import measuring_rows, predict
from envs import make
from tests.agents.supervised.made import labels_of, random_labels

CONNECT_FOUR = make("connect_four")


class Always:
    """Plays one column, and thinks that every position is worth the same."""

    name = "always"

    def __init__(self, action: int, value: float):
        self.action, self.value = action, value

    def act(self, states, players, rng):
        return np.full(len(states), self.action, np.int32)

    def values(self, states, players):
        return np.full(len(states), self.value, np.float32)

    def reset(self, rows):
        pass


def test_accuracy_is_the_labels_share_and_the_error_is_squared():
    rows = [(0, 0, 0), (0, 1, 1), (0, 2, 0)]
    moves = [{3: 1.0}, {3: 0.25, 2: 0.75}, {1: 1.0}]
    labels = labels_of(CONNECT_FOUR, [[3, 3, 3]], rows, moves, [1.0, -1.0, np.nan])
    found = predict(Always(3, 0.5), labels, np.arange(3))
    assert found.accuracy == pytest.approx((1 + 0.25 + 0) / 3)
    assert found.value_error == pytest.approx((0.5**2 + 1.5**2) / 2)


def test_what_labels_do_not_say_is_not_judged():
    labels = labels_of(CONNECT_FOUR, [[3]], [(0, 0, 0)], [{}], [1.0])
    found = predict(Always(3, 1.0), labels, np.arange(1))
    assert (found.accuracy, found.value_error) == (None, 0)
    with pytest.raises(ValueError, match="no labels that only measure"):
        predict(Always(3, 1.0), labels, np.arange(0))


def test_rows_that_measure_are_held_out_and_the_same_each_time():
    from agents.supervised.dataset import measures

    labels = random_labels(CONNECT_FOUR, 40)
    rows = measuring_rows(labels, 50)
    assert len(rows) == 50
    assert measures(labels)[rows].all()
    assert np.array_equal(rows, measuring_rows(labels, 50))
