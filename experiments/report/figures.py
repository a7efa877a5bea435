"""Pictures of a study as PNG files, one style: Okabe and Ito's colours, read at 640 pixels.

pictures = draw_all(results)            # {"strength": png bytes, ...}, in the order in which they are shown
"""

import io
from typing import Any

import numpy as np

from experiments.curves import COLOURS
from experiments.report import scaling as scaling_laws
from experiments.report.schema import Results
from experiments.report.statistics import interval, profile

MARKS = {"self-play": "o", "supervised": "s", "warm start": "D", "reference": "x"}
LINES = {"self-play": "-", "supervised": "--", "warm start": "-.", "reference": ":"}
UNITS = {
    "minutes": "minutes of training on one core",
    "flops": "operations (FLOPs)",
    "gradient_steps": "gradient steps",
}
TRIPLE = (("rating", "mistakes"), ("human_accuracy", "expert_accuracy"), ("human_value_error", "value_error"))


def draw_all(results: Results) -> dict[str, bytes]:
    """Those for which there are numbers."""
    found: dict[str, bytes | None] = {"strength": _strength(results, results.primary, results.cost.unit)}
    for name in results.metrics:
        if name.startswith(f"{results.primary}_") and "/" not in name:
            found[f"strength_{name}"] = _strength(results, name, results.cost.unit)
    if results.cost.unit != "flops":
        found["strength_flops"] = _strength(results, results.primary, "flops")
    found["triple"] = _triple(results)
    found["phases"] = _phases(results)
    found["profiles"] = _profiles(results)
    for number, _ in enumerate(results.sweeps):
        found[f"sweep_{number}"] = _sweep(results, number)
    found["scaling"] = _scaling(results)
    return {name: png for name, png in found.items() if png is not None}


def _figure(width: float = 7.2, height: float = 4.2, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    return figure, figure.subplots(1, columns)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _tidy(axes: Any) -> None:
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _log_scale(axes: Any, unit: str) -> None:
    """Minutes and labels are read as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    if unit != "flops":
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.15g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _style(results: Results) -> dict[str, dict[str, Any]]:
    """By arm."""
    return {
        name: {
            "color": COLOURS[i % len(COLOURS)] if i < len(COLOURS) else ("#000000", "#888888")[i % 2],
            "marker": MARKS[arm.kind], "linestyle": LINES[arm.kind], "label": arm.label,
        }
        for i, (name, arm) in enumerate(results.arms.items())
    }  # fmt: skip


def curve(results: Results, arm: str, metric: str, unit: str) -> np.ndarray:
    """[points, 4]: mean cost, interquartile mean, low, high, by share of the budget."""
    by_share: dict[float, list[tuple[float, float]]] = {}
    for point in results.points:
        if point.arm == arm and metric in point.scores and unit in point.cost:
            by_share.setdefault(round(point.share, 6), []).append((point.cost[unit], point.scores[metric]))
    rows = []
    for share in sorted(by_share):
        costs, scores = zip(*by_share[share], strict=True)
        found = interval(scores)
        rows.append((float(np.mean(costs)), found.middle, found.low, found.high))
    return np.array(rows).reshape(-1, 4)


def _label(results: Results, metric: str) -> str:
    named = results.metrics[metric]
    return f"{named.label} ({named.unit})"


def _lines(axes: Any, results: Results, metric: str, unit: str) -> bool:
    """A line with a band for each arm; whether there was any."""
    drawn = False
    for arm, style in _style(results).items():
        rows = curve(results, arm, metric, unit)
        rows = rows[rows[:, 0] > 0]
        if not len(rows):
            continue
        drawn = True
        axes.plot(rows[:, 0], rows[:, 1], markersize=4.5, linewidth=1.8, **style)
        axes.fill_between(rows[:, 0], rows[:, 2], rows[:, 3], color=style["color"], alpha=0.13, linewidth=0)
    _log_scale(axes, unit)
    axes.set(xlabel=UNITS.get(unit, unit), ylabel=_label(results, metric))
    if results.metrics[metric].better == "lower":
        axes.set_ylim(bottom=0)
    _tidy(axes)
    return drawn


def _strength(results: Results, metric: str, unit: str) -> bytes | None:
    figure, axes = _figure()
    if not _lines(axes, results, metric, unit):
        return None
    top = axes.get_ylim()[1]
    for reference in results.references:
        value = reference.scores.get(metric)
        if value is not None and value <= 1.6 * top:
            axes.set_ylim(top=max(axes.get_ylim()[1], 1.05 * value))
            axes.axhline(value, color="#666666", linewidth=0.9, linestyle=":")
            axes.text(axes.get_xlim()[1], value, f" {reference.label}", fontsize=7, va="center", color="#444444")
    axes.legend(frameon=False, fontsize=8, loc="best")
    return _png(figure)


def _triple(results: Results) -> bytes | None:
    """Strength, foretelling of labelled moves, value error: figure 3 of AlphaGo Zero."""
    chosen = [next((name for name in names if name in results.metrics), None) for names in TRIPLE]
    if None in chosen:
        return None
    figure, panels = _figure(11.5, 3.9, 3)
    for panel, metric in zip(panels, chosen, strict=True):
        assert metric is not None
        _lines(panel, results, metric, results.cost.unit)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=8, loc="outside lower center", ncols=min(4, len(labels)))
    return _png(figure)


def _phases(results: Results) -> bytes | None:
    prefix = f"{results.primary}/"
    phases = [name for name in results.metrics if name.startswith(prefix)]
    if not phases:
        return None
    figure, axes = _figure()
    arms, width = list(results.arms), 0.8 / max(1, len(phases))
    for i, phase in enumerate(sorted(phases, key=_rank)):
        ends = [list(results.at_end(arm, phase).values()) for arm in arms]
        means = [np.mean(values) if values else np.nan for values in ends]
        spread = [np.std(values) if len(values) > 1 else 0 for values in ends]
        places = np.arange(len(arms)) + i * width
        shown = phase.removeprefix(prefix)
        axes.bar(places, means, width * 0.92, yerr=spread, color=COLOURS[i], label=shown, error_kw={"linewidth": 0.8})
    axes.set_xticks(np.arange(len(arms)) + 0.4 - width / 2, [results.arms[arm].label for arm in arms], rotation=18,
                    ha="right", fontsize=8)  # fmt: skip
    axes.set(ylabel=_label(results, results.primary))
    axes.legend(frameon=False, fontsize=8, title="of the game, by moves made", title_fontsize=8)
    _tidy(axes)
    return _png(figure)


def _rank(phase: str) -> tuple[int, str]:
    order = ("first", "second", "last")
    return next((i for i, word in enumerate(order) if word in phase), len(order)), phase


def _profiles(results: Results) -> bytes | None:
    values = {arm: list(results.at_end(arm, results.primary).values()) for arm in results.arms}
    values = {arm: of_arm for arm, of_arm in values.items() if len(of_arm) > 1}
    if len(values) < 2:
        return None
    every = np.concatenate([np.asarray(of_arm, float) for of_arm in values.values()])
    margin = 0.05 * (np.ptp(every) or 1)
    thresholds = np.linspace(every.min() - margin, every.max() + margin, 200)
    lower, styles = results.metrics[results.primary].better == "lower", _style(results)
    figure, axes = _figure()
    for arm, shares in profile(values, thresholds, lower).items():
        style = {key: styles[arm][key] for key in ("color", "linestyle", "label")}
        axes.step(thresholds, 100 * shares, where="post" if lower else "pre", linewidth=1.8, **style)
    axes.set(xlabel=_label(results, results.primary), ylabel="runs at least as good (%)")
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    return _png(figure)


def _sweep(results: Results, number: int) -> bytes | None:
    sweep = results.sweeps[number]
    figure, axes = _figure()
    drawn = False
    for i, series in enumerate(sweep.series):
        by_x: dict[float, list[float]] = {}
        for point in series.points:
            if results.primary in point.scores:
                by_x.setdefault(point.x, []).append(point.scores[results.primary])
        if not by_x:
            continue
        drawn = True
        xs = sorted(by_x)
        found = [interval(by_x[x]) for x in xs]
        colour = COLOURS[i % len(COLOURS)]
        axes.plot(xs, [f.middle for f in found], marker="s", markersize=4.5, color=colour, label=series.label)
        axes.fill_between(xs, [f.low for f in found], [f.high for f in found], color=colour, alpha=0.13, linewidth=0)
    if not drawn:
        return None
    for reference in results.references:
        if (value := reference.scores.get(results.primary)) is not None:
            axes.axhline(value, color="#666666", linewidth=0.9, linestyle=":", label=reference.label)
    _log_scale(axes, sweep.x)
    axes.set(xlabel=sweep.x, ylabel=_label(results, results.primary), title=sweep.title)
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    return _png(figure)


def _scaling(results: Results) -> bytes | None:
    if results.scaling is None or not results.scaling.series:
        return None
    metric = results.metrics[results.scaling.y]
    figure, axes = _figure()
    for i, series in enumerate(results.scaling.series):
        points = np.array([(point.x, point.y) for point in series.points])
        axes.plot(points[:, 0], points[:, 1], "o", markersize=4, alpha=0.7, color=COLOURS[i % len(COLOURS)],
                  label=series.label)  # fmt: skip
    found = scaling_laws.fit(results.scaling, metric.better == "higher")
    if found:
        x = np.array([found.frontier[:, 0].min(), found.frontier[:, 0].max()])
        shown = f"{found.slope:+.3g} [{found.low:.3g}, {found.high:.3g}] {metric.unit} for ten times"
        axes.plot(x, found.offset + found.slope * np.log10(x), color="black", linewidth=1.2, label=shown)
    _log_scale(axes, results.scaling.x)
    axes.set(xlabel=UNITS.get(results.scaling.x, results.scaling.x), ylabel=_label(results, results.scaling.y))
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    return _png(figure)
