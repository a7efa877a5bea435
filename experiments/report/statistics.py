"""How sure one can be: intervals over seeds, and claims that were written down before anything ran.

interval        interquartile mean and its 95% stratified bootstrap interval, by rliable: Agarwal et al., "Deep
                reinforcement learning at the edge of the statistical precipice" (2021)
claims          the difference of two arms' means by Welch's t test, whose p-values are corrected over all of a study's
                tests after Holm (1979). A bootstrap of five seeds is too sure of itself; t is not
paired          regrets in the same positions: bootstrap over whole games, whose positions are not independent

A study's seeds are independent runs; that two arms share a seed's number makes no pair of them.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from experiments.report.schema import ClaimText, Paired, Results

SEEDS_FOR_A_VERDICT = 5
LEVEL = 0.05
DRAWS = 500  # of a bootstrap: the ends of an interval then wander by some hundredths of its width

Verdict = Literal["supported", "refuted", "undecided", "too few seeds"]


@dataclass(frozen=True)
class Interval:
    """Of n numbers; without an interval where there is one number alone."""

    middle: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float]) -> Interval:
    """The interquartile mean, with its 95% interval."""
    return _interval(tuple(float(value) for value in values))


@cache
def _interval(values: tuple[float, ...]) -> Interval:
    from rliable import library, metrics

    scores = np.asarray(values, float).reshape(-1, 1)
    middle = float(metrics.aggregate_iqm(scores))
    if len(scores) < 2 or np.ptp(scores) == 0:
        return Interval(middle, middle, middle, len(scores))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # rliable names an argument by its old name
        _, bounds = library.get_interval_estimates(
            {"": scores}, lambda x: np.array([metrics.aggregate_iqm(x)]), reps=DRAWS,
            random_state=np.random.RandomState(0),
        )  # fmt: skip
    low, high = (float(bound) for bound in bounds[""][:, 0])
    return Interval(middle, low, high, len(scores))


def probability_of_improvement(better: Sequence[float], than: Sequence[float], lower: bool) -> float:
    """That a run of the one is better than a run of the other; a draw counts half."""
    from rliable import metrics

    sign = -1 if lower else 1
    first, second = (sign * np.asarray(values, float).reshape(-1, 1) for values in (better, than))
    return float(metrics.probability_of_improvement(first, second))


@dataclass(frozen=True)
class Test:
    """One arm against another. `gain`: by how much it is better (in the metric's unit), with its 95% interval."""

    better: str
    than: str
    gain: float
    low: float
    high: float
    p: float  # that nothing lies behind a gain so far from `by`, two-sided, not corrected
    corrected: float  # after Holm, over the study
    improvement: float  # probability of
    verdict: Verdict


@dataclass(frozen=True)
class Claim:
    text: str
    metric: str
    by: float
    tests: tuple[Test, ...]
    verdict: Verdict


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected p-values, in the same order (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    corrected, highest = np.empty(len(p_values)), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return [float(value) for value in corrected]


def welch(better: Sequence[float], than: Sequence[float], by: float = 0.0) -> tuple[float, float, float, float]:
    """(difference of means, its 95% interval, two-sided p of a difference of `by`)."""
    from scipy.stats import ttest_ind

    first, second = np.asarray(better, float), np.asarray(than, float)
    gain = float(first.mean() - second.mean())
    if len(first) < 2 or len(second) < 2:
        return gain, -np.inf, np.inf, 1.0
    if np.ptp(first) == 0 and np.ptp(second) == 0:
        return gain, gain, gain, 1.0 if gain == by else 0.0
    found = ttest_ind(first - by, second, equal_var=False)
    low, high = found.confidence_interval(1 - LEVEL)
    return gain, float(low + by), float(high + by), float(found.pvalue)


def judge(results: Results) -> list[Claim]:
    """Every claim of the study, at the whole budget. A claim that names several arms stands if all its tests do."""
    raw = []
    for claim in results.claims:
        metric = results.metrics.get(claim.metric)
        sign = -1.0 if metric is not None and metric.better == "lower" else 1.0
        for first in claim.better:
            for second in claim.than:
                values = [list(results.at_end(arm, claim.metric).values()) for arm in (first, second)]
                raw.append((claim, first, second, sign, values))
    found = [
        welch([s * v for v in a], [s * v for v in b], claim.by) if a and b else (np.nan, -np.inf, np.inf, 1.0)
        for claim, _, _, s, (a, b) in raw
    ]
    corrected = holm([p for *_, p in found])
    tests: dict[int, list[Test]] = {}
    for (claim, first, second, sign, (a, b)), (gain, low, high, p), holms in zip(raw, found, corrected, strict=True):
        chance = probability_of_improvement(a, b, sign < 0) if a and b else float("nan")
        verdict = _verdict(gain, claim.by, holms, min(len(a), len(b)))
        test = Test(first, second, gain, low, high, p, holms, chance, verdict)
        tests.setdefault(id(claim), []).append(test)
    return [_claim(claim, tests.get(id(claim), [])) for claim in results.claims]


def _verdict(gain: float, by: float, p: float, seeds: int) -> Verdict:
    if seeds < SEEDS_FOR_A_VERDICT:
        return "too few seeds"
    if p >= LEVEL:
        return "undecided"
    return "supported" if gain > by else "refuted"


def _claim(claim: ClaimText, tests: Sequence[Test]) -> Claim:
    verdicts = {test.verdict for test in tests}
    verdict: Verdict = "undecided"
    for word in ("too few seeds", "refuted"):
        if word in verdicts:
            verdict = word  # type: ignore[assignment]
            break
    else:
        if verdicts == {"supported"}:
            verdict = "supported"
    return Claim(claim.text, claim.metric, claim.by, tuple(tests), verdict)


@dataclass(frozen=True)
class PairedTest:
    """How much less a loses than b, a position; bootstrap over games."""

    name: str
    claim: str
    positions: int
    games: int
    mean_a: float
    mean_b: float
    gain: float
    low: float
    high: float
    p: float
    corrected: float
    seeds: int

    @property
    def verdict(self) -> Verdict:
        if self.seeds < SEEDS_FOR_A_VERDICT:
            return "too few seeds"
        if self.corrected >= LEVEL:
            return "undecided"
        return "supported" if self.gain > 0 else "refuted"


def judge_pairs(pairs: Sequence[Paired], seed: int = 0) -> list[PairedTest]:
    """Holm-corrected over all of them."""
    rows = []
    for pair in pairs:
        difference = np.asarray(pair.b, float) - np.asarray(pair.a, float)
        games, index = np.unique(pair.groups, return_inverse=True)
        sums, counts = np.bincount(index, difference), np.bincount(index)
        rng = np.random.default_rng(seed)
        drawn = rng.integers(0, len(games), (DRAWS, len(games)))
        means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        beyond = min((means <= 0).mean(), (means >= 0).mean())
        p = min(1.0, 2 * max(float(beyond), 1 / DRAWS))
        rows.append((pair, len(games), float(difference.mean()), float(low), float(high), p))
    corrected = holm([row[-1] for row in rows])
    tests = []
    for (pair, count, gain, low, high, p), holms in zip(rows, corrected, strict=True):
        losses = float(np.mean(pair.a)), float(np.mean(pair.b))
        tests.append(
            PairedTest(pair.name, pair.claim, len(pair.a), count, *losses, gain, low, high, p, holms, pair.seeds)
        )
    return tests


def profile(values: Mapping[str, Sequence[float]], thresholds: np.ndarray, lower: bool) -> dict[str, np.ndarray]:
    """By arm, the share of its runs that are at least as good as each threshold (a performance profile)."""
    from rliable import library

    sign = -1 if lower else 1
    scores = {arm: sign * np.asarray(of_arm, float).reshape(-1, 1) for arm, of_arm in values.items()}
    order = np.sort(sign * thresholds)
    below = np.nextafter(order, -np.inf)  # rliable counts runs above a threshold
    found, _ = library.create_performance_profile(scores, below, reps=2)
    return {arm: shares[::-1] if lower else shares for arm, shares in found.items()}
