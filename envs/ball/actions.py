"""What an action means, in the three controls of the ball game; each is ids of its own.

ball_2v2              Discrete(18): a = 9 kick + direction; direction 0 none, then 45° steps counter-clockwise from the
                      seat's own forward axis
                          4 3 2        left
                          5 . 1          . forward       (team 1's is rotated by 180°)
                          6 7 8        right
ball_2v2_continuous   three numbers in [-1, 1]: force forward and to the left (cut to the unit disc), a kick if the last
                      is > 0
ball_2v2_heading      Discrete(18): a = 9 kick + 3 turn + thrust; turn 0 none, 1 left, 2 right; thrust 0 none, 1 along
                      the heading, 2 against it. A decision turns a player by `turn_rate` x `decision_interval` at
                      its start (45°); then it runs along its heading, and its kick goes along it, too, if the ball
                      lies within `kick_cone` of it

What a seat asks for is an intent of three numbers, which may reach its body later (`action_delay`): the force (forward,
left) or (thrust, turn), and whether to kick.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from envs.ball.compiled import compiled

COMPASS_CONTROL, CONTINUOUS, HEADING = 0, 1, 2
SUFFIXES = ("", "_continuous", "_heading")  # of the ids, by control
CONTINUOUS_SHAPE = (3,)
DIRECTIONS = 9
NUM_ACTIONS = 2 * DIRECTIONS
_DIAGONAL = math.sqrt(0.5)
COMPASS = np.array([
    (0.0, 0.0), (1.0, 0.0), (_DIAGONAL, _DIAGONAL), (0.0, 1.0), (-_DIAGONAL, _DIAGONAL),
    (-1.0, 0.0), (-_DIAGONAL, -_DIAGONAL), (0.0, -1.0), (_DIAGONAL, -_DIAGONAL),
])  # fmt: skip # [9, 2] unit vectors of the directions, in the seat's own frame
DIRECTION_NAMES = (
    "stand", "forward", "forward-left", "left", "back-left", "back", "back-right", "right", "forward-right",
)  # fmt: skip
SIGNS = np.array([0.0, 1.0, -1.0])  # of thrust and turn
TURN_NAMES, THRUST_NAMES = ("", "turn left", "turn right"), ("", "thrust", "reverse")


def game_id(team_size: int, control: int) -> str:
    return f"ball_{team_size}v{team_size}{SUFFIXES[control]}"


def control_of(state: np.void) -> int:
    """The control of a State's game, from the name that makes its dtype its own; compiled, a constant."""
    return _control(state.dtype.names or ())


def _control(names) -> int:
    for control in (CONTINUOUS, HEADING):
        if any(name.startswith("ball_") and name.endswith(SUFFIXES[control]) for name in names):
            return control
    return COMPASS_CONTROL


@overload(control_of, inline="always")
def _(state):
    if isinstance(state, types.Record):
        control = _control(state.fields)
        return lambda state: control


@compiled
def take_actions(state, actions):
    """Every seat's action becomes what its body does in this decision, or in one `action_delay` later."""
    world = state.world
    for seat in range(state.kick_asked.shape[0]):
        first, second, kick = intent(state, actions, seat)
        delay = world.action_delay[seat]
        if delay > 0:
            queue = state.delayed[seat]
            oldest_first, oldest_second, oldest_kick = queue[0, 0], queue[0, 1], queue[0, 2]
            for i in range(1, delay):
                queue[i - 1, 0], queue[i - 1, 1], queue[i - 1, 2] = queue[i, 0], queue[i, 1], queue[i, 2]
            queue[delay - 1, 0], queue[delay - 1, 1], queue[delay - 1, 2] = first, second, kick
            first, second, kick = oldest_first, oldest_second, oldest_kick
        forward = 1.0 if seat < state.kick_asked.shape[0] // 2 else -1.0
        push = forward * world.drive[seat]
        if control_of(state) == HEADING:
            state.heading[seat] += second * world.turn
            push *= first
            first, second = math.cos(state.heading[seat]), math.sin(state.heading[seat])
        state.drive[seat, 0] = push * first
        state.drive[seat, 1] = push * second
        state.kick_asked[seat] = kick > 0


@compiled
def intent(state, actions, seat):
    """The action of a seat as (forward, left, kick), or (thrust, turn, kick) where players have headings."""
    if actions.ndim == 2:  # known while it compiles: only one of the branches is kept
        x, y, kick = float(actions[seat, 0]), float(actions[seat, 1]), float(actions[seat, 2])
        length = math.sqrt(x * x + y * y)
        scale = 1.0 / length if length > 1.0 else 1.0
        return x * scale, y * scale, (1.0 if kick > 0 else 0.0)
    else:
        kicks = actions[seat] >= DIRECTIONS
        direction = actions[seat] - DIRECTIONS if kicks else actions[seat]
        kick = 1.0 if kicks else 0.0
        if control_of(state) == HEADING:
            return SIGNS[direction % 3], SIGNS[direction // 3], kick
        return COMPASS[direction, 0], COMPASS[direction, 1], kick


def action_to_string(state: np.void, action) -> str:
    control = control_of(state)
    if control == CONTINUOUS:
        forward, left, kick = (float(value) for value in action)
        return f"force ({forward:+.2f}, {left:+.2f})" + (" + kick" if kick > 0 else "")
    kick, direction = divmod(int(action), DIRECTIONS)
    if control == HEADING:
        parts = [TURN_NAMES[direction // 3], THRUST_NAMES[direction % 3]]
        text = ", ".join(part for part in parts if part) or "stand"
    else:
        text = DIRECTION_NAMES[direction]
    return text + (" + kick" if kick else "")
