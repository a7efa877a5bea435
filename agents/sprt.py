"""A sequential test of which of two players is stronger, that stops as soon as the games say so.

    test = Sprt(elo0=0, elo1=20)
    while (verdict := test.verdict(counts)) is Verdict.UNDECIDED:      # counts [5] of pairs by points, 0, 0.5, ... 2
        ...play more pairs

H0 is that the first player is `elo0` ahead, H1 that it is `elo1` ahead. The generalised sequential probability ratio
test (Wald 1945; Li, Liu, Song and Ying, "Generalized sequential probability ratio test for separate families of
hypotheses", 2014) compares the likelihoods of the five results of a pair under the best distribution that has either
mean, and accepts H1 above log((1 - beta) / alpha), H0 below log(beta / (1 - alpha)). Five results, not three of a game,
because the two games of a pair begin alike and are no independent evidence; chess engines are tested so (Van den Bergh,
"Comments on normalized Elo", 2020).

The distribution of mean s that is likeliest given shares p_i of results a_i is p_i / (1 + t (a_i - s)), where t makes
the mean right (an empirical likelihood, Owen 1988).
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.optimize import brentq

from agents.ratings import RESULTS, expected_share

FURTHEST = 2000  # Elo; a share of 0.99999
PRIOR = 1e-3  # pairs added to each result: a result not seen yet is rare, not impossible


class Verdict(Enum):
    ACCEPTED = "H1 accepted"
    REJECTED = "H1 rejected"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Sprt:
    """The test. Elo of the logistic scale; `alpha` is the chance to accept H1 where H0 holds, `beta` the reverse.

    Raises ValueError for bounds that are no test."""

    elo0: float
    elo1: float
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        if not (np.isfinite([self.elo0, self.elo1]).all() and self.elo0 < self.elo1):
            raise ValueError(f"the bounds are {self.elo0:g} and {self.elo1:g} Elo; the first must be the lower one")
        if max(abs(self.elo0), abs(self.elo1)) > FURTHEST:
            raise ValueError(
                f"the bounds are {self.elo0:g} and {self.elo1:g} Elo; both must lie within {FURTHEST} of 0"
            )
        if not (0 < self.alpha < 0.5 and 0 < self.beta < 0.5):
            raise ValueError(f"alpha is {self.alpha:g} and beta {self.beta:g}; both must be above 0 and below 0.5")

    @property
    def bounds(self) -> tuple[float, float]:
        """Of the log-likelihood ratio: H0 below the first, H1 above the second."""
        return float(np.log(self.beta / (1 - self.alpha))), float(np.log((1 - self.beta) / self.alpha))

    def log_likelihood_ratio(self, counts: np.ndarray) -> float:
        """Of H1 over H0, from pairs [5] by the first player's points: 0, 0.5, 1, 1.5, 2."""
        counts = np.asarray(counts, np.float64)
        if counts.shape != (5,) or (counts < 0).any():
            raise ValueError(f"counts are five numbers of pairs, not {counts.tolist()}")
        if counts.sum() == 0:
            return 0.0
        filled = counts + PRIOR
        shares = filled / filled.sum()
        high, low = (_likeliest(shares, expected_share(elo)) for elo in (self.elo1, self.elo0))
        return float(filled @ (np.log(high) - np.log(low)))

    def verdict(self, counts: np.ndarray) -> Verdict:
        ratio, (low, high) = self.log_likelihood_ratio(counts), self.bounds
        return Verdict.ACCEPTED if ratio >= high else Verdict.REJECTED if ratio <= low else Verdict.UNDECIDED


def _likeliest(shares: np.ndarray, mean: float) -> np.ndarray:
    """[5]: of the distributions over RESULTS with this mean, the one under which `shares` [5] > 0 are likeliest."""
    ahead = RESULTS - mean
    # all weights stay positive between these two; the sum below falls from +inf to -inf there
    edges = -1 / ahead.max(), -1 / ahead.min()
    margin = 1e-9 * (edges[1] - edges[0])
    t = brentq(lambda t: float((shares * ahead / (1 + t * ahead)).sum()), edges[0] + margin, edges[1] - margin)
    return shares / (1 + t * ahead)
