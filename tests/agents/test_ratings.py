"""Ratings: known answers, known strengths recovered, and the interval's coverage measured by simulation."""

import numpy as np
import pytest
from scipy.stats import beta

from agents.ratings import ELO, Rating, expected_share, rate, sum_share
from agents.standings import fit_anchors

ANCHORS = {"random": 0.0, "scripted:L0": -50.0, "scripted:L2": 300.0, "scripted:L3": 600.0}


def simulate(ahead: float, pairs: int, rng: np.random.Generator, draws: float = 0.5, start: float = 0.0) -> np.ndarray:
    """Points [pairs] of a player so many Elo ahead. `draws` of what could be is drawn; each pair's start favours one
    side by an amount spread by `start` Elo, so that the two games of a pair go against each other."""
    luck = rng.normal(0, start, pairs)
    points = np.zeros(pairs)
    for sign in (1, -1):
        share = 1 / (1 + 10 ** (-(ahead + sign * luck) / 400))
        drawn = draws * 2 * np.minimum(share, 1 - share)
        u = rng.random(pairs)
        points += np.where(u < share - drawn / 2, 1.0, np.where(u < share + drawn / 2, 0.5, 0.0))
    return points


def test_the_scale_is_elo():
    assert expected_share(0) == 0.5
    assert expected_share(400) == pytest.approx(10 / 11)
    assert expected_share(-400) == pytest.approx(1 / 11)


def test_one_edge_has_a_closed_form():
    """60 won, 40 lost pairs and one virtual draw against 0: Elo = 400 log10(s / (1 - s)), s = 60.5 / 101."""
    points = np.r_[np.full(60, 2.0), np.zeros(40)]
    expected = 400 * np.log10(60.5 / 40.5)
    assert rate({"random": points}, {"random": 0.0}).elo == pytest.approx(expected, abs=1e-6)
    assert rate({"x": points}, {"x": 150.0}).elo == pytest.approx(150 + expected, abs=1e-6)
    assert fit_anchors({("x", "random"): points}) == {"random": 0.0, "x": pytest.approx(expected, abs=1e-3)}


def test_draws_count_half_and_the_order_of_games_does_not_matter():
    halves, mixed = np.full(100, 1.0), np.r_[np.full(50, 2.0), np.zeros(50)]
    drawn, decided = rate({"random": halves}, ANCHORS), rate({"random": mixed}, ANCHORS)
    assert drawn.elo == pytest.approx(0, abs=1e-9)
    assert decided.elo == pytest.approx(0, abs=1e-9)
    assert drawn.high - drawn.low < 15, "a hundred drawn pairs leave little doubt"
    assert decided.high - decided.low > 60
    assert rate({"random": mixed[::-1]}, ANCHORS) == decided


def test_more_points_never_lower_the_rating():
    ratings = [rate({"random": np.r_[np.full(won, 2.0), np.zeros(40 - won)]}, ANCHORS).elo for won in range(41)]
    assert (np.diff(ratings) > 0).all()
    assert np.allclose(ratings, -np.array(ratings[::-1]))


@pytest.mark.parametrize("pairs", [1, 16, 64, 4096])
def test_a_perfect_score_is_finite_and_its_lower_end_is_clopper_and_pearsons(pairs):
    rating = rate({"random": np.full(pairs, 2.0)}, {"random": 0.0})
    assert np.isfinite(rating).all()
    exact = beta.ppf(0.025, 2 * pairs, 1)
    assert expected_share(rating.low) == pytest.approx(exact, abs=0.15 * (1 - exact))
    assert rating.low < rating.elo < rating.high
    worst = rate({"random": np.zeros(pairs)}, {"random": 0.0})
    assert worst.elo == pytest.approx(-rating.elo)
    assert worst.low == pytest.approx(-rating.high, rel=0.2)
    assert worst.high == pytest.approx(-rating.low, rel=0.2)
    everybody = rate(dict.fromkeys(ANCHORS, np.full(pairs, 2.0)), ANCHORS)
    assert np.isfinite(everybody).all()
    assert everybody.elo > 600 or pairs == 1


@pytest.mark.parametrize("truth", [-200.0, 100.0, 450.0, 700.0])
def test_a_simulated_strength_is_recovered(truth):
    rng = np.random.default_rng(int(truth) % 97)
    points = {name: simulate(truth - elo, 20_000, rng, start=150) for name, elo in ANCHORS.items()}
    # favoured starts flatten the curve a little; compare with what the mean points say
    plain = {name: simulate(truth - elo, 20_000, rng) for name, elo in ANCHORS.items()}
    assert rate(plain, ANCHORS).elo == pytest.approx(truth, abs=6)
    assert rate(points, ANCHORS).elo == pytest.approx(truth, abs=40)


def test_anchors_strengths_are_recovered_from_a_round_robin():
    truth = {"random": 0.0, "a": -120.0, "b": 180.0, "c": 520.0, "d": 900.0}
    rng, names = np.random.default_rng(4), list(truth)
    points = {(x, y): simulate(truth[x] - truth[y], 20_000, rng) for i, x in enumerate(names) for y in names[i + 1 :]}
    found = fit_anchors(points)
    assert found["random"] == 0
    for name, elo in truth.items():
        assert found[name] == pytest.approx(elo, abs=8)
    turned = fit_anchors({(y, x): 2 - won for (x, y), won in points.items()})
    assert turned == pytest.approx(found, abs=0.01)


def test_the_fit_reproduces_every_players_points():
    """What defines the maximum of the likelihood, virtual pairs included, on data that fit no strengths."""
    points = {("a", "random"): np.full(9, 2.0), ("b", "a"): np.full(9, 2.0), ("random", "b"): np.full(9, 1.5)}
    found = fit_anchors(points)
    surplus = dict.fromkeys(found, 0.0)
    for (x, y), won in points.items():
        share = expected_share(found[x] - found[y])
        excess = won.sum() + 1 - 2 * (len(won) + 1) * share
        surplus[x] += excess
        surplus[y] -= excess
    assert list(surplus.values()) == pytest.approx([0, 0, 0], abs=1e-5)


def test_a_share_of_goals_lies_in_its_interval_as_often_as_it_should():
    """60 simulated measurements of 40 pairs, whose goals vary more than Poisson's: 57 of 60 are expected, 50 enough."""
    rng, inside, widths = np.random.default_rng(5), 0, []
    for measurement in range(60):
        pace = rng.gamma(2, size=40)  # of the game: its two teams' goals rise together
        low, high = sum_share(rng.poisson(3 * pace), rng.poisson(pace), measurement)
        inside += low < 0.75 < high
        widths.append(high - low)
    assert inside >= 50
    assert 0.08 < np.mean(widths) < 0.13  # 0.095 if goals fell independently


def test_a_share_of_all_or_no_goals():
    """20 to 0: as of 20 goals with one more let in, so the lower end is well under 1. Turned round it is mirrored."""
    low, high = sum_share(np.ones(20), np.zeros(20))
    assert 0.75 < low < 0.95
    assert high == 1
    assert sum_share(np.zeros(20), np.ones(20)) == pytest.approx((0, 1 - low), abs=0.02)
    assert sum_share(np.zeros(5), np.zeros(5)) == (0, 1)


def test_only_anchors_count():
    points = {"random": np.full(30, 1.5), "self_1000": np.zeros(30)}
    assert rate(points, ANCHORS) == rate({"random": points["random"]}, ANCHORS)
    with pytest.raises(ValueError, match="no games against an anchor"):
        rate({"self_1000": np.zeros(30)}, ANCHORS)
    with pytest.raises(ValueError, match="no games against an anchor"):
        rate({"random": np.zeros(0)}, ANCHORS)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="points of a pair"):
        rate({"random": np.array([0.3])}, ANCHORS)
    with pytest.raises(ValueError, match="points of a pair"):
        rate({"random": np.array([2.5])}, ANCHORS)
    with pytest.raises(ValueError, match="points of a pair"):
        rate({"random": np.array([np.nan])}, ANCHORS)
    with pytest.raises(ValueError, match="x, y: met nobody whose rating is known"):
        fit_anchors({("x", "y"): np.ones(3), ("z", "random"): np.ones(3)})


def test_the_same_seed_gives_the_same_interval():
    points = {"random": simulate(100, 50, np.random.default_rng(0))}
    assert rate(points, ANCHORS, seed=1) == rate(points, ANCHORS, seed=1)
    assert rate(points, ANCHORS, seed=1) != rate(points, ANCHORS, seed=2)
    assert str(Rating(12.3, -4.5, 30.0)) == "+12 [-4, +30]"


REPEATS = 250  # a true 95% falls outside 0.91 to 0.983 once in 100 times, a true 90% inside it once in 3


def _few(*values):
    """One setting always, the others with -m slow."""
    return [values[0], *(pytest.param(*v, marks=pytest.mark.slow) for v in values[1:])]


@pytest.mark.parametrize("truth", [-300.0, 0.0, 300.0, 600.0, 900.0, 1100.0])
@pytest.mark.parametrize(("draws", "start"), _few((0.3, 250.0), (0.0, 0.0), (0.7, 0.0)))
def test_the_interval_covers_the_truth_95_times_in_100(truth, draws, start):
    """64 pairs against each of four anchors, as in training; also where draws, or starts that favour a side, make pairs
    vary less than independent games would. The truth is the rating that endless games would give."""
    rng = np.random.default_rng(int(truth) + 1000 + int(100 * draws))
    limit = truth
    if start:
        limit = rate({n: simulate(truth - e, 60_000, rng, draws, start) for n, e in ANCHORS.items()}, ANCHORS).elo
    inside = above = 0
    for repeat in range(REPEATS):
        points = {name: simulate(truth - elo, 64, rng, draws, start) for name, elo in ANCHORS.items()}
        rating = rate(points, ANCHORS, seed=repeat)
        inside += rating.low <= limit <= rating.high
        above += limit >= rating.low
    assert 0.91 <= inside / REPEATS <= 1.0
    assert above / REPEATS >= 0.94, "the lower end, which claims rest on, holds 97.5 times in 100"


def test_the_interval_is_not_needlessly_wide():
    """64 evenly matched pairs without draws: the binomial's 1.96 sqrt(0.25 / 128) is 60 Elo on either side."""
    rng = np.random.default_rng(0)
    widths = []
    for repeat in range(100):
        rating = rate({"random": simulate(0, 64, rng, draws=0.0)}, {"random": 0.0}, seed=repeat)
        widths.append(rating.high - rating.low)
    binomial = 2 * 1.96 * np.sqrt(0.25 / 128) * 4 * ELO
    assert np.mean(widths) == pytest.approx(binomial, rel=0.08)
