"""The sequential test: known ratios, and how often it errs, measured by simulation."""

import numpy as np
import pytest

from agents.ratings import expected_share
from agents.sprt import Sprt, Verdict


def draw_pairs(elo: float, pairs: int, rng: np.random.Generator, draws: float, luck: float) -> np.ndarray:
    """Counts [5]: pairs of a player so many Elo ahead; a pair's start gives a side up to `luck` of a point."""
    points = np.zeros(pairs, np.int64)
    favour = rng.uniform(-luck, luck, pairs)
    for sign in (1, -1):
        share = expected_share(elo) + sign * favour
        drawn = draws * 2 * np.minimum(share, 1 - share)
        u = rng.random(pairs)
        points += np.where(u < share - drawn / 2, 2, np.where(u < share + drawn / 2, 1, 0))
    return np.bincount(points, minlength=5)


def run(test: Sprt, elo: float, rng: np.random.Generator, draws: float, luck: float, batch: int = 16) -> Verdict:
    counts = np.zeros(5)
    for _ in range(2_000):
        counts += draw_pairs(elo, batch, rng, draws, luck)
        if (verdict := test.verdict(counts)) is not Verdict.UNDECIDED:
            return verdict
    return Verdict.UNDECIDED


def test_the_bounds_are_walds():
    low, high = Sprt(0, 20).bounds
    assert (low, high) == (pytest.approx(-np.log(19)), pytest.approx(np.log(19)))
    low, high = Sprt(0, 20, alpha=0.01, beta=0.1).bounds
    assert (low, high) == (pytest.approx(np.log(0.1 / 0.99)), pytest.approx(np.log(0.9 / 0.01)))


def test_two_results_have_the_binomial_ratio():
    """Pairs only won or lost: the ratio is the binomial's, n_w log(s1 / s0) + n_l log((1 - s1) / (1 - s0))."""
    test, won, lost = Sprt(-10, 30), 5_300, 4_700
    s0, s1 = expected_share(-10), expected_share(30)
    expected = won * np.log(s1 / s0) + lost * np.log((1 - s1) / (1 - s0))
    assert test.log_likelihood_ratio(np.array([lost, 0, 0, 0, won])) == pytest.approx(expected, rel=2e-3)


def test_more_points_speak_for_the_stronger():
    test = Sprt(0, 20)
    ratios = [test.log_likelihood_ratio(np.array([50 - n, 20, 100, 20, 50 + n])) for n in range(-40, 41, 8)]
    assert (np.diff(ratios) > 0).all()
    assert test.log_likelihood_ratio(np.zeros(5)) == 0
    mirrored = Sprt(-20, 0).log_likelihood_ratio(np.array([60, 20, 100, 20, 40]))
    assert mirrored == pytest.approx(-test.log_likelihood_ratio(np.array([40, 20, 100, 20, 60])), abs=1e-9)


def test_drawn_pairs_say_little_one_by_one():
    """A hundred drawn pairs speak for no difference; the more so the fewer other results there are."""
    test = Sprt(0, 20)
    assert test.verdict(np.array([0, 0, 3, 0, 0])) is Verdict.UNDECIDED
    assert test.verdict(np.array([2, 10, 5_000, 10, 2])) is Verdict.REJECTED


REPEATS = 300
# of 300 tests a true 5% errs in more than 25 once in 200 times; steps of a batch overshoot the bounds, so it errs less


@pytest.mark.parametrize(("draws", "luck"), [(0.3, 0.2), pytest.param(0.0, 0.0, marks=pytest.mark.slow),
                                             pytest.param(0.7, 0.0, marks=pytest.mark.slow)])  # fmt: skip
def test_it_errs_five_times_in_a_hundred_at_most(draws, luck):
    rng = np.random.default_rng(7)
    test = Sprt(0, 40)
    false_positives = sum(run(test, 0, rng, draws, luck) is Verdict.ACCEPTED for _ in range(REPEATS))
    false_negatives = sum(run(test, 40, rng, draws, luck) is Verdict.REJECTED for _ in range(REPEATS))
    assert false_positives <= 25
    assert false_negatives <= 25
    assert false_positives + false_negatives > 0, "600 tests without a single error would be a test that never decides"


def test_it_decides_soon_where_the_difference_is_large():
    rng = np.random.default_rng(8)
    verdicts = {run(Sprt(0, 20), 200, rng, 0.3, 0.1, batch=8) for _ in range(20)}
    assert verdicts == {Verdict.ACCEPTED}
    assert {run(Sprt(0, 20), -200, rng, 0.3, 0.1, batch=8) for _ in range(20)} == {Verdict.REJECTED}


@pytest.mark.parametrize(
    ("bounds", "fault"),
    [
        ((20, 0), "lower one"),
        ((0, 0), "lower one"),
        ((0, np.inf), "lower one"),
        ((0, 10_000), "within 2000"),
        ((0, 20, 0.6), "alpha"),
        ((0, 20, 0.05, 0), "beta"),
    ],
)
def test_bounds_that_are_no_test_are_refused(bounds, fault):
    with pytest.raises(ValueError, match=fault):
        Sprt(*bounds)


def test_counts_that_are_none_are_refused():
    with pytest.raises(ValueError, match="five numbers"):
        Sprt(0, 20).log_likelihood_ratio(np.ones(3))
    with pytest.raises(ValueError, match="five numbers"):
        Sprt(0, 20).log_likelihood_ratio(np.array([1, 1, -1, 1, 1]))
