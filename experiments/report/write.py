"""Everything that a report is, beside the results that it is made of: report.html, report/*.png, report/*.csv, and a
layout for TensorBoard's custom scalars.

    page = write_report(Path("runs/compare/.../results.json"), Path("runs/compare/..."))
"""

from pathlib import Path

from experiments.report.schema import Results, read_results

PAGE, FOLDER = "report.html", "report"


def write_report(results_file: Path, out: Path) -> Path:
    """Returns the page. Raises UserError for results that are damaged or not comparable."""
    from agents.artifact import write_whole
    from experiments.report.crossing import crossing
    from experiments.report.figures import draw_all
    from experiments.report.page import write_page
    from experiments.report.statistics import judge, judge_pairs
    from experiments.report.tables import all_tables

    results = read_results(results_file)
    claims, pairs = judge(results), judge_pairs(results.paired)
    pictures = draw_all(results)
    crossings = [
        found
        for own in results.arms
        for other in results.arms
        if results.arms[own].kind in ("self-play", "warm start") and results.arms[other].kind == "supervised"
        if (found := crossing(results, own, other, results.primary)) is not None
    ]
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, png in pictures.items():
        write_whole(folder / f"{name}.png", png)
    for name, text in all_tables(results, claims).items():
        write_whole(folder / name, text.encode())
    _tensorboard(results, folder)
    write_whole(out / PAGE, write_page(results, claims, pairs, crossings, pictures).encode())
    return out / PAGE


def _tensorboard(results: Results, folder: Path) -> None:
    """Curves of every arm's interquartile mean over steps of one thousandth of the budget, and a page that shows them
    side by side."""
    from torch.utils.tensorboard import SummaryWriter

    from experiments.report.figures import curve

    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    names = [name for name in results.metrics if "/" not in name]
    with SummaryWriter(str(folder)) as writer:
        for metric in names:
            for arm in results.arms:
                shares = sorted({round(point.share, 6) for point in results.points if point.arm == arm})
                for share, row in zip(shares, curve(results, arm, metric, results.cost.unit), strict=False):
                    writer.add_scalar(f"{metric}/{arm}", row[1], round(1000 * share))
        charts = {metric: ["Multiline", [f"{metric}/{arm}" for arm in results.arms]] for metric in names}
        writer.add_custom_scalars({results.name: charts})
