"""Ratings in Elo from paired games, against anchors whose ratings are fixed.

    rate({"random": points, "one_ply": points}, anchors)                          # Rating(elo, low, high)

Points [N] float64: what a player won in each pair of games (both sides of one start), a draw counting half: 0, 0.5, 1,
1.5 or 2. An edge is two players that met; letters: E edges, R draws of the bootstrap. Everybody's ratings at once,
those of anchors among them, are agents/standings.py's.

Model        Bradley and Terry (1952): the expected share of the points is 1 / (1 + 10^(-d / 400)) at d Elo ahead. Draws
             are half points, so that the scale does not depend on how drawish two players are together, as it would
             with a parameter for draws (Davidson 1970). One virtual drawn pair on each edge keeps a perfect score
             finite. The fit makes the player's expected points equal to the points it has.
Interval     95%, by the Bayesian bootstrap (Rubin 1981) over pairs: the weights of an edge's five results are drawn
             from gamma distributions with their counts, the rating is fitted to each draw. Whole pairs are drawn, for
             the two games of one start are correlated, and draws make them vary less than the binomial says; a
             profile likelihood knows of neither. Instead of the virtual pair, the lower end is drawn with one lost
             game more on each edge, the upper end with one game won: that is what Clopper and Pearson's exact interval
             does, so the lower end of a perfect score, where resampling alone finds no variance, is theirs. The upper
             end of a score that is perfect against everybody is infinite; by convention it is drawn with the virtual
             pairs. Coverage measured: tests/agents/test_ratings.py. The anchors count as exact.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

ELO = 400 / np.log(10)  # Elo of one unit of log odds
REFERENCE = "random"
CONFIDENCE = 0.95
DRAWS = 2000  # the ends of the interval then wander by 1.5% of its width
RESULTS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])  # share of a pair's two points
VIRTUAL = np.array([0.0, 0.0, 1.0, 0.0, 0.0])  # the drawn pair
LOST_GAME, WON_GAME = np.array([0.5, 0.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 0.0, 0.5])  # half a pair


class Rating(NamedTuple):
    """In Elo, with the 95% interval."""

    elo: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.elo:+.0f} [{self.low:+.0f}, {self.high:+.0f}]"


def rate(points: Mapping[str, np.ndarray], anchors: Mapping[str, float], seed: int = 0) -> Rating:
    """The rating of one player from its points in each pair against anchors; the interval is drawn with `seed`.

    Who is no anchor does not count. Raises ValueError if there is nobody else.
    """
    edges = [
        (counts_of(won), elo / ELO)
        for name, won in points.items()
        if len(won) and (elo := anchors.get(name)) is not None
    ]
    if not edges:
        raise ValueError(f"there are no games against an anchor ({', '.join(anchors)}), so there is no rating")
    counts, strengths = np.array([c for c, _ in edges]), np.array([s for _, s in edges])  # [E, 5], [E]
    share = _share(counts)
    elo = float(ELO * _fit((counts + VIRTUAL)[None], strengths)[0])
    rng = np.random.default_rng(seed)
    low, high = (
        _draw(counts, VIRTUAL if (share == hopeless).all() else game, rng)
        for game, hopeless in ((LOST_GAME, 0), (WON_GAME, 1))
    )
    tail = (1 - CONFIDENCE) / 2
    return Rating(
        elo,
        low=min(elo, float(ELO * np.quantile(_fit(low, strengths), tail))),
        high=max(elo, float(ELO * np.quantile(_fit(high, strengths), 1 - tail))),
    )


def points_share(won: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95% interval of the share of the points, from those of each pair [N], as a rating's against one opponent."""
    found = rate({REFERENCE: won}, {REFERENCE: 0.0}, seed)
    share = float(np.mean(won)) / 2  # the fit has a virtual pair, so a perfect share could lie outside
    return min(expected_share(found.low), share), max(expected_share(found.high), share)


def sum_share(won: np.ndarray, lost: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95% interval of sum(won) / sum(won + lost), such as a share of the goals, from the sums of each pair [N].

    By the Bayesian bootstrap over pairs, as the ratings': the lower end is drawn with one more lost, the upper with one
    more won. (0, 1) where there is nothing to share."""
    won, lost = np.asarray(won, np.float64), np.asarray(lost, np.float64)
    if not (won + lost).sum():
        return 0.0, 1.0
    rng, tail = np.random.default_rng(seed), (1 - CONFIDENCE) / 2
    lows, highs = np.empty(DRAWS), np.empty(DRAWS)
    for i in range(DRAWS):
        weights, more = rng.standard_exponential(len(won)), rng.standard_exponential()
        for_, against = weights @ won, weights @ lost
        lows[i], highs[i] = for_ / (for_ + against + more), (for_ + more) / (for_ + against + more)
    return float(np.quantile(lows, tail)), float(np.quantile(highs, 1 - tail))


def expected_share(ahead: float) -> float:
    """Share of the points at so many Elo ahead."""
    return float(expit(ahead / ELO))


def counts_of(points: np.ndarray) -> np.ndarray:
    """[5] float64: how many pairs ended with each result."""
    doubled = 2 * np.asarray(points, np.float64)
    if not np.isin(doubled, np.arange(5)).all():
        raise ValueError("points of a pair are 0, 0.5, 1, 1.5 or 2")
    return np.bincount(doubled.astype(np.int64), minlength=5).astype(np.float64)


def _share(weights: np.ndarray) -> np.ndarray:
    """[..., 5] -> [...]: share of the points."""
    return weights @ RESULTS / weights.sum(axis=-1)


def _draw(counts: np.ndarray, more: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[R, E, 5] weights of the results, one of them (or half of one) being `more`."""
    drawn = rng.standard_gamma(np.broadcast_to(counts, (DRAWS, *counts.shape)))
    return drawn + more * rng.standard_exponential((DRAWS, len(counts), 1))


def _fit(weights: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """[R]: the strength x that solves sum_e n_e (share_re - expit(x - strengths_e)) = 0 for each [E, 5] of the weights.

    n_e, the edge's expected weight, is the same in every draw; strengths [E] in units of log odds.
    """
    share = np.clip(_share(weights), 1e-12, 1 - 1e-12)  # [R, E]; 0 and 1 have no log odds
    size = weights.sum(axis=-1).mean(axis=0)
    alone = strengths + logit(share)  # what each edge says by itself; the answer lies between them
    if alone.shape[1] == 1:
        return alone[:, 0]
    low, high = alone.min(axis=1), alone.max(axis=1)
    for _ in range(34):  # 2^-34 of the bracket is under 1e-6 Elo
        middle = (low + high) / 2
        too_low = (share - expit(middle[:, None] - strengths)) @ size > 0
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return (low + high) / 2
