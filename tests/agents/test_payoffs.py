"""Nash averages and cycles of payoff matrices whose answers are known, and against OpenSpiel's alpha-rank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agents.payoffs import cycles, cyclic_share, nash_average

ROCK_PAPER_SCISSORS = np.array([[0.0, -0.5, 0.5], [0.5, 0.0, -0.5], [-0.5, 0.5, 0.0]])


def antisymmetric(values: np.ndarray) -> np.ndarray:
    return np.triu(values, 1) - np.triu(values, 1).T


def test_rock_paper_scissors_is_all_cycle():
    nash = nash_average(ROCK_PAPER_SCISSORS)
    assert nash.weights == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert nash.values == pytest.approx([0, 0, 0], abs=1e-6)
    assert cyclic_share(ROCK_PAPER_SCISSORS) == pytest.approx(1)
    assert cycles(ROCK_PAPER_SCISSORS) == [(0, 2, 1)]


def test_copies_of_a_player_share_its_weight():
    """Two scissors: an average would now favour rock; the Nash average, of largest entropy, gives each half a third."""
    which = [0, 1, 2, 2]
    nash = nash_average(ROCK_PAPER_SCISSORS[np.ix_(which, which)])
    assert nash.weights == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6], abs=1e-5)


def test_a_line_has_a_best_player_and_no_cycle():
    strengths = np.array([0.1, 0.4, 0.2, 0.05])
    payoffs = strengths[:, None] - strengths[None, :]
    nash = nash_average(payoffs)
    assert nash.weights == pytest.approx([0, 1, 0, 0])
    assert nash.values == pytest.approx(strengths - 0.4)
    assert cyclic_share(payoffs) == pytest.approx(0, abs=1e-12)
    assert cycles(payoffs) == []


def test_everybody_alike():
    assert nash_average(np.zeros((4, 4))).weights == pytest.approx([0.25] * 4)
    assert cyclic_share(np.zeros((2, 2))) == 0


def test_a_cycle_on_top_of_a_weak_player():
    """The weak one loses to all: no weight, and it leaves the others' thirds alone."""
    payoffs = np.zeros((4, 4))
    payoffs[:3, :3] = ROCK_PAPER_SCISSORS / 5
    payoffs[3, :3], payoffs[:3, 3] = -0.4, 0.4
    nash = nash_average(payoffs)
    assert nash.weights == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0], abs=1e-6)
    assert nash.values == pytest.approx([0, 0, 0, -0.4], abs=1e-6)
    assert 0 < cyclic_share(payoffs) < 0.5


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, (5, 5), elements=st.integers(-8, 8).map(lambda n: n / 16)))
def test_no_player_gains_on_the_nash_average(values):
    """The definition of the equilibrium: P w <= 0 everywhere, and 0 for whoever has weight."""
    payoffs = antisymmetric(values)
    nash = nash_average(payoffs)
    assert nash.weights.sum() == pytest.approx(1)
    assert (nash.weights >= 0).all()
    assert (nash.values <= 2e-3).all()
    assert nash.weights @ nash.values == pytest.approx(0, abs=1e-9)


def test_alpha_rank_agrees_on_who_is_on_top():
    """OpenSpiel's alpha-rank, another answer to the same question: with a strong selection it, too, leaves no mass on
    whoever loses to the cycle on top, and finds the best of a line."""
    alpharank = pytest.importorskip("open_spiel.python.egt.alpharank")
    rng = np.random.default_rng(2)
    for _ in range(20):
        top = ROCK_PAPER_SCISSORS[:, [0, 1, 2]] * rng.uniform(0.2, 1)
        payoffs = np.zeros((5, 5))
        payoffs[:3, :3] = top
        payoffs[:3, 3:] = rng.uniform(0.1, 0.4, (3, 2))
        payoffs[3, 4] = rng.uniform(-0.3, 0.3)
        payoffs = antisymmetric(payoffs)
        order = rng.permutation(5)
        payoffs = payoffs[np.ix_(order, order)]
        mass = alpharank.compute([payoffs], alpha=50, m=20)[2]
        assert mass[order >= 3] == pytest.approx(0, abs=1e-3)
        assert nash_average(payoffs).weights[order >= 3] == pytest.approx(0, abs=1e-6)
        assert mass[order < 3].min() > 0.05
        assert nash_average(payoffs).weights[order < 3].min() > 0.05


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="square"):
        nash_average(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="antisymmetric"):
        nash_average(np.ones((2, 2)))
    with pytest.raises(ValueError, match="antisymmetric"):
        cyclic_share(np.full((2, 2), np.nan))
