"""What the benchmark prints: a table a part, and at the end the figures that the project set itself as goals."""

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

# The peers' names in tables and goals.
OPEN_SPIEL_CPP, OPEN_SPIEL_PYTHON = "OpenSpiel, C++ bots", "OpenSpiel from Python"
PGX, PETTINGZOO = "Pgx, 4096 games", "PettingZoo"
OPEN_SPIEL_MCTS, MCTX = "OpenSpiel, C++ MCTSBot", "mctx on Pgx"
PLAIN_WIDTH = 110  # where there is no terminal to ask


class Goal(NamedTuple):
    """A figure to reach, measured on two cores without a GPU."""

    what: str
    figure: float | None
    wanted: float
    ratio: bool = False


class Printer:
    """Tables on stdout. What is being measured is shown below them on a terminal, in lines elsewhere.

    No spinner: it would run in a thread of this process and be counted with what is measured.
    """

    def __init__(self, file: IO[str]):
        self.console = Console(file=file, highlight=False)
        if not self.console.is_terminal:
            self.console = Console(file=file, highlight=False, width=PLAIN_WIDTH)
        self._live = (
            Live(console=self.console, auto_refresh=False, transient=True) if self.console.is_terminal else None
        )

    def say(self, text: str) -> None:
        if self._live is None:
            self.console.print(text, markup=False, soft_wrap=True)
        else:
            self._live.start()
            self._live.update(Text(text), refresh=True)

    def print(self, item: Any) -> None:
        if self._live is not None:
            self._live.stop()
        self.console.print(item, markup=False)

    def table(self, title: str, columns: list[str], rows: list[list[str]], caption: str = "", names: int = 1) -> None:
        """The first `names` columns are names, the others numbers."""
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
        for index, column in enumerate(columns):
            table.add_column(column, justify="left" if index < names else "right")
        for row in rows:
            table.add_row(*row)
        self.print(table)
        if caption:
            self.print(f"  {caption}\n")


def print_part(printer: Printer, part: str, rows: list[dict[str, Any]]) -> None:
    """Rows that could not be measured are left out; the command says why at its end."""
    measured = [row for row in rows if "unavailable" not in row]
    if measured:
        PRINTED[part](printer, measured)


def _environments(printer: Printer, rows: list[dict[str, Any]]) -> None:
    batches = sorted({row["num_games"] for row in rows})
    by_game: dict[str, dict[int, str]] = {}
    for row in rows:
        by_game.setdefault(row["game"], {})[row["num_games"]] = _cell(row["rate"])
    printer.table(
        "Games: env steps per CPU-second of one core",
        ["game", *(f"{batch} at once" for batch in batches)],
        [[game, *(cells.get(batch, "") for batch in batches)] for game, cells in by_game.items()],
        "random legal play with observations, masks, rewards and resets; median, and lowest - highest window",
    )


def _faces(printer: Printer, rows: list[dict[str, Any]]) -> None:
    printer.table(
        "Faces: steps per CPU-second of one core",
        ["game", "face", "steps", "against PettingZoo's own"],
        [
            [row["game"], row["face"], _cell(row["rate"]), _ratio(row["ratio"]) if "ratio" in row else ""]
            for row in rows
        ],
        "random legal play, windows in turns; Gymnasium counts the learner's steps alone",
        names=2,
    )


def _matches(printer: Printer, rows: list[dict[str, Any]]) -> None:
    printer.table(
        "Matches, on one core",
        ["game", "who", "unit", "rate"],
        [[row["game"], row["who"], row["unit"], _cell(row["rate"])] for row in rows],
        "pairs of games with the seats swapped, through agents.matches.play_pairs",
        names=3,
    )


def _sampling(printer: Printer, rows: list[dict[str, Any]]) -> None:
    printer.table(
        "Sampling for training: agent steps per CPU-second of one core",
        ["game", "games x steps", "agent steps"],
        [[row["game"], f"{row['num_games']} x {row['length']}", _cell(row["rate"])] for row in rows],
        "self-play of the default network: forward, drawing, stepping, advantages",
        names=2,
    )


def _training(printer: Printer, rows: list[dict[str, Any]]) -> None:
    stock = [row for row in rows if "stock" in row]
    searched = [row for row in rows if "simulations_per_second" in row]
    runs = [row for row in rows if "agent_steps_per_second" in row]
    if stock:
        printer.table(
            "Training through RLlib: env steps per CPU-second of all processes",
            ["game", "ours", "stock RLlib on PettingZoo", "ratio"],
            [[row["game"], _cell(row["ours"]), _cell(row["stock"]), _ratio(row["ratio"])] for row in stock],
            "PPO, MLP 2x128, train batch 4096, minibatch 512, 4 epochs, latest against latest; windows in turns",
        )
    if searched:
        printer.table(
            "Training by search through RLlib",
            ["game", "runners", "simulations/s", "moves/s", "learner idle"],
            [
                [
                    row["game"], str(row["runners"]), _cell(row["simulations_per_second"]),
                    _cell(row["env_steps_per_second"]), f"{row['learner_idle_share']['median']:.0%}",
                ]
                for row in searched
            ],
            "AlphaZero, MLP 2x128, 32 simulations a move, 256 games, no cache; per second of wall-clock",
        )  # fmt: skip
    if runs:
        _runs(printer, runs, "Training through RLlib, the default run")


def _scaling(printer: Printer, rows: list[dict[str, Any]]) -> None:
    _runs(printer, rows, "Scaling: runners beside the learner")


def _runs(printer: Printer, rows: list[dict[str, Any]], title: str) -> None:
    printer.table(
        title,
        ["game", "runners", "env steps/s", "agent steps/s", "agent steps per CPU-s", "learner idle"],
        [
            [
                row["game"],
                str(row["runners"]),
                _cell(row["env_steps_per_second"]),
                _cell(row["agent_steps_per_second"]),
                _cell(row["agent_steps_per_cpu_second"]),
                f"{row['learner_idle_share']['median']:.0%}",
            ]
            for row in rows
        ],
        "per second of wall-clock, and per CPU-second of all processes",
    )


def _peers(printer: Printer, rows: list[dict[str, Any]]) -> None:
    printer.table(
        "Peers: env steps per CPU-second of one core",
        ["game", "peer", "theirs", "ours", "ratio"],
        [
            [row["game"], name, _cell(row["theirs"]), _cell(row["ours"]), _ratio(row["ratio"])]
            for row in rows
            for name in [row["peer"] + (f"\n({row['note']})" if row["note"] else "")]
        ],
        "random legal play, windows in turns; ours 1024 games at once, with observations and masks",
        names=2,
    )


def _search(printer: Printer, rows: list[dict[str, Any]]) -> None:
    printer.table(
        "Tree search: simulations per CPU-second of one core",
        ["game", "judged by", "peer", "ours", "theirs", "ratio"],
        [
            [
                row["game"],
                f"{row['evaluator']}, {row['simulations']}",
                row.get("peer", ""),
                _cell(row["ours"]),
                *((_cell(row["theirs"]), _ratio(row["ratio"])) if "ratio" in row else ("", "")),
            ]
            for row in rows
        ],
        "who judges positions, simulations a search; from the start of a game; networks in 256 games at once",
        names=3,
    )


def _compiling(printer: Printer, rows: list[dict[str, Any]]) -> None:
    table = [
        [row["game"], *(f"{row[kind][clock]:.1f}" for kind in ("cold", "warm") for clock in ("seconds", "cpu_seconds"))]
        for row in rows
    ]
    if len(rows) > 1:
        sums = (
            sum(row[kind][clock] for row in rows) for kind in ("cold", "warm") for clock in ("seconds", "cpu_seconds")
        )
        table.append(["all of these", *(f"{total:.0f}" for total in sums)])
    printer.table(
        "Compiling: seconds from the start of a process to its first step",
        ["game", "cold", "cold, CPU", "warm", "warm, CPU"],
        table,
        "each game in a process of its own, with an empty cache and then with a filled one",
    )


PRINTED = {
    "envs": _environments,
    "faces": _faces,
    "matches": _matches,
    "sampling": _sampling,
    "training": _training,
    "scaling": _scaling,
    "peers": _peers,
    "search": _search,
    "compiling": _compiling,
}


def goals(results: dict[str, list[dict[str, Any]]]) -> list[Goal]:
    """The goals of which a figure was measured."""
    found = []
    for what, part, wanted, ratio, key, conditions in GOALS:
        for row in results.get(part, []):
            if key in row and all(row.get(name) == value for name, value in conditions.items()):
                found.append(Goal(what, row[key]["median"], wanted, ratio))
    return found


GOALS = (
    ("tic_tac_toe, 1024 at once, moves per CPU-second", "envs", 30e6, False, "rate",
     {"game": "tic_tac_toe", "num_games": 1024}),
    ("connect_four, 1024 at once, moves per CPU-second", "envs", 12e6, False, "rate",
     {"game": "connect_four", "num_games": 1024}),
    ("ball_1v1, 1024 at once, env steps per CPU-second", "envs", 1.4e6, False, "rate",
     {"game": "ball_1v1", "num_games": 1024}),
    ("ball_2v2, 1024 at once, env steps per CPU-second", "envs", 0.8e6, False, "rate",
     {"game": "ball_2v2", "num_games": 1024}),
    ("ball_3v3, 1024 at once, env steps per CPU-second", "envs", 0.5e6, False, "rate",
     {"game": "ball_3v3", "num_games": 1024}),
    ("ball_11v11, 1024 at once, env steps per CPU-second", "envs", 40e3, False, "rate",
     {"game": "ball_11v11", "num_games": 1024}),
    ("ball_2v2, statistics on against off", "envs", 0.85, True, "ratio", {"game": "ball_2v2, statistics on"}),
    ("ball_3v3, statistics on against off", "envs", 0.85, True, "ratio", {"game": "ball_3v3, statistics on"}),
    ("ball_1v1 against VMAS football", "peers", 5, True, "ratio", {"game": "ball_1v1"}),
    ("ball_3v3 against VMAS football", "peers", 5, True, "ratio", {"game": "ball_3v3"}),
    ("connect_four, matches of two networks, moves per CPU-second", "matches", 200e3, False, "rate",
     {"game": "connect_four"}),
    ("ball_2v2, matches of L3 against L2 per CPU-second", "matches", 200, False, "rate", {"game": "ball_2v2"}),
    ("go_19x19, 1024 at once, moves per CPU-second", "envs", 0.5e6, False, "rate",
     {"game": "go_19x19", "num_games": 1024}),
    ("connect_four through PettingZoo against PettingZoo's own", "faces", 3, True, "ratio",
     {"game": "connect_four", "face": "PettingZoo AEC"}),
    ("chess through PettingZoo against PettingZoo's own", "faces", 20, True, "ratio",
     {"game": "chess", "face": "PettingZoo AEC"}),
    ("othello against Pgx", "peers", 8, True, "ratio", {"game": "othello", "peer": PGX}),
    ("hex_11 against OpenSpiel's C++", "peers", 5, True, "ratio", {"game": "hex_11", "peer": OPEN_SPIEL_CPP}),
    ("go_9x9 against OpenSpiel's C++", "peers", 2, True, "ratio", {"game": "go_9x9", "peer": OPEN_SPIEL_CPP}),
    ("chess against OpenSpiel's C++", "peers", 5, True, "ratio", {"game": "chess", "peer": OPEN_SPIEL_CPP}),
    ("breakthrough_8 against OpenSpiel's Python", "peers", 5, True, "ratio",
     {"game": "breakthrough_8", "peer": OPEN_SPIEL_PYTHON}),
    ("gomoku_15 against OpenSpiel's Python", "peers", 5, True, "ratio",
     {"game": "gomoku_15", "peer": OPEN_SPIEL_PYTHON}),
    ("chess, search against OpenSpiel's C++", "search", 10, True, "ratio", {"game": "chess"}),
    ("othello, search against OpenSpiel's C++", "search", 10, True, "ratio", {"game": "othello"}),
    ("connect_four, search against OpenSpiel's C++", "search", 5, True, "ratio",
     {"game": "connect_four", "peer": OPEN_SPIEL_MCTS}),
    ("hex_11, search against OpenSpiel's C++", "search", 5, True, "ratio", {"game": "hex_11"}),
    ("go_9x9, search against OpenSpiel's C++", "search", 3, True, "ratio", {"game": "go_9x9"}),
    ("connect_four, search with MLP 128x128, simulations per CPU-second", "search", 1e6, False, "ours",
     {"game": "connect_four", "simulations": 32}),
    ("connect_four, search with MLP 128x128 against mctx", "search", 2, True, "ratio",
     {"game": "connect_four", "peer": MCTX}),
    ("connect_four, training against stock RLlib", "training", 18, True, "ratio", {"game": "connect_four"}),
    ("connect_four, simulations/s while learning, two cores", "training", 0.7e6, False, "simulations_per_second",
     {"game": "connect_four", "runners": 1}),
    ("ball_2v2, training on two cores, agent steps/s", "training", 150e3, False, "agent_steps_per_second",
     {"game": "ball_2v2"}),
)  # fmt: skip


def print_goals(printer: Printer, found: list[Goal]) -> None:
    def rows() -> Iterator[list[str]]:
        for goal in found:
            show = (lambda value: f"{value:.1f}x") if goal.ratio else count
            assert goal.figure is not None
            yield [goal.what, show(goal.figure), show(goal.wanted), "yes" if goal.figure >= goal.wanted else "no"]

    if found:
        printer.table("Goals (two cores, nothing else running)", ["figure", "here", "goal", "reached"], list(rows()))


def _cell(rate: dict[str, Any]) -> str:
    return f"{count(rate['median'])}\n{count(rate['low'])} - {count(rate['high'])}"


def _ratio(rate: dict[str, Any]) -> str:
    return f"{rate['median']:.1f}x\n{rate['low']:.1f} - {rate['high']:.1f}"


def count(number: float) -> str:
    """872, 2.71 k, 15.8 M: three digits."""
    for unit in ("", " k", " M", " G"):
        if abs(number) < 999.5 or unit == " G":
            break
        number /= 1000
    digits = 0 if abs(number) >= 99.95 or not unit else 1 if abs(number) >= 9.995 else 2
    return f"{number:.{digits}f}{unit}"
