"""Everybody's ratings at once: known strengths and a known advantage recovered, intervals that cover them."""

import numpy as np
import pytest

from agents.matches import play_pairs
from agents.names import make_agent
from agents.ratings import Rating, expected_share
from agents.standings import counts_of_games, counts_of_pairs, fit_standings
from envs import make

TRUTH = {"random": 0.0, "a": -120.0, "b": 180.0, "c": 420.0, "d": 700.0}
ADVANTAGE = 60.0


def simulate(ahead: float, pairs: int, rng: np.random.Generator, draws: float = 0.4) -> np.ndarray:
    """Results [3, 3] of a player so many Elo ahead, ADVANTAGE more where it is first; draws are half points."""
    points = np.zeros((2, pairs))
    for half, sign in ((0, 1), (1, -1)):
        share = expected_share(ahead + sign * ADVANTAGE)
        drawn = draws * 2 * min(share, 1 - share)
        u = rng.random(pairs)
        points[half] = np.where(u < share - drawn / 2, 1.0, np.where(u < share + drawn / 2, 0.5, 0.0))
    return counts_of_games(points)


def round_robin(pairs: int, rng: np.random.Generator) -> dict:
    names = list(TRUTH)
    edges = [(x, y) for i, x in enumerate(names) for y in names[i + 1 :]]
    return {(x, y): simulate(TRUTH[x] - TRUTH[y], pairs, rng) for x, y in edges}


def test_strengths_and_the_advantage_of_moving_first_are_recovered():
    results = round_robin(20_000, np.random.default_rng(3))
    found = fit_standings(results, {"random": 0.0})
    assert found.fixed == {"random": 0.0}
    assert list(found.ratings) == ["d", "c", "b", "random", "a"], "the best first"
    for name, elo in TRUTH.items():
        assert found.ratings[name].elo == pytest.approx(elo, abs=8)
    assert found.advantage.elo == pytest.approx(ADVANTAGE, abs=4)
    assert found.ratings["random"] == Rating(0, 0, 0)


def test_turning_every_edge_round_changes_nothing():
    results = round_robin(500, np.random.default_rng(5))
    turned = {(y, x): counts[::-1, ::-1].T for (x, y), counts in results.items()}
    found, other = fit_standings(results, {"random": 0.0}, draws=0), fit_standings(turned, {"random": 0.0}, draws=0)
    for name in TRUTH:
        assert found.ratings[name].elo == pytest.approx(other.ratings[name].elo, abs=1e-6)
    assert found.advantage.elo == pytest.approx(other.advantage.elo, abs=1e-6)


def test_whoever_moves_first_wins_is_all_advantage_and_no_strength():
    """100 pairs, won by whoever is first: h solves expit(h) = (100 + 1/2) / 101, virtual pair included."""
    counts = np.zeros((3, 3))
    counts[2, 0] = 100
    found = fit_standings({("x", "random"): counts}, {"random": 0.0})
    assert found.ratings["x"].elo == pytest.approx(0, abs=1e-6)
    assert found.advantage.elo == pytest.approx(400 * np.log10(100.5 / 0.5), abs=1e-4)


def test_without_anybody_known_the_mean_is_zero():
    results = round_robin(2_000, np.random.default_rng(6))
    found = fit_standings(results, {"somebody": 50.0})
    assert found.fixed == {}
    assert sum(rating.elo for rating in found.ratings.values()) == pytest.approx(0, abs=1e-6)
    assert found.ratings["d"].elo - found.ratings["random"].elo == pytest.approx(700, abs=30)
    assert all(rating.low < rating.elo < rating.high for rating in found.ratings.values())


def test_a_perfect_score_is_finite_and_its_lower_end_is_clopper_and_pearsons():
    """40 games won: the exact 95% interval of the share ends at 0.025 ** (1 / 40)."""
    counts = np.zeros((3, 3))
    counts[2, 2] = 20
    found = fit_standings({("x", "random"): counts}, {"random": 0.0}).ratings["x"]
    assert np.isfinite(found).all()
    assert found.low < found.elo < found.high
    exact = 0.025 ** (1 / 40)
    assert 1 - expected_share(found.low) == pytest.approx(1 - exact, rel=0.15)


def test_the_intervals_cover_the_truth_95_times_in_100():
    """60 round robins of five, 40 pairs an edge: 300 intervals; a true 95% gives 270 to 297 but once in 1000 times."""
    rng = np.random.default_rng(11)
    covered = tried = 0
    for repeat in range(60):
        found = fit_standings(round_robin(40, rng), {"random": 0.0}, seed=repeat, draws=300)
        intervals = [(found.ratings[name], TRUTH[name]) for name in "abcd"] + [(found.advantage, ADVANTAGE)]
        covered += sum(rating.low <= truth <= rating.high for rating, truth in intervals)
        tried += len(intervals)
    assert tried == 300
    assert 270 <= covered <= 297


@pytest.mark.parametrize("pairs", [2, 4, 8, 16])
def test_of_a_few_pairs_the_advantage_is_hardly_known(pairs):
    """200 edges without an advantage: a 95% interval misses 0 more than 24 times once in 10,000."""
    rng = np.random.default_rng(pairs)
    missed = 0
    for repeat in range(200):
        counts = counts_of_games(rng.integers(0, 3, (2, pairs)) / 2)
        found = fit_standings({("x", "random"): counts}, {"random": 0.0}, seed=repeat, draws=300).advantage
        missed += not found.low <= 0 <= found.high
    assert missed <= 24


def test_pairs_won_twice_say_nothing_of_the_first_move():
    counts = np.zeros((3, 3))
    counts[2, 2] = 128
    found = fit_standings({("x", "random"): counts}, {"random": 0.0}).advantage
    assert found.low < -200
    assert found.high > 200
    assert fit_standings({("x", "random"): counts}, {"random": 0.0}, halves=False).advantage is None


def test_results_are_counted_by_half_and_by_pair():
    points = np.array([[1, 1, 0.5, 0], [1, 0, 0.5, 0.5]])
    counts = counts_of_games(points)
    assert counts[2, 2] == counts[2, 0] == counts[1, 1] == counts[0, 1] == 1
    assert counts.sum() == 4
    assert counts_of_pairs(counts).tolist() == [0, 1, 2, 0, 1]


def test_matches_give_such_results():
    """One-ply against random at Tic-Tac-Toe: moving first is worth something, and one_ply is far ahead."""
    game = make("tic_tac_toe")
    matches = play_pairs(game, make_agent("one_ply", game), make_agent("random", game), 400, seed=1, opening=0)
    counts = counts_of_games(matches.game_points)
    assert (counts_of_pairs(counts) @ [0, 0.5, 1, 1.5, 2]) == matches.pair_points.sum()
    found = fit_standings({("one_ply", "random"): counts}, {"random": 0.0})
    assert found.ratings["one_ply"].low > 150
    assert found.advantage.low > 0


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="no games"):
        fit_standings({}, {"random": 0.0})
    with pytest.raises(ValueError, match="y, z: met nobody whose rating is known"):
        fit_standings({("x", "random"): np.eye(3), ("y", "z"): np.eye(3)}, {"random": 0.0})
    with pytest.raises(ValueError, match="who leads to everybody"):
        fit_standings({("x", "w"): np.eye(3), ("y", "z"): np.eye(3)}, {})
    with pytest.raises(ValueError, match="shape"):
        fit_standings({("x", "random"): np.ones(5)}, {"random": 0.0})
