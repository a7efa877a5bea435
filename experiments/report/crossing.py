"""At what cost one curve passes another for good, with an interval over seeds.

    found = crossing(results, "search", "solver", "mistakes")
    found.cost, found.low, found.high, found.never

Curves are means over seeds at each measurement, straight between measurements in the logarithm of the cost. Seeds of
each arm are drawn anew for the interval (bootstrap).
"""

from dataclasses import dataclass

import numpy as np

from experiments.report.schema import Results

DRAWS = 1000
GRID = 200  # points between which a crossing is looked for; its place is then interpolated


@dataclass(frozen=True)
class Crossing:
    """Of arm `own` past arm `other`. `cost`: in the study's unit; None if it is not ahead at the end. `never`: in which
    share of the draws it is not. `always`: it is ahead wherever both were measured."""

    own: str
    other: str
    cost: float | None
    low: float | None
    high: float | None
    never: float
    always: bool


def crossing(results: Results, own: str, other: str, metric: str, seed: int = 0) -> Crossing | None:
    """None where one of them was not measured."""
    curves = [_curves(results, arm, metric) for arm in (own, other)]
    if any(curve is None for curve in curves):
        return None
    (x, y), (u, v) = (curve for curve in curves if curve is not None)
    sign = -1 if results.metrics[metric].better == "lower" else 1
    place, always = _pass(x.mean(0), sign * y.mean(0), u.mean(0), sign * v.mean(0))
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        i, j = rng.integers(0, len(x), len(x)), rng.integers(0, len(u), len(u))
        drawn.append(_pass(x[i].mean(0), sign * y[i].mean(0), u[j].mean(0), sign * v[j].mean(0))[0])
    places = [each for each in drawn if each is not None]
    low, high = np.percentile(places, [2.5, 97.5]) if places else (None, None)
    if len(places) < DRAWS * 0.975:
        high = None  # it may as well be never
    return Crossing(
        own, other, place, None if low is None else float(low), None if high is None else float(high),
        1 - len(places) / DRAWS, always,
    )  # fmt: skip


def _curves(results: Results, arm: str, metric: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Costs and scores [seeds, points]."""
    unit = results.cost.unit
    by_seed: dict[int, list[tuple[float, float]]] = {}
    for point in results.points:
        if point.arm == arm and metric in point.scores:
            by_seed.setdefault(point.seed, []).append((point.cost[unit], point.scores[metric]))
    if not by_seed:
        return None
    both = np.array([sorted(points) for points in by_seed.values()])
    return both[:, :, 0], both[:, :, 1]


def _pass(x: np.ndarray, y: np.ndarray, u: np.ndarray, v: np.ndarray) -> tuple[float | None, bool]:
    """The cost from which on curve y(x) lies above v(u), and whether it does from the beginning of both."""
    x, u = np.log(x), np.log(u)
    begin, end = max(x[0], u[0]), min(x[-1], u[-1])
    if end <= begin:
        begin = end
    grid = np.unique(np.concatenate([np.linspace(begin, end, GRID), x, u]))
    grid = grid[(grid >= begin) & (grid <= end)]
    ahead = np.interp(grid, x, y) - np.interp(grid, u, v)
    if ahead[-1] <= 0:
        return None, False
    behind = np.flatnonzero(ahead <= 0)
    if not len(behind):
        return float(np.exp(grid[0])), True
    last = behind[-1]
    share = -ahead[last] / (ahead[last + 1] - ahead[last])
    return float(np.exp(grid[last] + share * (grid[last + 1] - grid[last]))), False
