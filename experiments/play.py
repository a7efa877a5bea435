"""Play yourself: python -m experiments.play GAME|RUN

    python -m experiments.play connect_four                        against one_ply, you begin
    python -m experiments.play ball_2v2                            run with WASD or the arrows, kick with space
    python -m experiments.play ball_1v1_heading                    left and right turn, up and down run
    python -m experiments.play latest                              against the newest run's best agent
    python -m experiments.play tic_tac_toe --seat both             two people at one screen
    python -m experiments.play go_9x9 komi=5.5                     with other settings than usual
    python -m experiments.play connect_four --against runs/connect_four@last --seat 1

Click, drag or type a move; the window has buttons for undo, hint, new game and swapped sides, and F1 shows all keys.
Every game is saved in runs/play/, finished or not; `python -m experiments.watch FILE.json` shows it again.
"""

import argparse
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.errors import ExitCode, UserError, run_command
from experiments.screen import check_display, open_window, picture_size_of, positive, seed_of

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.game import Game
    from experiments.cast import Subject
    from experiments.sitting import Company, Sitting

RECORDS = Path("runs/play")
YOU, TWO_PEOPLE = "You", ("Player 1", "Player 2")
WITHOUT_DISPLAY = "playing needs one; `python -m experiments.watch` can film agents without"


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.play",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("what", metavar="GAME|RUN", help="a game's id, or a run, 'latest' or a saved agent to play against")
    p.add_argument("settings", metavar="KEY=VALUE", nargs="*", help="the game's settings, as komi=5.5 or swap=false")
    p.add_argument(
        "--against", metavar="AGENT",
        help="who plays against you (default: one_ply on boards, scripted:L2 on the pitch; random in Go and at "
        "cards)",
    )  # fmt: skip
    p.add_argument(
        "--mates", metavar="AGENT",
        help="who plays beside you on the pitch (default: scripted:L3)",
    )  # fmt: skip
    p.add_argument(
        "--seat", choices=("0", "1", "both"), default="0", help="your side, 0 moves first; or two people (0)"
    )
    p.add_argument("--name", metavar="NAME", nargs="+", help="what to call you, and the other person with --seat both")
    p.add_argument("--out", metavar="FOLDER", type=Path, default=RECORDS, help=f"where games are saved ({RECORDS})")
    p.add_argument(
        "--seed", metavar="S", type=seed_of, help="of the first game; the next has the next (a new one each time)"
    )
    p.add_argument(
        "--speed", metavar="X", type=positive, default=1.0, help="1 is real time; 0.7 is easier on the pitch"
    )
    p.add_argument("--size", metavar="WxH", type=picture_size_of, help="of the picture, in pixels")
    p.add_argument("--greedy", action="store_true", help="networks play their best action instead of sampling")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    names = _names(args.name, args.seat)
    _check_folder(args.out)
    from experiments.cast import subject

    found = subject(args.what, args.settings)
    company = _company(found, args, names)
    check_display(WITHOUT_DISPLAY)
    sitting = _sitting(found, company, args)
    _rehearse(sitting)
    from experiments.playing import Playing, controls

    with open_window(found.game, controls(found.game), args.size, WITHOUT_DISPLAY) as window:
        Playing(sitting, window, args.speed).run()
    if sitting.failure is not None:
        raise UserError(
            f"the last game was not saved: {sitting.failure}; choose a folder with --out", ExitCode.ENVIRONMENT
        )
    return ExitCode.DONE


def _names(given: list[str] | None, seat: str) -> tuple[str, ...]:
    usual = TWO_PEOPLE if seat == "both" else (YOU,)
    if given is None:
        return usual
    if len(given) != len(usual) or not all(name.strip() and name.isprintable() and len(name) <= 40 for name in given):
        wanted = "two names" if seat == "both" else "one name"
        raise UserError(f"--name {' '.join(given)}: {wanted}, of 1 to 40 letters, with --seat {seat}", ExitCode.USAGE)
    return tuple(given)


def _check_folder(folder: Path) -> None:
    """Raises UserError where games could not be saved; makes nothing."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise UserError(f"--out {folder}: {there} is not a folder; choose another", ExitCode.ENVIRONMENT)
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"--out {folder}: {there} cannot be written to; choose another folder", ExitCode.ENVIRONMENT)


def _company(found: "Subject", args: argparse.Namespace, people: tuple[str, ...]) -> "Company":
    """Who plays. Raises UserError."""
    from envs.game import Dynamics
    from experiments.cast import default_mates, default_rival, named_agents
    from experiments.sitting import Company

    game = found.game
    on_the_pitch = game.id.startswith("ball_")
    if set(game.teams) != {0, 1}:
        raise UserError(f"{game.id} has {len(set(game.teams))} sides; two can play here", ExitCode.USAGE)
    if game.dynamics is not Dynamics.SEQUENTIAL and not on_the_pitch:
        raise UserError(f"{game.id}: all seats move at once there, and it has no keys for a person", ExitCode.USAGE)
    if game.hidden_information:
        _check_hiding(game, len(people))
    if args.against and found.agent:
        raise UserError(
            f"--against {args.against}: {args.what} already says who; name a game to choose", ExitCode.USAGE
        )
    if args.against and len(people) == 2:
        raise UserError(f"--against {args.against}: with --seat both nobody is left to play it", ExitCode.USAGE)
    name = args.against or found.agent or default_rival(found.game_name)
    rival = named_agents([name], game, greedy=args.greedy)[0]
    teams_of_more = game.num_players > 2 and on_the_pitch
    mates_name = args.mates or default_mates(found.game_name)
    mates = named_agents([mates_name], game, greedy=args.greedy)[0] if teams_of_more else None
    adviser = None if on_the_pitch else _adviser(name, found.game_name, game)
    return Company(
        people, rival if len(people) == 1 else None, found.label if name == found.agent else name, mates, mates_name,
        adviser,
    )  # fmt: skip


def _check_hiding(game: "Game", people: int) -> None:
    """Raises UserError where somebody would see what the game hides from them."""
    import inspect

    from envs.render import drawer

    if people == 2:
        raise UserError(f"--seat both: two at one screen would see what {game.id} hides; use 0 or 1", ExitCode.USAGE)
    if "viewer" not in inspect.signature(drawer(game).draw).parameters:
        raise UserError(
            f"{game.id}: its picture would show what is hidden from you; its drawer needs a `viewer`", ExitCode.USAGE
        )


def _adviser(name: str, game_name: str, game: "Game") -> "Agent | None":
    """Who gives hints: the opponent at its best, or somebody better than random; None where nobody is."""
    from experiments.cast import knows_one_ply, named_agents

    if name == "random":
        if not knows_one_ply(game_name):
            return None
        name = "one_ply"
    return named_agents([name], game, greedy=True)[0]


def _sitting(found: "Subject", company: "Company", args: argparse.Namespace) -> "Sitting":
    from experiments.playing import hands
    from experiments.sitting import Sitting

    seed = secrets.randbits(31) if args.seed is None else args.seed
    side = 1 if args.seat == "1" else 0
    return Sitting(found.game, found.game_name, company, hands(found.game, len(company.people)), side, args.out, seed)


def _rehearse(sitting: "Sitting") -> None:
    """A moment of a game unseen, so that nothing is compiled or loaded while somebody plays."""
    from agents.agent import RandomAgent
    from experiments.recording import Match

    game, company = sitting.game, sitting.company
    print(f"{game.id}: preparing (new rules are compiled once, which takes some seconds)", flush=True)
    others = [agent for agent in (company.rival, company.mates, company.adviser) if agent]
    for agent in others or [RandomAgent(game)]:
        for pair in ([RandomAgent(game), agent], [agent, RandomAgent(game)]):
            match = Match(game, pair, sitting.seed)
            for frame in match.frames():
                if match.moves == 2:
                    match.picture(frame, (160, 120))
                    break


if __name__ == "__main__":
    run_command(main)
