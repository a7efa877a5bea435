"""The pool of past selves: what it keeps, how much it holds, how it draws."""

import numpy as np
import pytest

from agents.pool import Member, Pool, chances, draw


def snapshot(number: int) -> dict[str, np.ndarray]:
    return {"weight": np.full(2, number, np.float32)}


def filled(size: int, count: int, spacing: int = 100) -> Pool:
    pool = Pool(size)
    for number in range(count):
        pool.add(0, number * spacing, snapshot(number))
    return pool


def steps_of(pool: Pool) -> list[int]:
    return [member.env_steps for member in pool.members]


def test_nothing_is_thinned_before_the_pool_is_full():
    assert steps_of(filled(4, 4)) == [0, 100, 200, 300]


@pytest.mark.parametrize(
    ("count", "kept"),
    [(5, [0, 200, 300, 400]), (6, [0, 200, 400, 500]), (7, [0, 200, 400, 600]), (8, [0, 400, 600, 700]),
     (9, [0, 400, 600, 800]), (10, [0, 400, 800, 900]), (13, [0, 400, 800, 1200])],
)  # fmt: skip
def test_every_other_one_goes_when_the_pool_is_full(count: int, kept: list[int]):
    assert steps_of(filled(4, count)) == kept


@pytest.mark.parametrize("size", [3, 4, 5, 8, 32])
def test_the_whole_history_is_covered_evenly_at_all_times(size: int):
    """The first and the newest stay; the distances between the settled ones differ by a factor of two at most, and the
    newest is never further from them than one such distance."""
    pool = Pool(size)
    for number in range(20 * size):
        pool.add(0, number * 7, snapshot(number))
        steps = steps_of(pool)
        assert len(steps) == min(size, number + 1)
        assert (steps[0], steps[-1]) == (0, number * 7)
        if number >= size:
            settled = np.diff(steps[:-1])
            assert settled.max() <= 2 * settled.min()
            assert steps[-1] - steps[-2] <= settled.max()


def test_weights_stay_with_their_steps():
    pool = filled(5, 137)
    assert [int(member.weights["weight"][0]) * 100 for member in pool.members] == steps_of(pool)


def test_memory_is_bounded_by_the_size():
    """Nothing but the `size` kept members is referred to, however many were added."""
    pool = filled(6, 1000)
    assert len(pool.members) == 6
    assert set(vars(pool)) == {"size", "learners", "members"}


def test_the_learner_with_the_most_gives_way():
    """Two learners in a pool of six: whoever has four of seven loses one, never the first or the newest."""
    pool = Pool(6, learners=2)
    for number in range(40):
        pool.add(number % 2 if number < 8 else 0, number, snapshot(number))
        assert len(pool.members) == min(6, number + 1)
    assert [m.env_steps for m in pool.of(1)] == [1, 5, 7]  # four each at eight: three are left, and stay
    assert (pool.of(0)[0].env_steps, pool.of(0)[-1].env_steps) == (0, 39)
    assert steps_of(pool) == sorted(steps_of(pool))


def test_draws_differ_while_there_are_enough():
    rng, members = np.random.default_rng(0), filled(8, 30).members
    for count in (1, 3, 8):
        for _ in range(50):
            drawn = draw(members, count, chances(members, 0, "uniform"), rng)
            assert len(set(drawn)) == len(drawn) == count
            assert set(drawn) <= set(members)


def test_a_small_pool_is_drawn_from_again():
    """Two past selves for five slots: one of them three times, the other twice."""
    members = filled(8, 2).members
    drawn = draw(members, 5, chances(members, 0, "uniform"), np.random.default_rng(0))
    assert sorted(drawn.count(member) for member in members) == [2, 3]


def test_every_past_self_is_drawn_equally_often():
    rng, members = np.random.default_rng(0), filled(10, 50).members
    equal = chances(members, 0, "uniform")
    drawn = [member.env_steps for _ in range(5000) for member in draw(members, 4, equal, rng)]
    _, counts = np.unique(drawn, return_counts=True)
    assert len(counts) == 10
    assert abs(counts - 2000).max() < 5 * np.sqrt(5000 * 0.4 * 0.6)  # five standard deviations


def test_the_recent_are_the_newest_quarter():
    members = filled(16, 16).members
    found = chances(members, 0, "recent")
    assert found.tolist() == [0] * 12 + [0.25] * 4
    assert set(draw(members, 6, found, np.random.default_rng(0))) == set(members[12:])
    only = filled(2, 1).members
    assert draw(only, 2, chances(only, 0, "recent"), np.random.default_rng(0)) == only * 2


def test_those_that_still_win_are_preferred():
    """Points of 0, half and all of 190 games, 10 drawn ones being added: shares of 0.025, 0.5 and 0.975."""
    members = filled(3, 3).members
    assert chances(members, 0, "prioritised") == pytest.approx([1 / 3] * 3)
    for member, points in zip(members, (0, 95, 190), strict=True):
        member.count(0, 190, points)
    assert [member.share(0) for member in members] == pytest.approx([0.025, 0.5, 0.975])
    weights = np.array([0.975**2, 0.25, 0.02])
    found = chances(members, 0, "prioritised")
    assert found == pytest.approx(weights / weights.sum())
    drawn = [members.index(draw(members, 1, found, np.random.default_rng(seed))[0]) for seed in range(3000)]
    assert np.bincount(drawn) / 3000 == pytest.approx(found, abs=0.035)


def test_each_learner_has_results_of_its_own():
    """The second learner loses to whom the first beats, and so meets it more often."""
    pool = Pool(4, learners=2)
    one, other = (pool.add(0, steps, snapshot(steps)) for steps in (0, 1))
    one.count(0, 190, 190)
    one.count(1, 190, 0)
    assert (one.share(0), one.share(1), other.share(1)) == pytest.approx((0.975, 0.025, 0.5))
    assert chances(pool.members, 0, "prioritised")[0] < 0.1
    assert chances(pool.members, 1, "prioritised")[0] > 0.7


def test_old_games_are_forgotten():
    """Always beaten, then always winning: after many games only the new ones count."""
    member = Member(0, 0, {}, 1)
    for _ in range(50):
        member.count(0, 20, 0)
    assert member.share(0) < 0.05
    for _ in range(50):
        member.count(0, 20, 20)
    assert member.share(0) > 0.9
    assert member.games[0] < 250


def test_results_stay_with_their_selves_when_the_pool_is_thinned():
    pool = filled(4, 4)
    for index, member in enumerate(pool.members):
        member.count(0, 10, index)
    pool.add(0, 400, snapshot(4))  # 100 gives way
    assert steps_of(pool) == [0, 200, 300, 400]
    assert [member.points[0] for member in pool.members] == [0, 2, 3, 0]


@pytest.mark.parametrize(("size", "learners", "who"), [(1, 1, "newest self"), (5, 3, "newest self of each of 3")])
def test_a_pool_too_small_to_hold_two_of_each_is_refused(size: int, learners: int, who: str):
    with pytest.raises(ValueError, match=f"a pool of {size} cannot hold the first and the {who}"):
        Pool(size, learners)
