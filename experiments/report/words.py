"""What the numbers say, in sentences."""

from collections.abc import Sequence
from math import isfinite

from experiments.report.crossing import Crossing
from experiments.report.schema import Results
from experiments.report.statistics import SEEDS_FOR_A_VERDICT, Claim, Test, interval

UNITS = {"minutes": "minutes on one core", "flops": "operations", "gradient_steps": "gradient steps"}


def number(value: float) -> str:
    """Three digits that count; large numbers as powers of ten."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.2e}"


def headline(results: Results) -> list[str]:
    """Who did best at equal cost, in the first lines, whoever it is."""
    metric = results.metrics.get(results.primary)
    ends = {arm: list(results.at_end(arm, results.primary).values()) for arm in results.arms}
    ends = {arm: values for arm, values in ends.items() if values}
    if metric is None or not ends:
        return ["No run is finished yet, so there is nothing to compare."]
    sign = 1 if metric.better == "lower" else -1
    found = {arm: interval(values) for arm, values in ends.items()}
    order = sorted(found, key=lambda arm: sign * found[arm].middle)
    best = order[0]
    arm = results.arms[best]
    lines = [
        f"At equal cost ({number(results.cost.budget)} {UNITS[results.cost.unit]} a run) the best of {len(order)} ways "
        f"to learn was {arm.label}, {_kind(arm.kind)}: {_score(results, found[best])}."
    ]
    for kind in ("self-play", "supervised", "warm start"):
        first = next((name for name in order if results.arms[name].kind == kind), None)
        if first is not None and first != best:
            lines.append(
                f"The best of {_kinds(kind)} was {results.arms[first].label}: {_score(results, found[first])}."
            )
    seeds = min(len(values) for values in ends.values())
    if seeds < SEEDS_FOR_A_VERDICT:
        lines.append(
            f"With {seeds} seed{'s' if seeds != 1 else ''} an arm this is a look, not a result: no claim is judged "
            f"below {SEEDS_FOR_A_VERDICT}."
        )
    return lines


def _kind(kind: str) -> str:
    return {
        "self-play": "which learned from the game's own reward",
        "supervised": "which learned from labels",
        "warm start": "which learned from labels first and from the game's reward then",
    }.get(kind, kind)


def _kinds(kind: str) -> str:
    return {
        "self-play": "those that learned from reward alone", "supervised": "those that learned from labels alone",
        "warm start": "the warm starts",
    }[kind]  # fmt: skip


def _score(results: Results, found: object) -> str:
    metric = results.metrics[results.primary]
    middle, low, high = (number(getattr(found, name)) for name in ("middle", "low", "high"))
    return f"{metric.label} {middle} {metric.unit} [{low}, {high}]"


def claim_sentence(results: Results, claim: Claim) -> str:
    """The verdict on a claim."""
    word = {
        "supported": "The runs support it",
        "refuted": "The runs refute it: the opposite is significant",
        "undecided": "The runs do not decide it",
        "too few seeds": f"Not judged: fewer than {SEEDS_FOR_A_VERDICT} seeds",
    }[claim.verdict]
    unit = results.metrics[claim.metric].unit if claim.metric in results.metrics else ""
    tests = "; ".join(
        f"{results.arms[t.better].label} against {results.arms[t.than].label}: {_gain(t, unit)}, probability of "
        f"improvement {t.improvement:.0%}"
        for t in claim.tests
    )
    margin = f" (by more than {number(claim.by)} {unit})" if claim.by else ""
    return f"{word}{margin}. {tests}."


def _gain(test: Test, unit: str) -> str:
    word = "better" if test.gain >= 0 else "worse"
    gain = f"{word} by {number(abs(test.gain))} {unit}"
    if not isfinite(test.low):
        return gain
    bounds = (test.low, test.high) if test.gain >= 0 else (-test.high, -test.low)
    return f"{gain} [{number(bounds[0])}, {number(bounds[1])}], p = {test.corrected:.2g} after Holm"


def crossing_rows(results: Results, crossings: Sequence[Crossing]) -> list[list[str]]:
    """[who, whom, from which cost on, interval]"""
    rows = []
    for found in crossings:
        unit = UNITS[results.cost.unit]
        if found.cost is None:
            place, bounds = "not within the budget", f"passes in {1 - found.never:.0%} of the draws"
        else:
            place = f"{number(found.cost)} {unit}" + (", from the first measurement on" if found.always else "")
            high = "beyond the budget" if found.high is None else number(found.high)
            bounds = f"{number(found.low or 0)} to {high}"
        rows.append([results.arms[found.own].label, results.arms[found.other].label, place, bounds])
    return rows
