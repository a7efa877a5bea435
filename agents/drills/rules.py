"""What the drills ask for, judged on what happened.

    play = Play.of(states, teams)               # states [T + 1, S] as recorded, teams [S] who was drilled, 0 or 1
    scored(play)                                # [S] bool

Everything is seen from the team that is drilled: it attacks +x, its seats come first. Letters: T decisions, S scenes, P
players, N bodies. Nothing changes any more after a goal. Distances are in the starts' units (starts.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agents.drills.starts import NOBODY, OURS, THEIRS, UNITED_LENGTH, Pitch, in_own_order

THIRD = UNITED_LENGTH / 3
PASS = 2.0  # units that a ball must travel between two team-mates to be a pass
FREE = 1.0  # units between the surfaces of a ball and the opponent who has lost it
CROWD = 3.0  # units from the ball within which one player is enough
SETTLE = 1.0  # s in which a crowd may part
APART = 0.7  # of the time


@dataclass(frozen=True)
class Play:
    position: np.ndarray  # [T + 1, S, N, 2] m
    goal: np.ndarray  # [T + 1, S] OURS, NOBODY, THEIRS: who has scored by then
    touch: np.ndarray  # [T + 1, S] who touched the ball last
    kicked: np.ndarray  # [T + 1, S, P] bool, since the decision before
    pitch: Pitch
    interval: float  # s between decisions

    @classmethod
    def of(cls, states: np.ndarray, teams: np.ndarray) -> "Play":
        position = np.stack([in_own_order(each["position"], teams) for each in states])
        position *= np.where(teams == 1, -1, 1)[:, None, None]
        ready_at = np.stack([in_own_order(each["kick_ready_at"], teams) for each in states])
        kicked = np.zeros(ready_at.shape, np.bool_)
        kicked[1:] = ready_at[1:] != ready_at[:-1]
        interval = float(states["settings"]["decision_interval"].flat[0])
        goal, touch = (_whose(states[name], teams) for name in ("goal", "last_touch_team"))
        return cls(position, goal, touch, kicked, Pitch.of(states[0]), interval)

    @property
    def ball(self) -> np.ndarray:
        """[T + 1, S, 2] m"""
        return self.position[:, :, -1]

    @property
    def from_own_line(self) -> np.ndarray:
        """[T + 1, S] units from the ball's centre to the own goal line."""
        return (self.ball[..., 0] + self.pitch.end) / self.pitch.unit

    @property
    def distance(self) -> np.ndarray:
        """[T + 1, S, P] m between the centres of each player and the ball."""
        return np.linalg.norm(self.position[:, :, :-1] - self.ball[:, :, None], axis=-1)

    @property
    def own(self) -> int:
        """k, the players of a side."""
        return self.kicked.shape[2] // 2


Rule = Callable[[Play], np.ndarray]


def _whose(team: np.ndarray, drilled: np.ndarray) -> np.ndarray:
    return np.where(team < 0, NOBODY, np.where(team == drilled, OURS, THEIRS))


def scored(play: Play) -> np.ndarray:
    return (play.goal == OURS).any(axis=0)


def conceded(play: Play) -> np.ndarray:
    return (play.goal == THEIRS).any(axis=0)


def not_conceded(play: Play) -> np.ndarray:
    return ~conceded(play)


def scored_after_a_pass(play: Play) -> np.ndarray:
    return scored(play) & passed(play)


def passed(play: Play) -> np.ndarray:
    """[S] whether a player kicked the ball and a team-mate was the next to have it, PASS further on.

    Whoever has the ball in kicking reach at a decision, or has kicked it since the last, has it.
    """
    has = (play.distance <= play.pitch.reach[:, None]) | play.kicked
    moments, scenes, _ = has.shape
    every = np.arange(scenes)
    done = np.zeros(scenes, np.bool_)
    kicker = np.full(scenes, -1)  # of the team, whose kick is on its way; -1: nobody's
    origin = np.zeros((scenes, 2))
    for t in range(1, moments):
        ours, theirs = has[t, :, : play.own].any(axis=1), has[t, :, play.own :].any(axis=1)
        far = np.linalg.norm(play.ball[t] - origin, axis=1) >= PASS * play.pitch.unit
        done |= (kicker >= 0) & ours & ~has[t, every, kicker] & ~theirs & far
        kicker[ours | theirs] = -1
        kicks = play.kicked[t, :, : play.own]
        one = kicks.sum(axis=1) == 1
        kicker[one] = kicks.argmax(axis=1)[one]
        origin[one] = play.ball[t - 1][one]
    return done


def intercepted(play: Play) -> np.ndarray:
    """[S] whether the own team touched the ball before it came within reach of the receiver's place, beyond the pass's
    own side."""
    across = np.sign(play.ball[1, :, 1] - play.ball[0, :, 1])
    arrived = play.ball[..., 1] * across >= play.pitch.receiver - play.pitch.reach
    return _before(play.touch == OURS, arrived)


def tackled(play: Play) -> np.ndarray:
    """[S] whether the ball, touched last by the own team, got free of every opponent before a goal fell."""
    gap = play.distance[:, :, play.own :].min(axis=2) - play.pitch.touch
    return _before((play.touch == OURS) & (gap >= FREE * play.pitch.unit), play.goal == THEIRS)


def cleared(play: Play) -> np.ndarray:
    """[S] whether the ball, touched last by the own team, left the own third before a goal fell."""
    return _before((play.touch == OURS) & (play.from_own_line >= THIRD), play.goal == THEIRS)


def scored_apart(play: Play) -> np.ndarray:
    """[S] whether the own team scored while, most of the time, no more than one of its players was at the ball."""
    second = np.sort(play.distance[:, :, : play.own], axis=2)[:, :, 1]
    apart = second >= CROWD * play.pitch.unit
    counted = np.zeros(apart.shape, np.bool_)
    counted[round(SETTLE / play.interval) :] = True
    counted[1:] &= play.goal[:-1] == NOBODY  # the play is over
    share = (apart & counted).sum(axis=0) / np.maximum(1, counted.sum(axis=0))
    return scored(play) & (share >= APART)


def ahead(play: Play) -> np.ndarray:
    """[S] whether the own team scored, or the ball lies in the other half at the end without a goal."""
    return scored(play) | (~conceded(play) & (play.ball[-1, :, 0] > 0))


def _before(wanted: np.ndarray, dreaded: np.ndarray) -> np.ndarray:
    """[T + 1, S] each -> [S] whether the first came about, and before the second."""
    never = len(wanted)
    first, second = (np.where(each.any(axis=0), each.argmax(axis=0), never) for each in (wanted, dreaded))
    return first < second
