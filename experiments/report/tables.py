"""The numbers of a study as CSV, for whoever wants to draw them otherwise.

points.csv      every run at every measurement: arm, seed, share, costs, scores
arms.csv        every arm at the whole budget: interquartile means with their intervals
claims.csv      every test of the claims
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from experiments.report.schema import Results
from experiments.report.statistics import Claim, interval


def all_tables(results: Results, claims: Sequence[Claim]) -> dict[str, str]:
    """By file name."""
    return {"points.csv": _points(results), "arms.csv": _arms(results), "claims.csv": _claims(claims)}


def _text(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _points(results: Results) -> str:
    costs = sorted({name for point in results.points for name in point.cost})
    scores = list(results.metrics)
    rows: list[list[Any]] = [["arm", "seed", "share", *costs, *scores]]
    for p in results.points:
        rows.append(
            [p.arm, p.seed, p.share, *(p.cost.get(c, "") for c in costs), *(p.scores.get(s, "") for s in scores)]
        )
    return _text(rows)


def arm_rows(results: Results, metrics: Sequence[str]) -> list[list[Any]]:
    """[arm, metric, seeds, middle, low, high] at the whole budget."""
    rows = []
    for arm in results.arms:
        for metric in metrics:
            values = list(results.at_end(arm, metric).values())
            if values:
                found = interval(values)
                rows.append([arm, metric, found.n, found.middle, found.low, found.high])
    return rows


def _arms(results: Results) -> str:
    header = ["arm", "metric", "seeds", "interquartile_mean", "low", "high"]
    return _text([header, *arm_rows(results, list(results.metrics))])


def _claims(claims: Sequence[Claim]) -> str:
    rows: list[list[Any]] = [
        ["claim", "metric", "better", "than", "gain", "low", "high", "p", "p_holm", "probability_of_improvement",
         "verdict"]
    ]  # fmt: skip
    for claim in claims:
        for t in claim.tests:
            rows.append(
                [claim.text, claim.metric, t.better, t.than, t.gain, t.low, t.high, t.p, t.corrected, t.improvement,
                 t.verdict]
            )  # fmt: skip
    return _text(rows)
