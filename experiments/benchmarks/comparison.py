"""Our games against those of other projects, which run in an interpreter of their own, window by window in turns.

Both sides play at random, pinned to the same core, and count steps per CPU-second; ours with observations, masks and
rewards at every step.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from envs import make
from experiments.benchmarks.environments import batch_play, rates, ratios
from experiments.benchmarks.tables import OPEN_SPIEL_CPP, OPEN_SPIEL_PYTHON, PETTINGZOO, PGX
from experiments.benchmarks.windows import Play, Window, calibrate, pinned, window
from experiments.benchmarks.worker import ONE_THREAD, Worker, WorkerFailed, core_to_keep, module

NUM_GAMES = 1024  # of ours


class Peer(NamedTuple):
    game: str  # ours
    name: str
    script: tuple[str, ...]  # in peers/, with its arguments: the setting in which the peer is at its best
    note: str = ""


def _board(game: str, open_spiel: str, pgx: str = "", pettingzoo: str = "") -> Iterator[Peer]:
    """A board game's peers, by what each calls it."""
    yield Peer(game, OPEN_SPIEL_CPP, ("open_spiel_games", open_spiel, "cpp"), "without observations and masks")
    yield Peer(game, OPEN_SPIEL_PYTHON, ("open_spiel_games", open_spiel, "python"))
    if pgx:
        yield Peer(game, PGX, ("pgx_games", pgx, "4096"))
    if pettingzoo:
        yield Peer(game, PETTINGZOO, ("pettingzoo_games", pettingzoo))


PEERS = (
    *_board("tic_tac_toe", "tic_tac_toe", "tic_tac_toe", "tictactoe_v3"),
    *_board("connect_four", "connect_four", "connect_four", "connect_four_v3"),
    *_board("othello", "othello", "othello"),
    *_board("gomoku_15", "mnk(m=15,n=15,k=5)"),
    *_board("hex_11", "hex(board_size=11)", "hex"),
    *_board("breakthrough_8", "breakthrough(rows=8,columns=8)"),
    *_board("go_9x9", "go(board_size=9,komi=7.5)"),  # Pgx, at 38 k moves/s, is no contest and compiles for minutes
    *_board("go_19x19", "go(board_size=19,komi=7.5)", pettingzoo="go_v5"),
    *_board("chess", "chess", pettingzoo="chess_v6"),  # Pgx: 9 k
    Peer("ball_1v1", "VMAS football 1v1, 4096 games", ("vmas_football", "1", "4096"), "a cousin, not the same game"),
    Peer("ball_2v2", "VMAS football 2v2, 4096 games", ("vmas_football", "2", "4096"), "a cousin, not the same game"),
    Peer("ball_3v3", "VMAS football 3v3, 4096 games", ("vmas_football", "3", "4096"), "a cousin, not the same game"),
)


def compare(
    peer: Peer,
    python: str,
    environment: Mapping[str, str],
    core: int | None,
    seconds: float,
    count: int,
    play: Play | None = None,
) -> dict[str, Any]:
    """Alternating windows; `unavailable` says why, where the peer cannot be measured with that interpreter. `play` is
    ours, else random play of many games."""
    row: dict[str, Any] = {"game": peer.game, "peer": peer.name, "note": peer.note, "unit": "env steps per CPU-second"}
    with tempfile.TemporaryDirectory() as folder:
        # this project's measuring scripts, and nothing else of the packages installed beside it
        (Path(folder) / "experiments").symlink_to(Path(__file__).resolve().parents[1])
        variables = {**environment, **ONE_THREAD, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        variables |= {"PYTHONWARNINGS": "ignore", **core_to_keep(core)}
        variables.pop("PYTHONHOME", None)
        command = module(f"peers.{peer.script[0]}", *peer.script[1:], python=python)
        try:
            with Worker(peer.name, command, variables) as worker:
                ours, theirs = _turns(play or batch_play(make(peer.game), NUM_GAMES), worker, core, seconds, count)
        except WorkerFailed as failure:
            return {**row, "unavailable": str(failure)}
    return {
        **row,
        "versions": worker.about["versions"],
        "ours": rates(ours),
        "theirs": rates(theirs),
        "ratio": ratios(ours, theirs),
    }


def _turns(
    play: Play, worker: Worker, core: int | None, seconds: float, count: int
) -> tuple[list[Window], list[Window]]:
    with pinned(core):
        repetitions = calibrate(play, seconds)
    worker.window(seconds)  # its warm-up
    ours, theirs = [], []
    for _ in range(count):
        with pinned(core):
            ours.append(window(play, repetitions))
        theirs.append(Window(**worker.window(seconds)))
    return ours, theirs
