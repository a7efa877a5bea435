"""The ratings of everybody who met, from one fit: with what moving first is worth, and intervals.

    standings = fit_standings({("one_ply", "random"): counts, ...}, fixed={"random": 0.0})
    standings.ratings["one_ply"], standings.advantage

Results of an edge, two players a and b that met: counts [3, 3], counts[i, j] being the pairs in which a had i half
points where a was first (side 0), and j where b was. Letters: E edges, K players, R draws of the bootstrap,
M = K - fixed + 1.

Model      Bradley and Terry (1952) with an advantage (Davidson and Beaver 1977, without their parameter for draws: a
           draw is half a point, as in agents/ratings.py): a's expected points are 1 / (1 + 10^(-(d + h) / 400)) where
           it is first, 1 / (1 + 10^(-(d - h) / 400)) where it is not, at d Elo ahead, moving first being worth h. One
           virtual drawn pair on each edge keeps a perfect score finite. Found by Newton's method; the likelihood is
           concave.
Interval   95%, by the Bayesian bootstrap over pairs as in agents/ratings.py: the ends of a player's are drawn with one
           lost game more, and one won game more, on each of its edges in place of the virtual pair; those of the
           advantage with one more won by the second, or the first, on every edge. Coverage is measured in
           tests/agents/test_standings.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from agents.ratings import CONFIDENCE, ELO, REFERENCE, Rating, counts_of

DRAWS = 1000  # the ends of an interval then wander by 2% of its width
POINTS = np.array([0.0, 0.5, 1.0])
VIRTUAL = np.zeros((3, 3))
VIRTUAL[1, 1] = 1.0
LOST, WON, SECOND, FIRST = np.zeros((4, 3, 3))  # one game, as half a pair: lost, won, won by the second, by the first
LOST[0, 0] = WON[2, 2] = SECOND[0, 2] = FIRST[2, 0] = 0.5
# [5, 3, 3]: pairs with so many points where nobody wrote down who was first, as much of each half as of the other
EITHER_WAY = np.array([[[i + j == points for j in range(3)] for i in range(3)] for points in range(5)], np.float64)
EITHER_WAY[2] = VIRTUAL  # any results of the same points would do: the fit sees points alone
EITHER_WAY /= EITHER_WAY.sum(axis=(1, 2), keepdims=True)
LEAST = 0.01  # of a virtual pair, in every draw: where one side wins all, whoever plays it, nothing else bounds the fit
LONGEST_STEP = 2.0  # log odds; a longer one may overshoot where the curve is flat
_STEPS, _EXACT = 60, 1e-9

Edge = tuple[str, str]


@dataclass(frozen=True)
class Standings:
    ratings: dict[str, Rating]  # the best first
    advantage: Rating | None  # Elo that moving first is worth; None where the two games of a pair are one result
    fixed: dict[str, float]  # whose Elo was given; empty if the mean of all is 0


def fit_standings(
    results: Mapping[Edge, np.ndarray],
    fixed: Mapping[str, float],
    seed: int = 0,
    draws: int = DRAWS,
    *,
    halves: bool = True,
) -> Standings:
    """Everybody's Elo. `fixed` players that met nobody do not count; where none is left the mean of all is 0.

    `halves`: whether a pair has two results; without, as in games for chips, nothing tells what moving first is worth.
    `draws` of the bootstrap, 0 for no intervals (both ends are then the rating). Raises ValueError where some player is
    connected with nobody whose rating is fixed, or with not everybody.
    """
    names = sorted({name for edge in results for name in edge})
    if not names:
        raise ValueError("there are no games, so there are no ratings")
    held = {name: fixed[name] for name in names if name in fixed}
    base = held or {names[0]: 0.0}
    if lonely := set(names) - _connected(results, set(base)):
        met = f"whose rating is known ({', '.join(held)})" if held else "who leads to everybody"
        raise ValueError(f"{', '.join(sorted(lonely))}: met nobody {met}, so there is no rating")
    edges = _Edges(names, list(results), base)
    counts = np.array([_checked(counts) for counts in results.values()])  # [E, 3, 3]
    best = edges.fit((counts + VIRTUAL)[None])[0]
    if not held:
        best[:-1] -= best[:-1].mean()
    rng = np.random.default_rng(seed)
    tail = (1 - CONFIDENCE) / 2

    def end(column: int, own: np.ndarray, more: np.ndarray, quantile: float) -> float:
        """One end of an interval, `own` [E] edges being drawn with `more`."""
        if not draws:
            return float(best[column])
        added = np.where(own[:, None, None], more, VIRTUAL)
        drawn = rng.standard_gamma(np.broadcast_to(counts, (draws, *counts.shape)))
        more_drawn = added * rng.standard_exponential((draws, len(counts), 1, 1))
        found = edges.fit(drawn + more_drawn + LEAST * VIRTUAL)
        if not held:
            found[:, :-1] -= found[:, :-1].mean(axis=1, keepdims=True)
        return float(np.quantile(found[:, column], quantile))

    ratings = {}
    for k, name in enumerate(names):
        if name in held:
            ratings[name] = Rating(held[name], held[name], held[name])
            continue
        own, signs = edges.of(k)
        share = edges.share(counts, own, signs)
        low = end(k, own, VIRTUAL if share == 0 else _seen_by(LOST, signs), tail)
        high = end(k, own, VIRTUAL if share == 1 else _seen_by(WON, signs), 1 - tail)
        ratings[name] = _rating(best[k], low, high)
    every = np.ones(len(counts), np.bool_)
    advantage = None
    if halves:
        advantage = _rating(best[-1], end(-1, every, SECOND, tail), end(-1, every, FIRST, 1 - tail))
    ordered = dict(sorted(ratings.items(), key=lambda item: -item[1].elo))
    return Standings(ordered, advantage, held)


def fit_anchors(points: Mapping[Edge, np.ndarray], reference: str = REFERENCE) -> dict[str, float]:
    """Elo of every player, `reference` being 0, from the points [N] of the first of each two that met in each pair.

    Raises ValueError where some player is not connected with the reference."""
    results = {edge: np.einsum("p,pij->ij", counts_of(won), EITHER_WAY) for edge, won in points.items()}
    found = fit_standings(results, {reference: 0.0}, draws=0)
    return {name: rating.elo for name, rating in sorted(found.ratings.items())}


def counts_of_games(game_points: np.ndarray) -> np.ndarray:
    """[3, 3] int64, an edge's results, from points [2, N] of a in the games where it was first and in the others."""
    halves = np.rint(2 * np.asarray(game_points)).astype(np.int64)
    return np.bincount(3 * halves[0] + halves[1], minlength=9).reshape(3, 3)


def counts_of_pairs(counts: np.ndarray) -> np.ndarray:
    """[5] float64, pairs by the points of a, 0, 0.5, ... 2, of an edge's results [3, 3]."""
    total = np.add.outer(np.arange(3), np.arange(3))
    return np.bincount(total.ravel(), np.asarray(counts, np.float64).ravel(), minlength=5)


def _rating(middle: float, low: float, high: float) -> Rating:
    return Rating(float(ELO * middle), ELO * min(low, float(middle)), ELO * max(high, float(middle)))


def _seen_by(game: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """[E, 3, 3]: a game that the player lost, or won, as its edges count: from the view of a, who may be the other."""
    return np.where(signs[:, None, None] > 0, game, game[::-1, ::-1])


class _Edges:
    """Who met whom, as numbers: a design matrix for each half of a pair."""

    def __init__(self, names: list[str], edges: list[Edge], base: Mapping[str, float]):
        index = {name: i for i, name in enumerate(names)}
        self.first, self.second = (np.array([index[edge[side]] for edge in edges]) for side in (0, 1))
        ahead = np.zeros((len(edges), len(names) + 1))  # of each strength, and last of the advantage
        rows = np.arange(len(edges))
        ahead[rows, self.first], ahead[rows, self.second] = 1, -1
        self.given = np.zeros(len(names) + 1)  # in log odds
        free = np.ones(len(names) + 1, np.bool_)
        for name, elo in base.items():
            self.given[index[name]], free[index[name]] = elo / ELO, False
        self.free = np.flatnonzero(free)
        self.offset = ahead @ self.given  # [E]
        self.halves = [ahead[:, self.free].copy() for _ in (0, 1)]  # [E, M]
        for half, sign in zip(self.halves, (1, -1), strict=True):
            half[:, -1] = sign
        # of a row with itself, flat: the curve is then one product of matrices
        self.squares = [(half[:, :, None] * half[:, None, :]).reshape(len(edges), -1) for half in self.halves]

    def of(self, player: int) -> tuple[np.ndarray, np.ndarray]:
        """[E] bool: the player's edges; [E] int: 1 where it is a, -1 where it is b."""
        return (self.first == player) | (self.second == player), np.where(self.first == player, 1, -1)

    def share(self, counts: np.ndarray, own: np.ndarray, signs: np.ndarray) -> float:
        """The player's share of all points of its edges."""
        pairs = counts.sum(axis=(1, 2))
        of_a = np.einsum("eij,ij->e", counts, np.add.outer(POINTS, POINTS) / 2)
        points = np.where(signs > 0, of_a, pairs - of_a)
        return float(points[own].sum() / max(pairs[own].sum(), 1e-300))

    def fit(self, weights: np.ndarray) -> np.ndarray:
        """[R, E, 3, 3] -> [R, K + 1]: strengths and the advantage, in log odds."""
        pairs = weights.sum(axis=(2, 3))  # [R, E]
        points = [np.einsum("reij,i->re", weights, POINTS), np.einsum("reij,j->re", weights, POINTS)]
        values = np.zeros((len(weights), len(self.free)))
        for _ in range(_STEPS):
            slope, curve = np.zeros(values.shape), np.zeros((*values.shape, values.shape[1]))
            for half, square, won in zip(self.halves, self.squares, points, strict=True):
                expected = expit(values @ half.T + self.offset)
                slope += (won - pairs * expected) @ half
                curve += (pairs * expected * (1 - expected) @ square).reshape(curve.shape)
            move = np.linalg.solve(curve, slope[..., None])[..., 0]
            longest = np.abs(move).max(axis=1, keepdims=True)
            values += move * np.minimum(1, LONGEST_STEP / np.maximum(longest, 1e-300))
            if longest.max() < _EXACT:
                break
        found = np.tile(self.given, (len(weights), 1))
        found[:, self.free] = values
        return found


def _checked(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, np.float64)
    if counts.shape != (3, 3) or (counts < 0).any():
        raise ValueError(f"an edge's results are numbers of pairs [3, 3], not of shape {counts.shape}")
    return counts


def _connected(edges: Mapping[Edge, np.ndarray], start: set[str]) -> set[str]:
    """Everybody reached from `start`."""
    reached = set(start)
    while more := {name for edge in edges if reached & set(edge) for name in edge} - reached:
        reached |= more
    return reached
