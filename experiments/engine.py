"""An agent as an engine, for graphical programs and other people's tournaments: python -m experiments.engine RUN|AGENT

    python -m experiments.engine one_ply --protocol uci                     chess, in any program that knows UCI
    python -m experiments.engine runs/go_9x9 --protocol gtp                 Go, in any program that knows GTP
    python -m experiments.engine random --protocol gtp --game go_9x9        the game where the agent does not say it

Such a program wants to be told a command, which is one of these lines with this Python's full path. A network plays its
best move, as the run measured it. What the agent is, its name says: clocks and limits change nothing.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from experiments.errors import ExitCode, UserError, run_command

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.game import Game


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.engine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("agent", metavar="RUN|AGENT", help="a run's folder, 'latest', a saved agent's folder, or a name")
    p.add_argument("--protocol", choices=("uci", "gtp"), required=True, help="uci for chess, gtp for Go")
    p.add_argument("--game", metavar="GAME", help="what to play, where the agent does not say it (uci: chess)")
    p.add_argument("--sampled", action="store_true", help="a network draws its actions, as in training")
    p.add_argument("--seed", metavar="S", type=int, help="of what it draws (a new one each time)")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    if args.seed is not None and args.seed < 0:
        raise UserError(f"--seed is {args.seed}; it must be 0 or more", ExitCode.USAGE)
    from agents.cpu import tune_environment

    tune_environment()  # before numpy is imported
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # nothing but the protocol goes to stdout
        serve(args, lambda text: print(text, file=out, end="", flush=True))
    return ExitCode.DONE


def serve(args: argparse.Namespace, write: Callable[[str], None]) -> None:
    """Answer what comes on stdin until it ends. Raises UserError for an agent that cannot play."""
    from agents.engines.gtp_server import GtpServer
    from agents.engines.uci_server import UciServer
    from agents.names import is_word, make_agent
    from experiments.evaluate import find_subject

    uci = args.protocol == "uci"
    subject = find_subject(args.agent, args.game or ("chess" if uci and is_word(args.agent) else None))

    def made(game: "Game") -> "Agent":
        return make_agent(subject.name, game, greedy=subject.greedy and not args.sampled)

    agent: Agent | None = None

    def load() -> "Agent":
        try:
            return agent or made(subject.game)
        except ValueError as error:
            raise UserError(str(error), ExitCode.USAGE) from None

    server: UciServer | GtpServer
    try:
        if uci:
            server = UciServer(args.agent, subject.game, load, write, args.seed)
            # a saved agent is known to play the game, and takes longer to load than programs wait for `uci`
            agent = made(subject.game) if is_word(args.agent) else None
        else:
            server = GtpServer(args.agent, subject.game, made, write, args.seed)
    except ValueError as error:
        raise UserError(str(error), ExitCode.USAGE) from None
    with open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False) as lines:
        server.serve(lines)


if __name__ == "__main__":
    run_command(main)
