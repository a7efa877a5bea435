"""The pool of past selves: what it keeps, how much it holds, how it draws."""

import numpy as np
import pytest

from agents.pool import PastSelves


def snapshot(number: int) -> dict[str, np.ndarray]:
    return {"weight": np.full(2, number, np.float32)}


def filled(size: int, count: int, spacing: int = 100) -> PastSelves:
    pool = PastSelves(size)
    for number in range(count):
        pool.add(number * spacing, snapshot(number))
    return pool


def test_nothing_is_thinned_before_the_pool_is_full():
    assert filled(4, 4).env_steps == [0, 100, 200, 300]


@pytest.mark.parametrize(
    ("count", "kept"),
    [(5, [0, 200, 300, 400]), (6, [0, 200, 400, 500]), (7, [0, 200, 400, 600]), (8, [0, 400, 600, 700]),
     (9, [0, 400, 600, 800]), (10, [0, 400, 800, 900]), (13, [0, 400, 800, 1200])],
)  # fmt: skip
def test_every_other_one_goes_when_the_pool_is_full(count: int, kept: list[int]):
    assert filled(4, count).env_steps == kept


@pytest.mark.parametrize("size", [3, 4, 5, 8, 32])
def test_the_whole_history_is_covered_evenly_at_all_times(size: int):
    """The first and the newest stay; the distances between the settled ones differ by a factor of two at most, and the
    newest is never further from them than one such distance."""
    pool = PastSelves(size)
    for number in range(20 * size):
        pool.add(number * 7, snapshot(number))
        steps = pool.env_steps
        assert len(steps) == len(pool.weights) == min(size, number + 1)
        assert (steps[0], steps[-1]) == (0, number * 7)
        if number >= size:
            settled = np.diff(steps[:-1])
            assert settled.max() <= 2 * settled.min()
            assert steps[-1] - steps[-2] <= settled.max()


def test_weights_stay_with_their_steps():
    pool = filled(5, 137)
    assert [int(weights["weight"][0]) * 100 for weights in pool.weights] == pool.env_steps


def test_memory_is_bounded_by_the_size():
    """Nothing but the `size` kept snapshots is referred to, however many were added."""
    pool = filled(6, 1000)
    kept = vars(pool)
    assert {len(kept[name]) for name in ("weights", "env_steps", "games", "points")} == {6}
    assert set(kept) == {"size", "sampling", "env_steps", "weights", "games", "points"}


def test_draws_differ_while_there_are_enough():
    rng = np.random.default_rng(0)
    for count in (1, 3, 8):
        for _ in range(50):
            drawn = filled(8, 30).draw(count, rng)
            assert len(set(drawn)) == len(drawn) == count
            assert all(0 <= index < 8 for index in drawn)


def test_a_small_pool_is_drawn_from_again():
    """Two past selves for five slots: one of them three times, the other twice."""
    drawn = filled(8, 2).draw(5, np.random.default_rng(0))
    assert sorted(np.bincount(drawn, minlength=2)) == [2, 3]


def test_every_past_self_is_drawn_equally_often():
    rng, pool = np.random.default_rng(0), filled(10, 50)
    counts = np.bincount([index for _ in range(5000) for index in pool.draw(4, rng)], minlength=10)
    assert abs(counts - 2000).max() < 5 * np.sqrt(5000 * 0.4 * 0.6)  # five standard deviations


def test_the_recent_are_the_newest_quarter():
    pool = filled(16, 16)
    pool.sampling = "recent"
    assert pool.chances().tolist() == [0] * 12 + [0.25] * 4
    assert set(pool.draw(6, np.random.default_rng(0))) == {12, 13, 14, 15}
    assert filled(2, 1).draw(2, np.random.default_rng(0)) == [0, 0]


def test_those_that_still_win_are_preferred():
    """Points of 0, half and all of 190 games, 10 drawn ones being added: shares of 0.025, 0.5 and 0.975."""
    pool = filled(3, 3)
    pool.sampling = "prioritised"
    assert pool.chances() == pytest.approx([1 / 3] * 3)
    for index, points in enumerate((0, 95, 190)):
        pool.count(index, 190, points)
    assert pool.shares == pytest.approx([0.025, 0.5, 0.975])
    weights = np.array([0.975**2, 0.25, 0.02])
    assert pool.chances() == pytest.approx(weights / weights.sum())
    drawn = [pool.draw(1, np.random.default_rng(seed))[0] for seed in range(3000)]
    assert np.bincount(drawn) / 3000 == pytest.approx(pool.chances(), abs=0.035)


def test_old_games_are_forgotten():
    """Always beaten, then always winning: after many games only the new ones count."""
    pool = filled(3, 2)
    for _ in range(50):
        pool.count(0, 20, 0)
    assert pool.shares[0] < 0.05
    for _ in range(50):
        pool.count(0, 20, 20)
    assert pool.shares[0] > 0.9
    assert pool.games[0] < 250
    assert pool.shares[1] == 0.5


def test_results_stay_with_their_selves_when_the_pool_is_thinned():
    pool = filled(4, 4)
    for index in range(4):
        pool.count(index, 10, index)
    pool.add(400, snapshot(4))  # 100 gives way
    assert pool.env_steps == [0, 200, 300, 400]
    assert pool.points == [0, 2, 3, 0]


def test_a_pool_too_small_to_hold_two_is_refused():
    with pytest.raises(ValueError, match="a pool of 1 cannot hold"):
        PastSelves(1)
