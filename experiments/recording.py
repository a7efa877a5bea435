"""Games as moving pictures: one match told frame by frame, and frames as files.

match = Match(game, (agent, opponent), seed=0)
for frame in match.frames():                        # 50 a second of game time
    picture = match.picture(frame, size=(960, 600))
write_film(Path("out.mp4"), pictures, frames_per_second=50)      # or out.gif
clip = record_clip(game, (agent, opponent))         # [T, H, W, 3] uint8, for TensorBoard
"""

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from agents.agent import Agent, Forfeit, Thinker
from agents.matches import as_match
from agents.records import Record
from envs.game import Dynamics, Game, init, is_terminal, is_truncated, rewards
from envs.random_stream import seed_streams
from envs.render import FRAMES_PER_SECOND, animate, draw, picture_size, summed_up
from envs.render.thoughts import Thoughts
from experiments.animation import encode_gif
from experiments.errors import ExitCode, UserError

OPENING_SECONDS, ENDING_SECONDS = 0.5, 2.0  # the first and the last picture stand still for so long
SUMMARY_SECONDS = 7.0  # instead, for a last picture with a table to be read
THINKING_SECONDS = 1.2  # that a move's thoughts are seen before it is made
SECONDS_A_MOVE = 0.4  # in a clip of a board game
GIF_FRAMES_PER_SECOND = 25  # what viewers keep up with
GIF_BYTES = 700_000_000  # of pictures; the encoder wants them all at once


@dataclass(frozen=True)
class Frame:
    extras: dict[str, Any]  # for the drawer
    settled: bool  # between two moves, not within one
    over: bool
    thinking: bool = False  # somebody's thoughts of the next move are shown


class Player(Protocol):
    """An agent, or somebody who may want time: `act` gives None until the decision is there."""

    @property
    def name(self) -> str: ...

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray | None: ...

    def reset(self, rows: np.ndarray) -> None: ...


class Match:
    """One game, one player a team, as it is played. `state` is changed by going on in `frames`.

    An agent that forfeits (agents.agent.Forfeit) has lost, and the game is over as it stands.
    With a `record` its actions are played again, and nobody else is asked. Where `thinking` is on, which may change on
    the way, agents that can tell (Thinker) are asked what they think, it is seen for a moment before each of their
    moves, and the picture has a panel for it; the game that is played is the same."""

    def __init__(
        self, game: Game, players: Sequence[Player], seed: int, names: Sequence[str] | None = None,
        record: Record | None = None, thinking: bool = False,
    ):  # fmt: skip
        if record is None and len(players) != len(set(game.teams)):
            raise ValueError(f"{game.id} has {len(set(game.teams))} teams; got {len(players)} players")
        self.game, self.players, self.seed, self.record = game, players, seed, record
        self.names = tuple(names or (player.name for player in players))
        self.stream = int(seed_streams(seed, 1)[0]) if record is None else record.stream
        self.state = game.new_states(1, np.array([self.stream], np.uint64))[0]
        self.actions: list[np.ndarray] = []  # of the moves begun so far: int32 [] or [P], or float32 [P, N]
        self.movers: list[int] = []  # the team of each, in a game with turns
        self.returns = np.zeros(game.num_players, np.float32)  # [P] rewards so far
        self.thinking = thinking
        self.thoughts: Thoughts | None = None  # the last that were told
        self.forfeit = ""  # why a team gave up
        self._rng = np.random.default_rng(seed)
        self._animation = animate(game)
        self._drawn: tuple[tuple[Any, ...], np.ndarray] | None = None  # what the last picture was drawn from, and it
        self._seats = [np.flatnonzero(np.array(game.teams) == team) for team in sorted(set(game.teams))]
        init(self.state)
        self._animation.begin(self.state)
        for player, seats in zip(players, self._seats, strict=record is None):
            player.reset(np.arange(len(seats)))

    @property
    def moves(self) -> int:
        """Begun so far."""
        return len(self.actions)

    def catch_up(self, actions: Sequence[np.ndarray]) -> None:
        """Play these first moves unseen."""
        for action in actions:
            for _ in self._play(action):
                pass

    def frames(self) -> Iterator[Frame]:
        """The whole game, FRAMES_PER_SECOND of them a second; draw each before asking for the next."""
        if not self.actions:
            yield from [Frame(self._animation.still, True, False)] * _frames(OPENING_SECONDS)
        while not self.ended:
            before = self.thoughts
            actions = self._choose()
            if actions is None:
                yield Frame(self._animation.still, True, False)
                continue
            if self.thoughts not in (None, before):
                yield from [Frame(self._animation.still, True, False, True)] * _frames(THINKING_SECONDS)
            for moment in self._play(actions):
                yield Frame(moment, moment is self._animation.still, False)
        lasts = SUMMARY_SECONDS if summed_up(self.game, self.state) else ENDING_SECONDS
        yield from [Frame(self._animation.still, True, True)] * _frames(lasts)

    @property
    def ended(self) -> bool:
        """Over, or at the end of a record that was broken off."""
        return self.over or (self.record is not None and self.moves == len(self.record.actions))

    @property
    def can_think(self) -> bool:
        """Whether there are thoughts to be shown."""
        return self.game.dynamics is Dynamics.SEQUENTIAL and any(isinstance(who, Thinker) for who in self.players)

    @property
    def over(self) -> bool:
        return bool(self.forfeit or is_terminal(self.state) or is_truncated(self.state))

    def team_return(self, team: int) -> float:
        """What a seat of the team has been paid so far: above 0 if it is winning."""
        return float(self.returns[self._seats[team][0]])

    def picture(
        self, frame: Frame, size: tuple[int, int], score: tuple[int, ...] | None = None, **marks: Any
    ) -> np.ndarray:
        """[height, width, 3] uint8; `score` is of the games before this one, `marks` are for the drawer."""
        if self.thinking and self.can_think:
            marks |= {"panel": True, "thoughts": self.thoughts}
        drawn_from = (size, score, marks)
        if self._drawn is None or self._drawn[0][0] is not frame.extras or self._drawn[0][1] != drawn_from:
            extras = {"names": self.names, "score": score, **frame.extras, **marks}
            self._drawn = ((frame.extras, drawn_from), draw(self.game, self.state, size=size, **extras))
        return self._drawn[1]

    def _play(self, actions: np.ndarray) -> Iterator[dict[str, Any]]:
        """One move, picture by picture."""
        self.actions.append(np.array(actions, self.game.action_dtype))
        if self.game.dynamics is Dynamics.SEQUENTIAL:
            self.movers.append(self.game.teams[int(self.state["current_player"])])
        yield from self._animation.play(self.state, actions)
        paid = np.zeros_like(self.returns)
        rewards(self.state, paid)
        self.returns += paid

    def _choose(self) -> np.ndarray | None:
        """The mover's action, or those of all seats where all move at once; None while somebody thinks, or gives up."""
        if self.record is not None:
            return self.record.actions[self.moves]
        if self.game.dynamics is Dynamics.SEQUENTIAL:
            seat = int(self.state["current_player"])
            chosen = self._ask(self.game.teams[seat], np.array([seat]))
            return None if chosen is None else chosen[0]
        actions = np.zeros((self.game.num_players, *self.game.action_shape), self.game.action_dtype)
        for team, seats in enumerate(self._seats):
            chosen = self._ask(team, seats)
            if chosen is None:
                return None
            actions[seats] = chosen
        return actions

    def _ask(self, team: int, seats: np.ndarray) -> np.ndarray | None:
        states = np.repeat(self.state.reshape(1), len(seats))
        player = self.players[team]
        if not self.thinking:
            self.thoughts = None  # of a position long gone, when it is turned on again
        try:
            if self.thinking and self.game.dynamics is Dynamics.SEQUENTIAL and isinstance(player, Thinker):
                self.thoughts = player.think(self.state, self._rng)
                return np.array([self.thoughts.action], np.int32)
            return player.act(states, seats, self._rng)
        except Forfeit as forfeit:
            self.forfeit = f"{self.names[team]} {forfeit}"
            paid = self.game.largest_reward
            self.returns[:] = np.where(np.array(self.game.teams) == team, -paid, paid)
            return None


def _frames(seconds: float) -> int:
    return round(seconds * FRAMES_PER_SECOND)


def record_clip(
    game: Game, agents_by_team: Sequence[Agent], seconds: float = 8.0, seed: int = 0, width: int = 320, fps: int = 10,
    names: Sequence[str] | None = None,
) -> np.ndarray:  # fmt: skip
    """The first `seconds` of one match, [T, H, W, 3] uint8, T <= seconds * fps. A ball game is shown as a match.

    Board games show one picture a move, all of the game where it fits in at 0.1 s a move or slower."""
    match, size = Match(as_match(game), agents_by_team, seed, names), picture_size(game, width)
    if game.dynamics is Dynamics.SIMULTANEOUS:
        every = max(1, round(FRAMES_PER_SECOND / fps))
        frames = itertools.islice(match.frames(), 0, _frames(seconds), every)
        return np.stack([match.picture(frame, size) for frame in frames])
    moves, pictures = -1, []
    for frame in match.frames():
        if frame.settled and match.moves > moves:
            moves = match.moves
            pictures.append(match.picture(frame, size))
    room = max(1, round(seconds * fps))
    pictures = pictures[:room]
    hold = max(1, min(round(SECONDS_A_MOVE * fps), room // len(pictures)))
    return np.repeat(np.stack(pictures), hold, axis=0)


def write_film(path: Path, pictures: Iterable[np.ndarray], frames_per_second: float) -> int:
    """Write pictures [H, W, 3] uint8 to an .mp4 or .gif; returns how many. The file appears when it is whole."""
    write = {".mp4": _write_mp4, ".gif": _write_gif}[film_kind(path)]
    hidden = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = write(hidden, pictures, frames_per_second)
        hidden.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}", ExitCode.ENVIRONMENT) from None
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink(missing_ok=True)
    return count


def film_kind(path: Path) -> str:
    """ ".mp4" or ".gif", or a UserError."""
    if path.suffix.lower() not in (".mp4", ".gif"):
        raise UserError(f"--record {path}: the name must end in .mp4 or .gif", ExitCode.USAGE)
    return path.suffix.lower()


def _write_mp4(path: Path, pictures: Iterable[np.ndarray], frames_per_second: float) -> int:
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise UserError(
            "no ffmpeg for MP4 here: `pip install imageio-ffmpeg`, or record a .gif instead", ExitCode.ENVIRONMENT
        ) from None
    writer, count = None, 0
    try:
        for picture in pictures:
            if writer is None:
                # H.264 in 4:2:0 wants even sides, and every player reads it; quality 0..10.
                writer = imageio_ffmpeg.write_frames(
                    str(path), (picture.shape[1], picture.shape[0]), fps=frames_per_second, codec="libx264",
                    pix_fmt_out="yuv420p", quality=7, macro_block_size=2, ffmpeg_log_level="error",
                    output_params=["-movflags", "+faststart"],
                )  # fmt: skip
                writer.send(None)
            writer.send(np.ascontiguousarray(picture))
            count += 1
    finally:
        if writer is not None:
            writer.close()
    return count


def _write_gif(path: Path, pictures: Iterable[np.ndarray], frames_per_second: float) -> int:
    frames: list[np.ndarray] = []
    for picture in pictures:
        frames.append(picture)
        if len(frames) * picture.nbytes > GIF_BYTES:
            raise UserError(
                f"a GIF so long and large is too much for memory ({len(frames)} frames of "
                f"{picture.shape[1]}x{picture.shape[0]}); record an .mp4, or less with --seconds or --size",
                ExitCode.USAGE,
            )
    path.write_bytes(encode_gif(np.stack(frames), frames_per_second))
    return len(frames)
