"""Watch agents play: python -m experiments.watch RUN|GAME|FILE.json

    python -m experiments.watch latest                             the newest run's best agent against the ladder
    python -m experiments.watch connect_four --opponent one_ply    a board game
    python -m experiments.watch ball_2v2 --record out.mp4          no display needed; .gif works too
    python -m experiments.watch latest --drill tackle              one of the drills that experiments.evaluate judges by
    python -m experiments.watch runs/play/FILE.json                a game that was played (experiments.play), once more

What an agent thinks before it moves is shown where it can tell (networks, searches, in games with turns): how likely
each move is, how often the search went there, who is ahead, and the line that it expects.

The window has buttons for all that the keys do: space pause, right arrow one step, - and + speed, T thoughts on or off,
R restart, N next opponent, Q quit.
"""

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envs.render.controls import Button, Command, Controls, Gauge, Status
from experiments.errors import ExitCode, UserError, run_command
from experiments.programme import Programme
from experiments.screen import check_display, open_window, picture_size_of, positive, seed_of, whole

if TYPE_CHECKING:
    import numpy as np

    from experiments.recording import Frame, Match

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
GIF_WIDTH, GIF_SECONDS = 480, 20.0  # where nothing is asked for: a GIF has no compression to speak of
PROGRESS_SECONDS = 2.0
WITHOUT_DISPLAY = "add --record out.mp4 to make a film instead"

CONTROLS = Controls(
    items=(
        Button("pause", "pause", ("space", "p"), "space", main=True, pressed_label="play"),
        Button("step", "step", ("right", "s", "."), "the right arrow"),
        Button("slower", "slower", ("-", "[-]", "down"), "-"),
        Gauge("speed"),
        Button("faster", "faster", ("+", "=", "[+]", "up"), "+"),
        Button("thoughts", "thoughts", ("t",), "T"),
        Button("restart", "restart", ("r",), "R"),
        Button("next", "opponent", ("n",), "N"),
    ),
    help="space  pause     right  step     - +  speed     T  thoughts     R  restart     N  opponent     Q  quit",
    quit_keys=("q", "escape"),
)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m experiments.watch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument(
        "what",
        metavar="RUN|GAME|FILE.json",
        help="a run's folder, 'latest', a saved agent's folder, a game's id, or the record of a game",
    )
    p.add_argument("settings", metavar="KEY=VALUE", nargs="*", help="a game's settings, as komi=5.5 or time_limit=20")
    p.add_argument("--agent", metavar="NAME", help="who plays, where a game is named (scripted:L3, one_ply, a folder)")
    p.add_argument("--game", metavar="MODULE:ID", help="whose record FILE.json is, if it is a game of your own")
    p.add_argument("--opponent", metavar="NAME", nargs="+", help="against whom; several take turns with N")
    p.add_argument("--drill", metavar="NAME", help="a ball game's drill, scene after scene, against its own opponents")
    p.add_argument(
        "--seat", choices=("0", "1", "alternate"), help="the agent's side: default 0 on the pitch, else alternate"
    )
    p.add_argument("--record", metavar="FILE", type=Path, help="write FILE.mp4 or FILE.gif instead of opening a window")
    p.add_argument("--seconds", metavar="N", type=positive, help="stop after so much game time")
    p.add_argument("--games", metavar="N", type=whole, help="stop after so many games (one, when recording)")
    p.add_argument("--seed", metavar="S", type=seed_of, default=0, help="of the first game; the next has the next (0)")
    p.add_argument("--speed", metavar="X", type=positive, default=1.0, help="1 is real time")
    p.add_argument("--size", metavar="WxH", type=picture_size_of, help="of the picture, in pixels")
    p.add_argument(
        "--no-thoughts", dest="thoughts", action="store_false", help="do not show what agents think before they move"
    )
    p.add_argument("--greedy", action="store_true", help="networks play their best action instead of sampling")
    return p


def main(arguments: Sequence[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    if args.record:
        from experiments.recording import film_kind

        film_kind(args.record)  # what cannot work is said before anything is loaded
    programme = _programme(args)
    if not args.record:
        check_display(WITHOUT_DISPLAY)
    _rehearse(programme)
    if args.record:
        _record(programme, args)
    else:
        _window(programme, args)
    return ExitCode.DONE


def _programme(args: argparse.Namespace) -> Programme:
    if Path(args.what).suffix == ".json" or Path(args.what).is_file():
        return _recorded(args)
    if args.game:
        raise UserError(f"--game {args.game}: that goes with the record of a game, FILE.json", ExitCode.USAGE)
    from experiments.cast import cast

    if args.drill and args.opponent:
        raise UserError(f"--opponent: the drill {args.drill} has opponents of its own", ExitCode.USAGE)
    found = cast(args.what, args.agent, args.opponent, settings=args.settings, greedy=args.greedy)
    if args.drill:
        from experiments.programme import drill_programme

        return drill_programme(args.drill, found, args.seat or "alternate", args.seed)
    side = args.seat or ("0" if found.game.id.startswith("ball_") else "alternate")
    return Programme(found.game, found.agent, found.opponents, found.labels, side, args.seed, thinking=args.thoughts)


def _recorded(args: argparse.Namespace) -> Programme:
    """Raises agents.artifact.CorruptArtifact for a file that is no record of a game."""
    given = [f"--{name}" for name in ("agent", "opponent", "seat", "drill") if getattr(args, name)] + args.settings
    if given:
        raise UserError(f"{given[0]}: {args.what} already says who plays", ExitCode.USAGE)
    from agents.records import read_record
    from envs.game import with_settings

    record = read_record(Path(args.what), args.game)
    game = record.game
    if "statistics" in game.settings:
        game = with_settings(game, {"statistics": True})  # to be seen, however it was played: counting changes nothing
    return Programme(game, None, [], [*record.team_names()], "0", 0, record=record)


def _rehearse(programme: Programme) -> None:
    """A moment of a game unseen, so that nothing is compiled or loaded while somebody watches."""
    print(f"{programme.game.id}: preparing (new rules are compiled once, which takes some seconds)", flush=True)
    for match in programme.rehearsals():
        for frame in match.frames():
            if match.moves == 3:  # each side has moved
                match.picture(frame, (160, 120))
                break


def _record(programme: Programme, args: argparse.Namespace) -> None:
    from envs.render import FRAMES_PER_SECOND, picture_size
    from experiments.recording import GIF_FRAMES_PER_SECOND, film_kind, write_film

    gif = film_kind(args.record) == ".gif"
    rate = GIF_FRAMES_PER_SECOND if gif else FRAMES_PER_SECOND
    size = args.size or picture_size(programme.game, GIF_WIDTH if gif else None)
    seconds = args.seconds or (GIF_SECONDS if gif and not args.games else None)
    games = args.games or (None if args.seconds else 1)
    wanted = None if seconds is None else max(1, round(seconds * rate / args.speed))
    began = said = time.monotonic()

    def pictures() -> Iterator["np.ndarray"]:
        nonlocal said
        frames = _sampled(_telling(programme, games), args.speed * FRAMES_PER_SECOND / rate)
        for count, (match, frame) in enumerate(itertools.islice(frames, wanted), 1):
            yield match.picture(frame, size, programme.score(match))
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                goal = f" of {wanted}" if wanted and games is None else ""
                print(f"{args.record}: {count}{goal} frames, {programme.line}", flush=True)

    count = write_film(args.record, pictures(), rate)
    kilobytes = args.record.stat().st_size / 1024
    print(
        f"{args.record}: {count} frames, {count / rate:.1f} s at {rate} a second, {size[0]}x{size[1]}, "
        f"{kilobytes:,.0f} kB, made in {time.monotonic() - began:.1f} s"
    )


def _telling(programme: Programme, games: int | None) -> Iterator[tuple["Match", "Frame"]]:
    """Game after game, frame by frame."""
    while games is None or programme.number < games:
        match = programme.match()
        for frame in match.frames():
            yield match, frame
        programme.finish(match)


def _sampled(frames: Iterator[tuple["Match", "Frame"]], every: float) -> Iterator[tuple["Match", "Frame"]]:
    """Each `every`-th of them; below 1 they are repeated."""
    due = 0.0
    for i, item in enumerate(frames):
        while due < i + 1:
            yield item
            due += every


def _window(programme: Programme, args: argparse.Namespace) -> None:
    with open_window(programme.game, CONTROLS, args.size, WITHOUT_DISPLAY) as window:
        print(f"{programme.game.id}: {programme.line}; Q or closing the window ends it", flush=True)
        Viewing(programme, window, args.speed).run(args.games, args.seconds)


class Viewing:
    """The programme in a window: what is on now, and what the viewer asked for."""

    def __init__(self, programme: Programme, window, speed: float = 1.0):
        self.programme, self.window, self.speed = programme, window, speed
        self.playing, self.ended = True, False
        self.shown = 0  # frames of game time so far
        self._due = 0.0
        self._picture: np.ndarray | None = None  # of the frame, until that changes
        self.restart()

    def run(self, games: int | None = None, seconds: float | None = None) -> None:
        """Until the viewer quits, or so many games or seconds of game time have been shown."""
        from envs.render import FRAMES_PER_SECOND

        limit = None if seconds is None else seconds * FRAMES_PER_SECOND
        passed = 1.0
        while not self.ended:
            for event in self.window.events():
                if isinstance(event, Command):
                    self.obey(event.name)
            if self.playing:
                self._due += self.speed * passed
                while self._due >= 1 and not self.ended:
                    self._due -= 1
                    self.advance()
                    spent = limit is not None and self.shown >= limit
                    self.ended = self.ended or spent or (games is not None and self.programme.number >= games)
            self.draw()
            passed = self.window.wait()

    def obey(self, command: str) -> None:
        if command == "quit":
            self.ended = True
        elif command == "pause":
            self.playing = not self.playing
        elif command == "step":
            self.playing = False
            self.step()
        elif command in ("slower", "faster"):
            others = [s for s in SPEEDS if (s < self.speed if command == "slower" else s > self.speed)]
            if others:
                self.speed = max(others) if command == "slower" else min(others)
        elif command == "thoughts":
            self.programme.thinking = self.match.thinking = not self.programme.thinking
            self._picture = None
        elif command == "restart":
            self.restart()
        elif command == "next":
            self.programme.next_opponent()
            self.restart()

    def restart(self) -> None:
        """The game of the programme, from its start."""
        self.match = self.programme.match()
        self._frames = self.match.frames()
        self.frame = next(self._frames)
        self._picture = None

    def advance(self) -> None:
        """One frame on, into the next game where one ends."""
        frame = next(self._frames, None)
        if frame is None:
            self.programme.finish(self.match)
            self.restart()
        else:
            self.frame = frame
            self._picture = None
        self.shown += 1

    def step(self) -> None:
        """To the end of the move that is being made, or of the next one, with a stop at what is thought of it; from the
        end of a game to the next game."""
        if self.frame.over:
            self.programme.finish(self.match)
            self.restart()
            return
        match, target, thinking = self.match, self.match.moves + self.frame.settled, self.frame.thinking
        while self.match is match and not (self.frame.over or (self.match.moves >= target and self.frame.settled)):
            self.advance()
            if self.frame.thinking and not thinking:
                break

    def draw(self) -> None:
        size = self.window.picture_size
        if self._picture is None or self._picture.shape[1::-1] != size:
            self._picture = self.match.picture(self.frame, size, self.programme.score(self.match))
        thinks = self.match.can_think
        pressed = (("pause", not self.playing), ("thoughts", thinks and self.programme.thinking))
        active = frozenset(name for name, on in pressed if on)
        idle = frozenset() if thinks else frozenset({"thoughts"})
        self.window.show(self._picture, Status(self.programme.line, gauge=f"{self.speed:g}x", active=active, idle=idle))


if __name__ == "__main__":
    run_command(main)
