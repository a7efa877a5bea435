"""What tenfold compute brings: a straight line through the best that each budget reached, over the logarithm of cost.

Set beside 220 Elo for ten times the compute (Neumann and Gros, "Scaling laws for a multi-agent reinforcement learning
model", 2022) and 500 (Jones, "Scaling scaling laws with board games", 2021).
"""

from dataclasses import dataclass

import numpy as np

from experiments.report.schema import ScalingResult

DRAWS = 1000


@dataclass(frozen=True)
class Fit:
    """y = offset + slope log10(x), through the frontier [n]; the slope's 95% interval over seeds."""

    slope: float
    low: float
    high: float
    offset: float
    frontier: np.ndarray  # [n, 2]: x, y


def fit(scaling: ScalingResult, higher: bool, seed: int = 0) -> Fit | None:
    """None where there are fewer than two budgets. Budgets are told apart by their order in each series: a width's
    first point is of the first budget."""
    tables = []  # of each width, [budgets, seeds, 2]
    for series in scaling.series:
        by_seed: dict[int, list[tuple[float, float]]] = {}
        for point in series.points:
            by_seed.setdefault(point.seed, []).append((point.x, point.y))
        lengths = {len(points) for points in by_seed.values()}
        if len(lengths) != 1:
            return None
        tables.append(np.array([sorted(points) for points in by_seed.values()]).transpose(1, 0, 2))
    if not tables or len({len(table) for table in tables}) != 1 or len(tables[0]) < 2:
        return None
    frontier = _frontier(tables, higher)
    slope, offset = np.polyfit(np.log10(frontier[:, 0]), frontier[:, 1], 1)
    rng = np.random.default_rng(seed)
    slopes = []
    for _ in range(DRAWS):
        drawn = [table[:, rng.integers(0, table.shape[1], table.shape[1])] for table in tables]
        points = _frontier(drawn, higher)
        slopes.append(np.polyfit(np.log10(points[:, 0]), points[:, 1], 1)[0])
    low, high = np.percentile(slopes, [2.5, 97.5])
    return Fit(float(slope), float(low), float(high), float(offset), frontier)


def _frontier(tables: list[np.ndarray], higher: bool) -> np.ndarray:
    """The best width of each budget: [budgets, 2], means over seeds."""
    means = np.array([table.mean(axis=1) for table in tables])  # [widths, budgets, 2]
    best = (means[:, :, 1] if higher else -means[:, :, 1]).argmax(axis=0)
    return means[best, np.arange(means.shape[1])]
