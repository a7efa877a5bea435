"""The report as one HTML file: pictures inside, no scripts, nothing fetched; readable on paper."""

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from experiments.report.crossing import Crossing
from experiments.report.schema import Results
from experiments.report.statistics import DRAWS, Claim, PairedTest
from experiments.report.tables import arm_rows
from experiments.report.words import UNITS, claim_sentence, crossing_rows, headline, number

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
.question { font-size: 1.1rem; color: #444; margin-top: 0; }
.quick { background: #fff3cd; border: 1px solid #d8b94c; padding: .6rem .9rem; border-radius: .3rem; }
.answer { background: #eef4fa; border-left: .3rem solid #0072b2; padding: .6rem .9rem; }
.answer p { margin: .3rem 0; } .warning { border-left: .3rem solid #d55e00; padding-left: .7rem; }
figure { margin: 1.4rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #444; font-size: .92rem; }
table { border-collapse: collapse; font-size: .92rem; margin: .8rem 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; font-size: .82rem; }
.boards { display: flex; flex-wrap: wrap; gap: 1rem; } .boards figure { width: 15.5rem; margin: .4rem 0; }
.supported { color: #00704f; } .refuted { color: #b0480a; } .verdict { font-weight: 600; }
@media print { body { margin: 0; max-width: none; } figure, table { break-inside: avoid; } }
"""
CAPTIONS = {
    "strength": "Strength against cost. A point is the interquartile mean over the seeds, its band the 95% interval; "
    "solid lines learned from reward alone, dashed ones from labels, dash-dotted ones from both. Dotted: play without "
    "training.",
    "strength_flops": "The same against the operations of all networks, those of play counted too: what the machine "
    "did rather than how long it took.",
    "triple": "Strength, foretelling labelled moves, foretelling the value: the three panels of figure 3 of Silver et "
    "al. (2017). There self-play became the stronger player while it foretold people's moves less well.",
    "phases": "Where in the game the mistakes are made, at the whole budget; bars are means, whiskers one standard "
    "deviation over seeds.",
    "profiles": "Performance profiles: the share of an arm's runs that are at least as good as the number below. A "
    "curve above another everywhere is better whatever one asks for.",
    "scaling": "Compute and strength: points are runs, the line goes through the best width of each budget. Others "
    "found +220 Elo for ten times the compute (Neumann and Gros 2022) and +500 (Jones 2021).",
}


def write_page(
    results: Results, claims: Sequence[Claim], pairs: Sequence[PairedTest], crossings: Sequence[Crossing],
    pictures: Mapping[str, bytes],
) -> str:  # fmt: skip
    parts = [
        f"<h1>{escape(results.title)}</h1>",
        f'<p class="question">{escape(results.question)}</p>' if results.question else "",
        '<p class="quick"><strong>Quick mode.</strong> A short run that shows the study works. Its numbers are no '
        "result: seeds, budget and positions are a fraction of the study's.</p>" if results.quick else "",
        _answer(results),
        _claims(results, claims, pairs),
        _how(results),
        _pictures(results, pictures, ("strength", *_others(pictures), "strength_flops")),
        _arms(results),
        _crossings(results, crossings),
        _pictures(results, pictures, ("triple", "phases", "profiles")),
        _pictures(results, pictures, tuple(name for name in pictures if name.startswith("sweep_"))),
        _pictures(results, pictures, ("scaling",)),
        _disagreements(results),
        _limits(results),
        _provenance(results),
    ]  # fmt: skip
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(results.title)}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _answer(results: Results) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in headline(results))
    apart = results.costs_apart()
    warning = f'<p class="warning"><strong>Beware:</strong> {escape(apart)}.</p>' if apart else ""
    return f'<div class="answer">{lines}{warning}</div>'


def _claims(results: Results, claims: Sequence[Claim], pairs: Sequence[PairedTest]) -> str:
    if not claims and not pairs:
        return ""
    items = "".join(
        f'<li>{escape(claim.text)}. <span class="verdict {claim.verdict.split()[0]}">{claim.verdict}</span><br>'
        f"{escape(claim_sentence(results, claim))}</li>"
        for claim in claims
    )
    items += "".join(
        f'<li>{escape(pair.claim)} ({escape(pair.name)}). <span class="verdict {pair.verdict.split()[0]}">'
        f"{pair.verdict}</span><br>In {pair.positions:,} positions of {pair.games:,} games the one loses "
        f"{number(pair.mean_a)}, the other {number(pair.mean_b)}: a difference of {number(pair.gain)} "
        f"[{number(pair.low)}, {number(pair.high)}], p = {pair.corrected:.2g} after Holm.</li>"
        for pair in pairs
    )
    return f"<h2>What was expected beforehand, and what the runs say</h2><ul>{items}</ul>"


def _how(results: Results) -> str:
    seeds = {arm: len(results.at_end(arm, results.primary)) for arm in results.arms}
    counts = sorted({*seeds.values()})
    runs = " to ".join(map(str, counts[:: max(1, len(counts) - 1)])) if counts else "0"
    labelled = any(arm.labels for arm in results.arms.values())
    seeds_each = f"{runs} seed{'' if runs == '1' else 's'}"
    text = (
        f"The game is {escape(results.game)}. Every arm has the same network and the same budget, "
        f"{number(results.cost.budget)} {UNITS[results.cost.unit]} a run, and {seeds_each}; a warm start pays for its "
        "labels' part from that budget. What is measured is measured by judges that no arm learned from"
    )
    text += (
        ", in positions that no label was taken from: a position whose hash begins with 0 or 1 only measures. "
        if labelled
        else ". "
    )
    text += (
        f"Intervals are 95%: of interquartile means by stratified bootstrap ({DRAWS:,} draws, rliable), of differences "
        "by Welch's t. Making labels costs the labels' arms nothing here; how much it did cost is in the manifest of "
        "the labels."
    )
    return f"<h2>How it was done</h2><p>{text}</p>"


def _others(pictures: Mapping[str, bytes]) -> list[str]:
    return [name for name in pictures if name.startswith("strength_") and name != "strength_flops"]


def _pictures(results: Results, pictures: Mapping[str, bytes], names: Sequence[str]) -> str:
    return "".join(_picture(results, name, pictures[name]) for name in names if name in pictures)


def _picture(results: Results, name: str, png: bytes) -> str:
    caption = CAPTIONS.get(name, "")
    if name.startswith("strength_") and not caption:
        caption = f"The same by {results.metrics[name.removeprefix('strength_')].label}."
    if name.startswith("sweep_"):
        sweep = results.sweeps[int(name.removeprefix("sweep_"))]
        caption = f"{sweep.title}: a line is a kind of label, its band the 95% interval over seeds."
    encoded = base64.b64encode(png).decode()
    alt = escape(caption.partition(".")[0] or name)
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{encoded}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]], numbers_from: int) -> str:
    def cell(kind: str, value: Any, column: int) -> str:
        style = ' class="number"' if column >= numbers_from else ""
        return f"<{kind}{style}>{escape(str(value))}</{kind}>"

    lines = ["".join(cell("th", value, i) for i, value in enumerate(header))]
    lines += ["".join(cell("td", value, i) for i, value in enumerate(row)) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _arms(results: Results) -> str:
    """The primary metric, its variants and the rating first; the others in a table below."""
    plain = [name for name in results.metrics if "/" not in name]
    main = [name for name in plain if name == "rating" or name.split("_")[0] == results.primary]
    main.sort(key=lambda name: (name != results.primary, name == "rating"))
    rest = [name for name in plain if name not in main]
    about = "".join(
        f"<li><strong>{escape(arm.label)}</strong> ({escape(arm.kind)}): {escape(arm.about)}</li>"
        for arm in results.arms.values() if arm.about
    )  # fmt: skip
    notes = f"<ul>{about}</ul>" if about else ""
    other = f"<p>Other measures:</p>{_arm_table(results, rest, costs=False)}" if rest else ""
    return f"<h2>At the whole budget</h2>{_arm_table(results, main, costs=True)}{other}{notes}"


def _arm_table(results: Results, metrics: Sequence[str], *, costs: bool) -> str:
    found = {(arm, metric): row for arm, metric, *row in arm_rows(results, metrics)}
    rows = []
    for name, arm in results.arms.items():
        cells: list[str] = [arm.label]
        if costs:
            spent = [p.cost for p in results.points if p.arm == name and p.share == 1]
            flops = sum(cost.get("flops", 0) for cost in spent) / len(spent) if spent else 0
            cells += [f"{arm.labels.source}, {arm.labels.count:,}" if arm.labels else "none", number(flops)]
        for metric in metrics:
            row = found.get((name, metric))
            cells.append(f"{number(row[1])} [{number(row[2])}, {number(row[3])}]" if row else "-")
        rows.append(cells)
    header = ["arm", *(["labels", "operations"] if costs else [])]
    header += [f"{results.metrics[metric].label} ({results.metrics[metric].unit})" for metric in metrics]
    return _table(header, rows, 2 if costs else 1)


def _crossings(results: Results, crossings: Sequence[Crossing]) -> str:
    if not crossings:
        return ""
    header = ["arm", "passes", "from a cost of", "95% interval"]
    label = results.metrics[results.primary].label
    intro = f"<p>The cost from which on an arm is ahead by {escape(label)} until the end of the budget.</p>"
    return f"<h2>Where the curves cross</h2>{intro}{_table(header, crossing_rows(results, crossings), 4)}"


def _disagreements(results: Results) -> str:
    if not results.disagreements:
        return ""
    boards = []
    for found in results.disagreements:
        picture = (
            f'<img alt="position" src="data:image/png;base64,{found.png}">' if found.png
            else f"<pre>{escape(found.board)}</pre>"
        )  # fmt: skip
        boards.append(
            f"<figure>{picture}<figcaption>{escape(results.arms[found.arm].label)}: "
            f"<strong>{escape(found.agent_move)}</strong>, worth {number(found.agent_value)} by exact play; the labels "
            f"({escape(found.label_source)}): {escape(found.label_move)}, worth {number(found.label_value)}."
            "</figcaption></figure>"
        )
    return (
        "<h2>Where self-play is right and the labels are wrong</h2><p>Held-out positions in which the agent is surest "
        'of a move that the labels do not choose, and exact play says that it is better.</p><div class="boards">'
        + "".join(boards) + "</div>"
    )  # fmt: skip


def _limits(results: Results) -> str:
    items = [
        f"{results.arms[f.arm].label if f.arm in results.arms else f.arm}, seed {f.seed} failed: "
        f"{f.message.strip().splitlines()[-1] if f.message.strip() else 'no message'}"
        for f in results.failed
    ]
    items += [f"{results.arms[m.arm].label}, seed {m.seed} is not finished" for m in results.missing]
    items.append("one game, one size of network, one kind of machine: the order of arms may be another elsewhere")
    items.append("the recipes of the arms were set beforehand, and not each tuned as far as it would go")
    return "<h2>Limits</h2><ul>" + "".join(f"<li>{escape(item)}.</li>" for item in items) + "</ul>"


def _provenance(results: Results) -> str:
    made = json.dumps(results.made, indent=1)
    return (
        f"<h2>Where it comes from</h2><pre>{escape(made)}</pre><h2>The study's file</h2>"
        f"<pre>{escape(results.config)}</pre>"
    )
