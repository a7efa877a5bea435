"""Agents side by side in one film: python -m experiments.montage OUT.gif AGENT AGENT ...

    python -m experiments.montage progress.gif random RUN@2000000 RUN@10000000 RUN@last     how a run got on
    python -m experiments.montage ladder.mp4 scripted:L2 scripted:L3 --game ball_3v3

Each plays the same opponent from the same start, two pictures a row, its name above (or what --labels say).
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from experiments.errors import ExitCode, UserError, run_command
from experiments.screen import positive, seed_of, whole

SECONDS, WIDTH, COLUMNS, FRAMES_A_SECOND = 12.0, 400, 2, 25


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.montage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("out", metavar="OUT", type=Path, help="OUT.gif or OUT.mp4")
    p.add_argument(
        "agents", metavar="AGENT", nargs="+", help="names of agents: random, scripted:L3, RUN@last, a folder"
    )
    p.add_argument("--game", metavar="GAME", default="ball_2v2", help="what they play (ball_2v2)")
    p.add_argument("--opponent", metavar="NAME", help="against whom (scripted:L3 on the pitch, random elsewhere)")
    p.add_argument("--labels", metavar="WORDS", nargs="+", help="a name for each agent, instead of its own")
    p.add_argument("--seconds", metavar="N", type=positive, default=SECONDS, help=f"of the film ({SECONDS:g})")
    p.add_argument("--width", metavar="PIXELS", type=whole, default=WIDTH, help=f"of each picture ({WIDTH})")
    p.add_argument(
        "--fps", metavar="N", type=whole, default=FRAMES_A_SECOND, help=f"pictures a second ({FRAMES_A_SECOND})"
    )
    p.add_argument("--seed", metavar="S", type=seed_of, default=0, help="of the start (0)")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    labels = args.labels or args.agents
    if len(labels) != len(args.agents):
        raise UserError(f"--labels: {len(labels)} of them for {len(args.agents)} agents", ExitCode.USAGE)
    from experiments.recording import film_kind

    film_kind(args.out)
    import numpy as np

    from experiments.cast import named_agents, subject
    from experiments.recording import record_clip, write_film

    game = subject(args.game).game
    opponent = args.opponent or ("scripted:L3" if game.id.startswith("ball_") else "random")
    agents = named_agents([*args.agents, opponent], game, greedy=True)
    clips = []
    for agent, label in zip(agents[:-1], labels, strict=True):
        print(f"{label} against {opponent}", flush=True)
        pair, names = [agent, agents[-1]], [label, opponent]
        clips.append(record_clip(game, pair, args.seconds, args.seed, args.width, args.fps, names))
    length = max(map(len, clips))
    height, width = clips[0].shape[1:3]
    rows, columns = math.ceil(len(clips) / COLUMNS), min(COLUMNS, len(clips))
    film = np.full((length, rows * height, columns * width, 3), 255, np.uint8)
    for i, clip in enumerate(clips):
        top, left = i // COLUMNS * height, i % COLUMNS * width
        film[: len(clip), top : top + height, left : left + width] = clip
        film[len(clip) :, top : top + height, left : left + width] = clip[-1]  # one that ended first stands still
    write_film(args.out, film, args.fps)
    print(f"{args.out}: {length / args.fps:.1f} s, {columns * width}x{rows * height}")
    return ExitCode.DONE


if __name__ == "__main__":
    run_command(main)
