"""How the drills start: where everybody and the ball are and how they move, drawn anew for each seed.

A scene is drawn in the frame of the team that is drilled: it attacks +x, its own net is at -x. Places are in units from
a goal line or from the centre: a unit is a metre, less on a pitch smaller than 16 m x 10 m, never more. So a shot that
carries there carries on a large pitch, too, and a time limit in seconds asks for the same everywhere. Players that a
drill does not need are parked in the corners of the end where nothing happens.

    place(start, game, states, teams, rng)  # into states that Batch has initialised; 0 or 1 in teams is who is drilled

Letters: S scenes, k players a side. A body is [S, 4]: x, y in m, vx, vy in m/s.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.ball.settings import START_GAP
from envs.batch import Batch
from envs.game import Game, with_settings

UNITED_LENGTH, UNITED_WIDTH = 16.0, 10.0  # m, the least pitch on which a unit is a metre
DRAWS = 200  # of the scenes that do not fit, before there is said to be no room
OURS, NOBODY, THEIRS = 1, 0, -1
OUR_END, THEIR_END = -1, 1  # of the pitch, as the sign of x
RECEIVER = 4.2  # units


@dataclass(frozen=True)
class Pitch:
    """What scenes are drawn on and judged by, [S] each, m."""

    end: np.ndarray  # half the length
    side: np.ndarray  # half the width
    mouth: np.ndarray  # half the goal
    post: np.ndarray  # radius
    player: np.ndarray  # radius
    ball: np.ndarray  # radius
    reach: np.ndarray  # of a kick, between centres
    unit: np.ndarray

    @classmethod
    def of(cls, states: np.ndarray) -> "Pitch":
        world = states["world"]
        end, side, radius = world["half_length"], world["half_width"], world["radius"]
        unit = np.minimum(1.0, np.minimum(2 * end / UNITED_LENGTH, 2 * side / UNITED_WIDTH))
        return cls(
            end, side, world["half_goal"], world["post_radius"], radius[:, :-1].max(axis=1), radius[:, -1],
            np.sqrt(world["kick_reach"]), unit,
        )  # fmt: skip

    @property
    def touch(self) -> np.ndarray:
        """[S] m between the centres of a player and a ball that touch."""
        return self.player + self.ball

    @property
    def player_room(self) -> np.ndarray:
        """[S] m from an end of the pitch to the centre of a player who starts there; as far from a side is enough."""
        return self.player + self.post + START_GAP

    @property
    def ball_room(self) -> np.ndarray:
        return self.ball + self.post + START_GAP

    @property
    def receiver(self) -> np.ndarray:
        """[S] m from the middle line of the pitch to whom a pass across it goes (intercept)."""
        return np.minimum(RECEIVER * self.unit, self.side - self.player_room)


@dataclass
class Scene:
    """One drawing for each seed. Who is not needed is parked at the end `away`, OUR_END or THEIR_END."""

    ball: np.ndarray  # [S, 4]
    own: list[np.ndarray]
    opponents: list[np.ndarray]
    away: int
    last_touch: int = NOBODY


class Pencil:
    """Draws numbers in units, and places relative to each other."""

    def __init__(self, game: Game, pitch: Pitch, rng: np.random.Generator):
        self.game, self.pitch, self.rng = game, pitch, rng
        self.scenes = len(pitch.unit)

    def between(self, low: float, high: float) -> np.ndarray:
        """[S] m, evenly between so many units."""
        return self.number(low, high) * self.pitch.unit

    def number(self, low: float, high: float) -> np.ndarray:
        return self.rng.uniform(low, high, self.scenes)

    def side(self) -> np.ndarray:
        """[S] 1 (left) or -1, each as likely."""
        return self.rng.choice((-1.0, 1.0), self.scenes)

    def behind(self, ball: np.ndarray, target: np.ndarray, gap: tuple[float, float], off: float) -> np.ndarray:
        """[S, 4] a player at rest behind the ball, so many units between surfaces, seen from the target (x, y), up to
        `off` radians beside that line."""
        x, y = ball[:, 0] - target[:, 0], ball[:, 1] - target[:, 1]
        angle = np.arctan2(y, x) + self.number(-off, off)
        distance = self.pitch.touch + self.between(*gap)
        return body(ball[:, 0] + distance * np.cos(angle), ball[:, 1] + distance * np.sin(angle))

    def before(self, ball: np.ndarray, target: np.ndarray, distance: tuple[float, float]) -> np.ndarray:
        """[S, 4] a player at rest on the way from the ball to the target, so many units from the ball's centre."""
        away = target[:, :2] - ball[:, :2]
        way = away / np.linalg.norm(away, axis=1, keepdims=True)
        place = ball[:, :2] + way * self.between(*distance)[:, None]
        return body(place[:, 0], place[:, 1])

    @property
    def their_goal(self) -> np.ndarray:
        return body(self.pitch.end, 0)

    @property
    def our_goal(self) -> np.ndarray:
        return body(-self.pitch.end, 0)

    def goalie(self, ball: np.ndarray) -> np.ndarray:
        """[S, 4] an opponent in the mouth, on the line from the ball to the middle of the goal, more or less."""
        x = self.pitch.end - self.pitch.player_room - self.between(0, 0.4)
        share = (self.pitch.end - x) / (self.pitch.end - ball[:, 0])
        return body(x, share * ball[:, 1] + self.between(-0.2, 0.2))


def body(x, y, vx=0.0, vy=0.0) -> np.ndarray:
    """[S, 4]"""
    return np.stack(np.broadcast_arrays(np.asarray(x, np.float64), y, vx, vy), axis=1)


Start = Callable[[Pencil], Scene]


def empty_goal(draw: Pencil) -> Scene:
    ball = body(draw.pitch.end - draw.between(4, 6), draw.between(-2.5, 2.5))
    return Scene(ball, [draw.behind(ball, draw.their_goal, (1, 2), 1.2)], [], away=OUR_END)


def run_to_score(draw: Pencil) -> Scene:
    ball = body(draw.pitch.end - draw.between(7, 9), draw.between(-3, 3))
    runner = body(ball[:, 0] - draw.between(2, 4), ball[:, 1] + draw.between(-2.5, 2.5))
    return Scene(ball, [runner], [], away=OUR_END)


def still_goalie(draw: Pencil) -> Scene:
    ball = body(draw.pitch.end - draw.between(4, 5.5), draw.between(-1.5, 1.5))
    striker = draw.behind(ball, draw.their_goal, (1, 2), 0.8)
    return Scene(ball, [striker], [draw.goalie(ball)], away=OUR_END)


def pass_and_shoot(draw: Pencil) -> Scene:
    side = draw.side()
    ball = body(draw.pitch.end - draw.between(6, 7.5), side * draw.between(1.5, 2.5))
    shooter = body(draw.pitch.end - draw.between(4, 6), -side * draw.between(1.5, 2.5))
    passer = draw.behind(ball, shooter, (0.3, 0.7), 0.4)
    return Scene(ball, [passer, shooter], [draw.before(ball, draw.their_goal, (2, 2.8))], away=OUR_END)


def three_against_keeper(draw: Pencil) -> Scene:
    ball = body(draw.pitch.end - draw.between(5.5, 6.5), draw.between(-0.5, 0.5))
    middle = draw.behind(ball, draw.their_goal, (0.3, 0.7), 0.3)
    left, right = (body(draw.pitch.end - draw.between(4.5, 5.5), side * draw.between(2.5, 3.5)) for side in (1, -1))
    defender = draw.before(ball, draw.their_goal, (2, 2.8))
    return Scene(ball, [middle, left, right], [draw.goalie(ball), defender], away=OUR_END)


def intercept(draw: Pencil) -> Scene:
    side, x = draw.side(), draw.between(-2, 2)
    passer = body(x, -side * draw.pitch.receiver)
    off = draw.pitch.touch + draw.between(0.2, 0.4)
    ball = body(x, -side * (draw.pitch.receiver - off), 0, side * draw.between(7, 8))
    cutter = body(x - draw.between(2, 3), side * draw.between(0, 1.5))
    return Scene(ball, [cutter], [passer], away=OUR_END, last_touch=THEIRS)


def tackle(draw: Pencil) -> Scene:
    ball = body(-draw.pitch.end + draw.between(7, 8.5), draw.between(-1.5, 1.5), -draw.between(2, 3))
    dribbler = draw.behind(ball, draw.our_goal, (0.1, 0.2), 0.2)
    dribbler[:, 2] = ball[:, 2]
    tackler = body(-draw.pitch.end + draw.between(4, 5.5), ball[:, 1] + draw.side() * draw.between(1.8, 3))
    return Scene(ball, [tackler], [dribbler], away=THEIR_END, last_touch=THEIRS)


def clear(draw: Pencil) -> Scene:
    line = -draw.pitch.end
    ball = body(line + draw.pitch.ball_room + draw.between(0.2, 1), draw.number(-0.7, 0.7) * draw.pitch.mouth)
    defender = body(
        line + draw.pitch.player_room + draw.between(0, 1), ball[:, 1] + draw.side() * draw.between(1.3, 2.2)
    )
    attacker = body(line + draw.between(5, 6.5), draw.between(-2.5, 2.5))
    return Scene(ball, [defender], [attacker], away=THEIR_END)


def own_net(draw: Pencil) -> Scene:
    ball = body(-draw.pitch.end + draw.between(2, 3.2), draw.number(-0.8, 0.8) * draw.pitch.mouth)
    runner = draw.behind(ball, draw.our_goal, (0.3, 0.9), 0.4)
    runner[:, 2] = -draw.between(1.5, 2.5)
    return Scene(ball, [runner], [], away=THEIR_END)


AIM = 0.7  # of half the mouth: where the chaser aims, at most
MOUTH = 2.5  # units, half of one: in a wider mouth nobody gets across in time


def goalie_angle(draw: Pencil) -> Scene:
    side = draw.side()
    ball = body(-draw.pitch.end + draw.between(4, 5), side * draw.between(2, 3.2))
    near = AIM * draw.pitch.mouth
    shooter = draw.behind(ball, body(-draw.pitch.end, np.clip(ball[:, 1], -near, near)), (0.8, 1.5), 0.2)
    mouth = np.minimum(draw.pitch.mouth, MOUTH * draw.pitch.unit)
    goalie = body(
        -draw.pitch.end + draw.pitch.player_room + draw.between(0, 0.3), -side * draw.number(0.5, 0.85) * mouth
    )
    return Scene(ball, [goalie], [shooter], away=THEIR_END)


def spacing(draw: Pencil) -> Scene:
    ball = body(draw.pitch.end - draw.between(7, 8), draw.between(-1, 1))
    pair = [draw.behind(ball, draw.their_goal, (1.5, 2.5), 1.2) for _ in range(2)]
    return Scene(ball, pair, [], away=OUR_END)


def kick_off(draw: Pencil) -> Scene:
    """As matches begin."""
    match = with_settings(draw.game, {"mode": "match"})
    states = Batch(match, draw.scenes, int(draw.rng.integers(2**63))).states
    bodies = np.concatenate([states["position"], states["velocity"]], axis=2).swapaxes(0, 1)
    size = len(bodies) // 2
    return Scene(bodies[-1], [*bodies[:size]], [*bodies[size:-1]], away=OUR_END)


class NoRoom(Exception):
    """The pitch is too small for a scene."""


def place(start: Start, game: Game, states: np.ndarray, teams: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a scene into each of the states [S], which Batch has initialised; teams [S] says who is drilled, 0 or 1.

    Raises NoRoom where the pitch has none for the scene.
    """
    pitch = Pitch.of(states)
    draw = Pencil(game, pitch, rng)
    bodies, last_touch = _bodies(start, draw)
    for _ in range(DRAWS):
        wrong = ~fits(bodies, pitch)
        if not wrong.any():
            break
        bodies[wrong] = _bodies(start, draw)[0][wrong]
    else:
        raise NoRoom
    # which of the team's seats does what is drawn, too: nobody is measured by a favourite seat
    size = bodies.shape[1] // 2
    order = rng.permuted(np.tile(np.arange(size), (len(states), 1)), axis=1)
    bodies[:, :size] = np.take_along_axis(bodies[:, :size], order[:, :, None], axis=1)
    write(states, bodies, teams, last_touch)


def write(states: np.ndarray, bodies: np.ndarray, teams: np.ndarray, last_touch: int = NOBODY) -> None:
    """Put bodies [S, N, 4], in the frame of the team that is drilled, own seats first, into states [S]."""
    turned = np.where(teams[:, None, None] == 1, -in_own_order(bodies, teams), bodies)
    states["position"], states["velocity"] = turned[..., :2], turned[..., 2:]
    states["stuck_anchor"] = turned[:, -1, :2]
    states["last_touch_team"] = {NOBODY: -1, OURS: teams, THEIRS: 1 - teams}[last_touch]


def in_own_order(by_seat: np.ndarray, teams: np.ndarray) -> np.ndarray:
    """[S, P or N, ...] by seat -> own seats first, or back: swaps the teams where the drilled one is team 1."""
    swapped = np.arange(by_seat.shape[1])
    size = len(swapped) // 2
    swapped[: 2 * size] = np.roll(swapped[: 2 * size], size)
    other = (teams == 1).reshape(-1, *[1] * (by_seat.ndim - 1))
    return np.where(other, by_seat[:, swapped], by_seat)


def _bodies(start: Start, draw: Pencil) -> tuple[np.ndarray, int]:
    """[S, N, 4] a drawing with everybody in it, and who touched the ball last."""
    scene, pitch, size = start(draw), draw.pitch, draw.game.num_players // 2
    room = pitch.player + START_GAP
    teams = []
    for team, side in ((scene.own, 1), (scene.opponents, -1)):
        corner = scene.away * (pitch.end - room - pitch.post), side * (pitch.side - room)
        parked = [body(corner[0] - scene.away * i * (2 * room), corner[1]) for i in range(size - len(team))]
        teams += [*team, *parked]
    return np.stack([*teams, scene.ball], axis=1), scene.last_touch


def fits(bodies: np.ndarray, pitch: Pitch) -> np.ndarray:
    """[S] whether no two bodies are nearer than START_GAP, and none so near to a wall, a post or a mouth."""
    radius = np.repeat(pitch.player[:, None], bodies.shape[1], axis=1)
    radius[:, -1] = pitch.ball
    x, y = bodies[..., 0], bodies[..., 1]
    inside = np.abs(x) <= (pitch.end - pitch.post - START_GAP)[:, None] - radius + 1e-9
    inside &= np.abs(y) <= (pitch.side - START_GAP)[:, None] - radius + 1e-9
    gaps = np.hypot(x[:, :, None] - x[:, None], y[:, :, None] - y[:, None]) - radius[:, :, None] - radius[:, None]
    first, second = np.triu_indices(bodies.shape[1], 1)
    return inside.all(axis=1) & (gaps[:, first, second] >= START_GAP - 1e-9).all(axis=1)
