"""The running average of weights against sums written out."""

import numpy as np
import pytest

from agents.averaging import WeightAverage


def averaged(power: float, values: list[float]) -> float:
    average = WeightAverage(power)
    for value in values:
        average.add({"w": np.full((2, 3), value, np.float32)})
    (found,) = average.weights().values()
    assert found.dtype == np.float32
    assert found.shape == (2, 3)
    assert np.ptp(found) == 0
    return float(found[0, 0])


def test_power_0_is_the_plain_mean():
    assert averaged(0, [1, 2, 6]) == 3


def test_power_1_counts_by_rank():
    """Of n the t-th counts 2 t / (n (n + 1)): (1 + 2 * 2 + 3 * 6) / 6."""
    assert averaged(1, [1, 2, 6]) == pytest.approx(23 / 6)


@pytest.mark.parametrize("power", [0.0, 1.0, 3.0, 7.5])
def test_what_does_not_change_is_its_own_average(power: float):
    assert averaged(power, [0.1] * 50) == np.float32(0.1)


@pytest.mark.parametrize(("power", "centre"), [(0.0, 1 / 2), (1.0, 2 / 3), (3.0, 4 / 5)])
def test_its_centre_of_mass_is_a_share_of_the_time_so_far(power: float, centre: float):
    for updates in (200, 2000):
        assert averaged(power, list(range(updates))) / updates == pytest.approx(centre, abs=0.01)


def test_the_first_counts_for_nothing_in_the_long_run():
    """What learning began from, at random. Of n the t-th counts 4 t (t + 1) (t + 2) / (n (n + 1) (n + 2) (n + 3))."""
    assert averaged(3, [1] + [0] * 29) == pytest.approx(24 / (30 * 31 * 32 * 33))


def test_what_was_added_and_taken_may_change_later():
    average, first = WeightAverage(3), {"w": np.ones(2, np.float32)}
    average.add(first)
    first["w"][:] = 5
    average.weights()["w"][:] = 7
    assert average.weights()["w"].tolist() == [1, 1]


def test_nothing_has_no_average():
    with pytest.raises(ValueError, match="nothing"):
        WeightAverage(3).weights()
