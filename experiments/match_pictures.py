"""Pictures of who beats whom (agents/tournament.py's Table), as PNG files in memory; the best player on top."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agents.tournament import Table

CELL, DPI = 0.42, 140  # inches of a row, and a column; dots an inch
RATED, FIXED = "#0072b2", "#666666"  # Okabe and Ito's blue, and grey


def payoffs(table: "Table", short: Mapping[str, str], game: str) -> bytes:
    """A heat map of the shares of the points; `short` is what each player is called in it."""
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    names = [short[name] for name in table.players]
    count = len(names)
    figure = Figure(figsize=(CELL * count, CELL * count), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(100 * table.payoffs, cmap="RdBu", vmin=0, vmax=100)
    axes.set_xticks(range(count), [str(i + 1) for i in range(count)])
    axes.set_yticks(range(count), [f"{name}  {i + 1}" for i, name in enumerate(names)])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for i in range(count):
        for j in range(count):
            value = table.payoffs[i, j]
            if not np.isnan(value):
                colour = "white" if abs(value - 0.5) > 0.3 else "black"
                axes.text(j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_title(f"{game}: % of the points, row against column", fontsize=9, loc="left")
    return _png(figure)


def ratings(table: "Table", short: Mapping[str, str], game: str) -> bytes:
    """Elo with 95% intervals, a row a player; whose Elo is fixed is a grey diamond."""
    from matplotlib.figure import Figure

    standings, count = table.standings, len(table.players)
    figure = Figure(figsize=(5.2, 0.26 * count), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    for i, name in enumerate(table.players):
        elo, low, high = standings.ratings[name]
        if name in standings.fixed:
            axes.plot(elo, i, "D", color=FIXED, markersize=4)
        else:
            axes.errorbar(elo, i, xerr=[[elo - low], [high - elo]], fmt="o", color=RATED, markersize=4, capsize=2)
        axes.annotate(f"{elo:+.0f}", (high, i), (6, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(range(count), [short[name] for name in table.players])
    axes.set_ylim(count - 0.5, -0.5)
    axes.margins(x=0.08)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    scale = ", ".join(standings.fixed) if len(standings.fixed) < 3 else f"{len(standings.fixed)} players"
    held = f"{scale} fixed (grey)" if standings.fixed else "the mean is 0"
    axes.set_title(f"{game}: Elo with 95% intervals, {held}", fontsize=9, loc="left")
    return _png(figure)


def _png(figure: "Figure") -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight", pad_inches=0.1)  # a margin as wide as the names
    return drawn.getvalue()
