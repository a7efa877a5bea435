"""Statistics against answers worked out by hand."""

import numpy as np
import pytest

from experiments.report.crossing import crossing
from experiments.report.scaling import fit
from experiments.report.schema import Paired, Results, ScalingResult
from experiments.report.statistics import holm, interval, judge, judge_pairs, probability_of_improvement, profile, welch
from tests.experiments.report.synthetic import results


def study(**changes) -> Results:
    return Results.model_validate(results(**changes))


def test_the_interquartile_mean_leaves_a_quarter_out_at_each_end():
    assert interval([1, 2, 3, 4, 5, 6, 7, 100]).middle == pytest.approx((3 + 4 + 5 + 6) / 4)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    """Of 20 seeds, for which a bootstrap is nearly right."""
    rng = np.random.default_rng(1)
    held = [(found := interval(rng.normal(0, 1, 20))).low <= 0 <= found.high for _ in range(40)]
    assert 0.8 <= np.mean(held) <= 1


def test_one_number_has_no_interval():
    found = interval([3.0])
    assert (found.middle, found.low, found.high, found.n) == (3, 3, 3, 1)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.2, 0.9]) == pytest.approx([0.4, 0.9])
    assert holm([]) == []


def test_welch_by_hand():
    """Means 2 and 5, variances 1 and 4 of three numbers each: t = -3 / sqrt(5 / 3), 2.94 degrees of freedom."""
    gain, low, high, p = welch([1, 2, 3], [3, 5, 7])
    assert gain == -3
    assert p == pytest.approx(0.1048, abs=2e-3)
    assert low < -3 < high
    assert (low + high) / 2 == pytest.approx(-3)
    shifted = welch([1, 2, 3], [3, 5, 7], by=-3)
    assert shifted[3] == pytest.approx(1)
    assert shifted[1:3] == pytest.approx((low, high))


def test_probability_of_improvement_counts_pairs():
    assert probability_of_improvement([1, 2], [0, 2], lower=False) == pytest.approx((1 + 0 + 1 + 0.5) / 4)
    assert probability_of_improvement([1, 2], [0, 2], lower=True) == pytest.approx((0 + 1 + 0 + 0.5) / 4)


def test_a_profile_counts_runs_that_are_as_good():
    thresholds = np.array([1.0, 2.0, 3.0])
    assert profile({"a": [1, 3]}, thresholds, lower=False)["a"].tolist() == [1, 0.5, 0.5]
    assert profile({"a": [1, 3]}, thresholds, lower=True)["a"].tolist() == [0.5, 0.5, 1]


def test_claims_are_judged_whichever_way_they_go():
    supported, refuted = judge(study())
    assert supported.verdict == "supported"
    assert [test.than for test in supported.tests] == ["solver", "alphabeta"]
    assert supported.tests[0].gain == pytest.approx(5, abs=1)
    assert supported.tests[0].improvement == 1
    assert refuted.verdict == "refuted"
    assert refuted.tests[0].gain == pytest.approx(-4, abs=1)


def test_noise_and_few_seeds_decide_nothing():
    assert {claim.verdict for claim in judge(study(noise=20))} == {"undecided"}
    assert {claim.verdict for claim in judge(study(seeds=4))} == {"too few seeds"}


def test_a_margin_is_part_of_a_claim():
    one = {"text": "by more", "metric": "mistakes", "better": ["search"], "than": ["solver"]}
    wide, narrow = judge(study(claims=[one | {"by": 8.0}, one | {"by": 2.0}]))
    assert (wide.verdict, narrow.verdict) == ("refuted", "supported")


def test_games_are_drawn_whole():
    """Ten games of four positions, all alike within a game: as uncertain as ten positions, not forty."""
    rng = np.random.default_rng(2)
    by_game = rng.normal(0.5, 1, 10)
    groups = tuple(int(game) for game in np.repeat(np.arange(10), 4))
    zero = (0.0,) * 40
    (paired,) = judge_pairs(
        [Paired(name="n", claim="c", a=zero, b=tuple(by_game[list(groups)]), groups=groups, seeds=5)]
    )
    (alone,) = judge_pairs(
        [Paired(name="n", claim="c", a=zero, b=tuple(by_game[list(groups)]), groups=tuple(range(40)), seeds=4)]
    )
    assert paired.gain == pytest.approx(by_game.mean())
    assert (paired.games, paired.positions) == (10, 40)
    assert alone.verdict == "too few seeds"
    assert paired.high - paired.low > 1.6 * (alone.high - alone.low)


def test_a_crossing_of_two_straight_lines():
    """Search is at 5 - 12 log10(share), the solver's arm at 10 - 2 log10(share): they meet where log10(share) = -1/2,
    between two measurements, on straight lines in the logarithm of the cost."""
    found = crossing(study(noise=0), "search", "solver", "mistakes")
    assert found is not None
    assert found.cost == pytest.approx(6 * 10**-0.5, rel=1e-6)
    assert found.low == found.high == pytest.approx(found.cost)
    assert (found.never, found.always) == (0, False)


def test_never_and_always():
    never = crossing(study(noise=0), "ppo", "solver", "mistakes")
    assert never is not None
    assert (never.cost, never.never) == (None, 1)
    always = crossing(study(noise=0), "solver", "alphabeta", "mistakes")
    assert always is not None
    assert always.always
    assert always.cost == pytest.approx(0.6)


def test_a_crossing_is_as_uncertain_as_its_seeds():
    sure, unsure = (crossing(study(noise=noise), "search", "solver", "mistakes") for noise in (0.2, 1.5))
    assert sure is not None
    assert unsure is not None
    assert sure.cost == pytest.approx(6 * 10**-0.5, rel=0.1)
    assert sure.low < sure.cost < sure.high
    assert unsure.high is None or unsure.high - unsure.low > 2 * (sure.high - sure.low)


def test_the_slope_is_of_the_best_width():
    """300 a factor of ten for width 64, which is the best at every budget."""
    found = fit(ScalingResult.model_validate(results()["scaling"]), higher=True)
    assert found is not None
    assert found.slope == pytest.approx(300)
    assert found.frontier[:, 0].tolist() == [1e10, 1e11, 1e12]
