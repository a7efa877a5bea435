"""What a match or a run's league came to, for people and for other programs: tables, CSV files, a heat map."""

import csv
import io
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.artifact import write_whole
from experiments import match_pictures
from experiments.match_folder import MatchFolder

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from agents.sprt import Sprt
    from agents.tournament import Meeting, Table

PLAIN_WIDTH = 110  # of the tables, where there is no terminal to ask
WIDE = 8  # players; payoffs of more are told in whole per cent, without lines between the columns
FEW_DISTINCT = 0.9  # below this share of different pairs the intervals are narrower than the evidence
WIDEST_PICTURE = 40  # players; more would not be read


def labels(names: list[str]) -> dict[str, str]:
    """A short word for each: the last parts of a path that tell it from the others."""
    parts = {name: Path(name).parts if "/" in name else (name,) for name in names}
    short = {}
    for name, own in parts.items():
        for count in range(1, len(own) + 1):
            tail = own[-count:]
            if sum(other[-count:] == tail for other in parts.values()) == 1:
                break
        short[name] = "/".join(tail)
    return short


def show(console: "Console", table: "Table", game: str, statistics: bool, sprt: "Sprt | None") -> None:
    """Ratings, payoffs and what to make of them."""
    from rich.markup import escape

    short = labels(table.players)
    held = table.standings.fixed
    console.print(escape(f"{game}, Elo: {', '.join(held) + ' fixed' if held else 'the mean is 0'}"))
    console.print(_ratings(table, short))
    if len(table.players) > 2:
        console.print("points of the row's player against the column's, %")
        console.print(_payoffs(table, short))
    for (a, b), meeting in table.meetings.items():
        if len(table.meetings) <= 3:
            console.print(escape(sentence(meeting, short[a], short[b])))
        if statistics and meeting.statistics:
            console.print("in a match, on average:")
            console.print(_statistics(meeting, short[a], short[b]))
    if sprt is not None:
        console.print(escape(verdict(next(iter(table.meetings.values())), sprt)))
    for note in notes(table, short):
        console.print(escape(note))


def console() -> "Console":
    """Where tables are printed, as wide as the terminal, if there is one."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def as_text(table: "Table", game: str) -> str:
    """What `show` prints, plain."""
    from rich.console import Console

    text = io.StringIO()
    show(Console(file=text, highlight=False, width=PLAIN_WIDTH, color_system=None), table, game, False, None)
    return text.getvalue()


def _ratings(table: "Table", short: dict[str, str]) -> "RenderableType":
    from rich.markup import escape
    from rich.table import Table as RichTable

    held = table.standings.fixed
    drawn = RichTable()
    drawn.add_column("#", justify="right")
    drawn.add_column("agent")
    for heading in ("Elo", "95% between", "games", "points", "Nash weight"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    for i, name in enumerate(table.players):
        rating = table.standings.ratings[name]
        games, points = totals(table, name)
        interval = "fixed" if name in held else f"{rating.low:+.0f} and {rating.high:+.0f}"
        weight = "-" if table.nash is None or np.isnan(table.nash.weights[i]) else f"{table.nash.weights[i]:.0%}"
        cells = (f"{rating.elo:+.0f}", interval, f"{games:,}", f"{points:.1%}", weight)
        drawn.add_row(str(i + 1), escape(short[name]), *cells)
    return drawn


def totals(table: "Table", name: str) -> tuple[int, float]:
    """A player's games, and its share of the points in them."""
    games, points = 0, 0.0
    for (a, b), meeting in table.meetings.items():
        if name in (a, b):
            games += 2 * meeting.pairs
            points += 2 * meeting.pairs * (meeting.score if name == a else 1 - meeting.score)
    return games, points / games


def _payoffs(table: "Table", short: dict[str, str]) -> "RenderableType":
    from rich import box
    from rich.markup import escape
    from rich.table import Table as RichTable

    wide = len(table.players) > WIDE
    drawn = RichTable(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1)) if wide else RichTable()
    drawn.add_column("#", justify="right")
    drawn.add_column("agent", no_wrap=True)
    for i in range(len(table.players)):
        drawn.add_column(str(i + 1), justify="right", no_wrap=True)
    for i, name in enumerate(table.players):
        cells = ["" if np.isnan(value) else f"{100 * value:.{0 if wide else 1}f}" for value in table.payoffs[i]]
        drawn.add_row(str(i + 1), escape(short[name]), *cells)
    return drawn


def _statistics(meeting: "Meeting", a: str, b: str) -> "RenderableType":
    from rich.markup import escape
    from rich.table import Table as RichTable

    drawn = RichTable()
    drawn.add_column("", no_wrap=True)
    drawn.add_column(escape(a), justify="right")
    drawn.add_column(escape(b), justify="right")
    for name, (own, other) in (meeting.statistics or {}).items():
        share = name in ("possession", "final_third")
        cells = (f"{own:.0%}", f"{other:.0%}") if share else (f"{own:.1f}", f"{other:.1f}")
        drawn.add_row(name.replace("_", " "), *cells)
    return drawn


def sentence(meeting: "Meeting", a: str, b: str) -> str:
    """The result of two players in words."""
    low, high = meeting.interval
    games = 2 * meeting.pairs
    text = (
        f"{a} against {b}: {meeting.wins:,} won, {meeting.draws:,} drawn, {meeting.losses:,} lost of {games:,}; "
        f"{meeting.score:.1%} of the points (95% {low:.1%} to {high:.1%})"
    )
    if meeting.paid is not None:
        text += f"; a game pays {meeting.paid:+.3f}"
    if meeting.goals is not None:
        own, other = meeting.goals
        share = f", {own / (own + other):.1%} of them" if own + other else ""
        text += f"; goals {own:,}:{other:,}{share}"
    return text


def verdict(meeting: "Meeting", sprt: "Sprt") -> str:
    """What the sequential test says so far."""
    counts = meeting.pairs_by_points
    low, high = sprt.bounds
    said = sprt.verdict(counts).value
    return (
        f"SPRT, {sprt.elo0:g} against {sprt.elo1:g} Elo: {said} after {2 * meeting.pairs:,} games; "
        f"log-likelihood ratio {sprt.log_likelihood_ratio(counts):+.2f} ({low:.2f} to {high:.2f})"
    )


def notes(table: "Table", short: dict[str, str]) -> list[str]:
    """What a sceptic asks next, a line each."""
    advantage = table.standings.advantage
    draws = sum(meeting.draws for meeting in table.meetings.values())
    games = sum(2 * meeting.pairs for meeting in table.meetings.values())
    lines = [f"{draws / games:.1%} of {games:,} games were drawn"]
    if advantage is not None:
        lines = [
            f"to be side 0 (first to move) is worth {advantage.elo:+.0f} Elo (95% {advantage.low:+.0f} to "
            f"{advantage.high:+.0f}); {lines[0]}"
        ]
    if table.cyclic_share is not None and len(table.players) > 2:
        circles = [f"{short[a]} beats {short[b]} beats {short[c]} beats {short[a]}" for a, b, c in table.cycles]
        found = f": {'; '.join(circles[:5])}" if circles else ", none beyond doubt"
        more = f" and {len(circles) - 5} more" if len(circles) > 5 else ""
        lines.append(f"cycles are {table.cyclic_share:.1%} of the payoffs' variance{found}{more}")
    forfeits = Counter(entry for meeting in table.meetings.values() for entry in meeting.forfeits)
    lines += [
        f"{short[who]} gave up {games:,} game{'s' * (games > 1)}: {why}" for (who, why), games in forfeits.items()
    ]
    if table.distinct_share < FEW_DISTINCT:
        lines.append(
            f"only {table.distinct_share:.0%} of the pairs of games differ from each other, so the intervals are too "
            "narrow: give the games longer openings (--opening), or let networks draw their moves (--sampled)"
        )
    return lines


def write_files(folder: MatchFolder, table: "Table") -> list[str]:
    """ratings.csv, payoffs.csv, games.csv and, of three players or more, payoffs.png. Returns their names."""
    standings, names = table.standings, table.players
    rows: list[list[Any]] = [
        ["rank", "agent", "elo", "low", "high", "fixed", "games", "points", "nash_weight", "nash_value"]
    ]
    for i, name in enumerate(names):
        games, points = totals(table, name)
        nash = ["", ""] if table.nash is None else [f"{table.nash.weights[i]:.6f}", f"{table.nash.values[i]:.6f}"]
        rating = [f"{value:.1f}" for value in standings.ratings[name]]
        rows.append([i + 1, name, *rating, int(name in standings.fixed), games, f"{points:.6f}", *nash])
    _write_csv(folder.path / "ratings.csv", rows)
    rows = [["a", "b", "games", "wins", "draws", "losses", "points", "low", "high", "goals_for", "goals_against",
             "mean_length", "paid", *(f"pairs_{points}" for points in ("0", "0.5", "1", "1.5", "2"))]]  # fmt: skip
    for (a, b), meeting in table.meetings.items():
        low, high = meeting.interval
        rows.append([
            a, b, 2 * meeting.pairs, meeting.wins, meeting.draws, meeting.losses, f"{meeting.score:.6f}", f"{low:.6f}",
            f"{high:.6f}", *(meeting.goals or ("", "")), f"{meeting.mean_length:.2f}",
            "" if meeting.paid is None else f"{meeting.paid:.6f}",
            *(int(count) for count in meeting.pairs_by_points),
        ])  # fmt: skip
    _write_csv(folder.path / "payoffs.csv", rows)
    _write_csv(folder.path / "games.csv", _games(folder))
    written = ["ratings.csv", "payoffs.csv", "games.csv"]
    if 2 < len(names) <= WIDEST_PICTURE:
        write_whole(folder.path / "payoffs.png", match_pictures.payoffs(table, labels(names), folder.game_name))
        written.append("payoffs.png")
    return written


def _games(folder: MatchFolder) -> list[list[Any]]:
    """A row a game: its number for --extract, who was on either side, what it was worth to `a`, its moves."""
    from agents.match_files import read_points

    rows: list[list[Any]] = [
        ["game", "side_0", "side_1", "seed", "pair", "points_of_side_0", "moves", "file", "forfeit"]
    ]
    number = 0
    for line, result in enumerate(folder.results):
        file = folder.games_file(line)
        points, lengths = read_points(folder.path / file)
        forfeits = {(half, pair): f"{who}: {why}" for half, pair, who, why in result.forfeits}
        for pair in range(result.pairs):
            for half in (0, 1):
                sides = (result.a, result.b) if half == 0 else (result.b, result.a)
                own = float(points[half, pair])
                won = own if half == 0 else 1 - own
                rows.append(
                    [
                        number,
                        *sides,
                        result.seed,
                        pair,
                        f"{won:g}",
                        int(lengths[half, pair]),
                        file,
                        forfeits.get((half, pair), ""),
                    ]
                )
                number += 1
    return rows


def _write_csv(file: Path, rows: list[list[Any]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_whole(file, text.getvalue().encode())


def to_json(path: Path, game: str, table: "Table", sprt: "Sprt | None") -> dict[str, Any]:
    """Everything, as JSON can hold it; `path` is the folder that it comes from."""
    meetings = []
    for (a, b), meeting in table.meetings.items():
        meetings.append({
            "a": a, "b": b, "games": 2 * meeting.pairs, "wins": meeting.wins, "draws": meeting.draws,
            "losses": meeting.losses, "points": meeting.score, "interval": list(meeting.interval),
            "goals": None if meeting.goals is None else list(meeting.goals), "statistics": meeting.statistics,
            "forfeits": [list(entry) for entry in meeting.forfeits], "mean_length": meeting.mean_length,
            "paid": meeting.paid,
            "pairs_by_points": meeting.pairs_by_points.astype(int).tolist(),
        })  # fmt: skip
    nash = None
    if table.nash is not None:
        weights = zip(table.players, table.nash.weights.tolist(), strict=True)
        nash = {name: weight for name, weight in weights if not np.isnan(weight)}
    found: dict[str, Any] = {
        "folder": str(path),
        "game": game,
        "ratings": {name: rating._asdict() for name, rating in table.standings.ratings.items()},
        "fixed": table.standings.fixed,
        "advantage": None if table.standings.advantage is None else table.standings.advantage._asdict(),
        "meetings": meetings,
        "nash": nash,
        "cyclic_share": table.cyclic_share,
        "cycles": table.cycles,
        "distinct_share": table.distinct_share,
    }
    if sprt is not None:
        counts = next(iter(table.meetings.values())).pairs_by_points
        found["sprt"] = {
            "elo0": sprt.elo0, "elo1": sprt.elo1, "alpha": sprt.alpha, "beta": sprt.beta, "bounds": list(sprt.bounds),
            "log_likelihood_ratio": sprt.log_likelihood_ratio(counts), "verdict": sprt.verdict(counts).value,
        }  # fmt: skip
    return found
