"""Rate a game's anchors by a round robin: python -m experiments.anchors GAME

    python -m experiments.anchors connect_four                     writes agents/anchors/connect_four.json
    python -m experiments.anchors ball_2v2 --pairs 500 --seed 1    about two minutes

Every two of the game's fixed players meet in pairs of games with the sides swapped; random = 0. The file says how it
was made and ships with the package. Make it anew when the game's rules or one of the players change.
"""

import argparse
import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envs.ids import GAMES
from experiments.config import WITHOUT_ONE_PLY
from experiments.config_types import nearest
from experiments.errors import ExitCode, UserError, run_command

if TYPE_CHECKING:
    from agents.agent import Agent
    from agents.matches import Matches
    from envs.game import Game

# Who is measured, and what else each is called: L1 of the ball games' ladder is the random player.
BOARD_PLAYERS: dict[str, tuple[str, ...]] = {"random": (), "one_ply": ()}
BALL_PLAYERS: dict[str, tuple[str, ...]] = {
    "random": ("scripted:L1",), "scripted:L0": (), "scripted:L2": (), "scripted:L3": (), "scripted:L4": (),
    "scripted:L5": (),
}  # fmt: skip
BOARD_PAIRS, BALL_PAIRS = 20_000, 500


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.anchors",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("game", metavar="GAME", help=", ".join(GAMES))
    p.add_argument("--pairs", type=int, metavar="N", help=f"of each two (ball {BALL_PAIRS}, boards {BOARD_PAIRS})")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="of every game (0)")
    p.add_argument("--out", type=Path, metavar="FILE", help="instead of the package's own file")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    if args.game not in GAMES:
        raise UserError(f"unknown game '{args.game}'; {nearest(args.game, GAMES)}", ExitCode.USAGE)
    ball = args.game.startswith("ball_")
    pairs = (BALL_PAIRS if ball else BOARD_PAIRS) if args.pairs is None else args.pairs
    if pairs < 1 or args.seed < 0:
        raise UserError("--pairs must be 1 or more, --seed 0 or more", ExitCode.USAGE)
    from agents.cpu import tune_environment

    tune_environment()  # before numpy is imported
    import agents.anchors
    from agents.names import make_agent
    from envs import make

    game, aliases = make(args.game), BALL_PLAYERS if ball else BOARD_PLAYERS
    if args.game.startswith(WITHOUT_ONE_PLY):
        raise UserError(f"{args.game}: its only anchor is random, at 0; there is nothing to rate", ExitCode.USAGE)
    players = {name: make_agent(name, game) for name in aliases}
    ratings, results = round_robin(game, players, pairs, args.seed)
    for name, others in aliases.items():
        ratings |= dict.fromkeys(others, ratings[name])
    rounded = {name: round(ratings[name], 1) for name in sorted(ratings, key=lambda name: ratings[name])}
    found = {
        "format": agents.anchors.FORMAT,
        "game": game.id,
        "ratings": rounded,
        "results": results,
        "how": _how(args.game, pairs, args.seed),
    }
    file = args.out or Path(agents.anchors.__file__).parent / f"{game.id}.json"
    file.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{', '.join(f'{name} {elo:+.0f}' for name, elo in rounded.items())}\nwritten: {file}")
    return ExitCode.DONE


def round_robin(
    game: "Game", players: "dict[str, Agent]", pairs: int, seed: int
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Elo by name, and the result of each two."""
    import numpy as np

    from agents.matches import play_pairs
    from agents.standings import fit_anchors

    points, results = {}, []
    for number, (a, b) in enumerate(itertools.combinations(players, 2)):
        began = time.perf_counter()
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        matches = play_pairs(game, players[a], players[b], pairs, own_seed)
        points[a, b] = matches.pair_points
        results.append(_result(a, b, own_seed, matches))
        print(f"{a} against {b}: {matches.wins} won, {matches.draws} drawn, {matches.losses} lost, "
              f"{time.perf_counter() - began:.1f} s", flush=True)  # fmt: skip
    return fit_anchors(points), results


def _result(a: str, b: str, seed: int, matches: "Matches") -> dict[str, Any]:
    result = {"a": a, "b": b, "seed": seed, "wins": matches.wins, "draws": matches.draws, "losses": matches.losses}
    result["pairs_by_points"] = [int((matches.pair_points == points / 2).sum()) for points in range(5)]
    if matches.goals_for is not None and matches.goals_against is not None:
        result |= {"goals_for": int(matches.goals_for.sum()), "goals_against": int(matches.goals_against.sum())}
    return result


def _how(game_id: str, pairs: int, seed: int) -> dict[str, Any]:
    """What a reader needs to make it again; the machine is not part of it."""
    from experiments.provenance import provenance

    made = provenance([])
    return {
        "command": f"python -m experiments.anchors {game_id} --pairs {pairs} --seed {seed}",
        "games": "of 90 s in match mode, won by goals" if game_id.startswith("ball_") else "after random openings",
        "pairs_of_each_two": pairs,
        "time": made["time"],
        "git": made["git"],
        "versions": {name: made["versions"][name] for name in ("python", "numpy", "numba")},
    }


if __name__ == "__main__":
    run_command(main)
