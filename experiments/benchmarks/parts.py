"""What `experiments.benchmark` measures: a function a part, which returns the rows of its table.

All are asked for after `tune_environment`, since numpy and torch come along.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from envs import make
from experiments.benchmarks import environments
from experiments.benchmarks.comparison import PEERS, compare
from experiments.benchmarks.compiling import cold_and_warm
from experiments.benchmarks.environments import batch_play, rates, ratios, take_turns
from experiments.benchmarks.search import rows as search_rows
from experiments.benchmarks.training import against_stock, default_run, scaling_steps, search_run
from experiments.benchmarks.windows import measure, pinned
from experiments.benchmarks.worker import WorkerFailed
from experiments.provenance import usable_cores

MANY_GAMES = 1024
SAMPLED_GAMES, SAMPLED_LENGTH = 512, 64  # the default run's
STEPS = "env steps per CPU-second"


class Effort(NamedTuple):
    """How long is measured, in seconds a window."""

    windows: int
    seconds: float
    batch_sizes: tuple[int, ...]
    training_windows: int
    training_seconds: float


FULL = Effort(windows=7, seconds=0.4, batch_sizes=(1, 64, 1024, 4096), training_windows=5, training_seconds=5.0)
QUICK = Effort(windows=3, seconds=0.1, batch_sizes=(1, 1024), training_windows=2, training_seconds=2.0)


class Run(NamedTuple):
    """What the parts need to know."""

    games: tuple[str, ...]
    trained: tuple[str, ...]  # games, in the parts that train
    effort: Effort
    core: int | None
    environment: Mapping[str, str]  # as the user has it
    say: Callable[[str], None]
    max_runners: int
    peers: str  # the interpreter


def envs(run: Run) -> list[dict[str, Any]]:
    rows = []
    for game_id in run.games:
        run.say(f"envs {game_id} (the first time, it is compiled)")
        for num_games in run.effort.batch_sizes:
            with pinned(run.core):
                windows = measure(batch_play(make(game_id), num_games), run.effort.seconds, run.effort.windows)
            rows.append({"game": game_id, "num_games": num_games, "unit": STEPS, "rate": rates(windows)})
        if "statistics" in make(game_id).settings:
            plays = {kept: batch_play(make(game_id, statistics=kept == "on"), MANY_GAMES) for kept in ("off", "on")}
            with pinned(run.core):
                turns = take_turns(plays, run.effort.seconds, run.effort.windows)
            row = {"game": f"{game_id}, statistics on", "num_games": MANY_GAMES, "unit": STEPS}
            rows.append({**row, "rate": rates(turns["on"]), "ratio": ratios(turns["on"], turns["off"])})
    return rows


def faces(run: Run) -> list[dict[str, Any]]:
    rows = []
    for game_id in run.games:
        run.say(f"faces {game_id}")
        with pinned(run.core):
            windows = take_turns(dict(environments.faces(game_id)), run.effort.seconds, run.effort.windows)
        for face, mine in windows.items():
            row = {"game": game_id, "face": face, "unit": STEPS, "rate": rates(mine)}
            if face == "PettingZoo AEC" and (theirs := windows.get("PettingZoo's own")):
                row["ratio"] = ratios(mine, theirs)
            rows.append(row)
    return rows


def matches(run: Run) -> list[dict[str, Any]]:
    plays = {
        "connect_four": ("two networks, 256 pairs at once", "moves per CPU-second",
                         lambda game: environments.network_match_play(game, 256)),
        "ball_2v2": ("scripted:L3 against scripted:L2, 128 pairs at once", "matches per CPU-second",
                     lambda game: environments.scripted_match_play(game, "scripted:L3", "scripted:L2", 128)),
    }  # fmt: skip
    rows = []
    for game_id, (who, unit, of) in plays.items():
        if game_id in run.games:
            run.say(f"matches {game_id}")
            with pinned(run.core):
                windows = measure(of(make(game_id)), run.effort.seconds, run.effort.windows)
            rows.append({"game": game_id, "who": who, "unit": unit, "rate": rates(windows)})
    return rows


def search(run: Run) -> list[dict[str, Any]]:
    return search_rows(run.games, run.peers, run.environment, run.core, run.effort.seconds, run.effort.windows, run.say)


def sampling(run: Run) -> list[dict[str, Any]]:
    rows = []
    for game_id in run.games:
        run.say(f"sampling {game_id}")
        with pinned(run.core):
            play = environments.sampling_play(make(game_id), SAMPLED_GAMES, SAMPLED_LENGTH)
            windows = measure(play, run.effort.seconds, run.effort.windows)
        shape = {"num_games": SAMPLED_GAMES, "length": SAMPLED_LENGTH}
        rows.append({"game": game_id, **shape, "unit": "agent steps per CPU-second", "rate": rates(windows)})
    return rows


def training(run: Run) -> list[dict[str, Any]]:
    effort, rows = run.effort, []
    for game_id in run.trained:
        if game_id != "connect_four":
            rows.append(_default_run(run, game_id, runners=1 if usable_cores() > 1 else 0))
            continue
        try:
            row = against_stock(run.environment, run.core, effort.training_seconds, effort.training_windows, run.say)
        except WorkerFailed as failure:
            row = {"game": game_id, "unavailable": str(failure)}
        rows.append(row)
        rows.append(_search_run(run))
    return rows


def _search_run(run: Run) -> dict[str, Any]:
    effort, runners = run.effort, 1 if usable_cores() > 1 else 0
    try:
        return search_run(runners, run.environment, effort.training_seconds, effort.training_windows, run.say)
    except WorkerFailed as failure:
        return {"game": "connect_four by search", "runners": runners, "unavailable": str(failure)}


def scaling(run: Run) -> list[dict[str, Any]]:
    games = [game_id for game_id in run.trained if game_id != "connect_four"] or run.trained
    return [_default_run(run, game_id, runners) for game_id in games for runners in scaling_steps(run.max_runners)]


def _default_run(run: Run, game_id: str, runners: int) -> dict[str, Any]:
    effort = run.effort
    try:
        return default_run(game_id, runners, run.environment, effort.training_seconds, effort.training_windows, run.say)
    except WorkerFailed as failure:
        return {"game": game_id, "runners": runners, "unavailable": str(failure)}


def peers(run: Run) -> list[dict[str, Any]]:
    rows, effort = [], run.effort
    for peer in PEERS:
        if peer.game in run.games:
            run.say(f"peers {peer.game}: {peer.name}")
            rows.append(compare(peer, run.peers, run.environment, run.core, effort.seconds, effort.windows))
    return rows


def compiling(run: Run) -> list[dict[str, Any]]:
    rows = []
    for game_id in run.games:
        run.say(f"compiling {game_id}")
        try:
            rows.append(cold_and_warm(game_id, run.environment))
        except WorkerFailed as failure:
            rows.append({"game": game_id, "unavailable": str(failure)})
    return rows


MEASURED = {
    "envs": envs, "faces": faces, "matches": matches, "search": search, "sampling": sampling, "training": training,
    "scaling": scaling, "peers": peers, "compiling": compiling,
}  # fmt: skip
