"""The random streams that States carry."""

import numpy as np
import pytest

from envs.random_stream import next_uint64, randint, seed_streams, uniform

STATE = np.dtype([("rng", np.uint64)])


def stream(seed: int) -> np.void:
    return np.array([(seed,)], STATE)[0]


def test_the_published_sequence():
    """SplitMix64 from 1234567, as printed at https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64."""
    state = stream(1234567)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(next_uint64(state)) for _ in range(5)] == expected


def test_a_copied_stream_goes_on_alike():
    state = stream(7)
    next_uint64(state)
    copied = state.copy()
    assert [next_uint64(state) for _ in range(9)] == [next_uint64(copied) for _ in range(9)]


def test_uniform_is_uniform_in_its_interval():
    """Mean 1/2 and variance 1/12, five standard deviations of 20,000 draws."""
    state = stream(1)
    draws = np.array([uniform(state) for _ in range(20_000)])
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / 20_000)
    assert abs(draws.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / 20_000)


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_randint_covers_its_range_evenly(n):
    state = stream(2)
    counts = np.bincount([randint(state, n) for _ in range(20_000)], minlength=n)
    assert len(counts) == n
    assert (np.abs(counts - 20_000 / n) <= 5 * np.sqrt(20_000 / n)).all()


def test_a_stream_does_not_depend_on_how_many_there_are():
    np.testing.assert_array_equal(seed_streams(3, 5), seed_streams(3, 100)[:5])
    assert len(np.unique(seed_streams(3, 10_000))) == 10_000
    assert not np.intersect1d(seed_streams(3, 10_000), seed_streams(4, 10_000)).size


def test_neighbouring_streams_are_not_shifted_copies():
    """SplitMix64 streams whose starts lie few golden gammas apart would repeat each other."""
    streams = [stream(start) for start in seed_streams(0, 50)]
    draws = [[int(next_uint64(state)) for _ in range(200)] for state in streams]
    assert len({draw for row in draws for draw in row}) == 50 * 200
