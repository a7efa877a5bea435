"""The ball game, k against k: `ball_1v1`, `ball_2v2`, `ball_3v3`. Rigid discs push and kick a ball into a goal.

The pitch, its axes, the bodies and every setting with its unit: pitch.py. What is seen: observation.py.

Action a     9 kick + direction, 18 in all, for every seat at once: actions int32 [P]
                 direction 0 none, then 45° steps counter-clockwise from the seat's own forward axis
                     3 2         left          4 3 2
                     | /                       5 . 1  forward       (team 1's is rotated by 180°)
                     . - 1                     6 7 8
                 a kick fires in the first physics step of the decision with the ball in reach and the cooldown over
Decision     begin_decision, `world.physics_steps` times physics_step, end_decision: `step` is these, and a renderer
             that calls them draws every physics step through the same rules
Ends         training: a goal terminates. Both modes: the time limit truncates. A match kicks off again after a goal
Rewards      +1 for each player of the team that scored, -1 for the others, own goals alike; under
             `human_knowledge: ball_progress` also c (gamma Φ' - Φ), Φ = the ball's x in the own frame / (L/2), Φ' = 0
             after a goal: potential-based shaping (Ng, Harada and Russell 1999), zero-sum like the goals
"""

import math
from functools import partial

import numpy as np

from envs.ball.compiled import compiled
from envs.ball.observation import CLIP, observation_size, observe
from envs.ball.physics import advance
from envs.ball.pitch import MATCH, TEAM_SIZES, configure, derive_world, schema, state_dtype
from envs.ball.placement import anchor_ball, free_ball, kick_off, place_at_random
from envs.game import Dynamics, Game, register

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


@compiled
def init(state):
    derive_world(state)
    state.drive[:] = 0.0
    state.kick_asked[:] = 0
    state.clock = 0
    state.decision = 0
    state.goal = -1
    state.score[:] = 0
    state.own_goals[:] = 0
    state.ball_resets = 0
    state.payoff = 0.0
    if state.settings.mode == MATCH:
        kick_off(state)
    else:
        place_at_random(state)
    state.potential = _potential(state)


@compiled
def step(state, actions):
    begin_decision(state, actions)
    advance(state, state.world.physics_steps)
    end_decision(state)


@compiled
def begin_decision(state, actions):
    """Take every seat's action; no time passes."""
    players = state.kick_asked.shape[0]
    state.goal = -1
    state.potential = _potential(state)
    for seat in range(players):
        kick = actions[seat] >= DIRECTIONS
        direction = actions[seat] - DIRECTIONS if kick else actions[seat]
        push = state.world.drive[seat] if seat < players // 2 else -state.world.drive[seat]
        state.drive[seat, 0] = push * COMPASS[direction, 0]
        state.drive[seat, 1] = push * COMPASS[direction, 1]
        state.kick_asked[seat] = kick


@compiled
def physics_step(state):
    """One physics step of the decision; nothing moves any more once a goal has fallen in it."""
    advance(state, 1)


@compiled
def end_decision(state):
    """Count the decision, the goal or the stuck ball, and what it all paid."""
    state.decision += 1
    state.payoff = 0.0
    if state.goal >= 0:
        state.payoff = 1.0 if state.goal == 0 else -1.0
        state.score[state.goal] += 1
        if state.last_touch_team == 1 - state.goal:
            state.own_goals[state.last_touch_team] += 1
        if state.settings.mode == MATCH:
            kick_off(state)
    else:
        _watch_ball(state)
    if state.settings.human_knowledge != 0:
        after = 0.0 if state.goal >= 0 else _potential(state)
        gain = state.settings.ball_progress_gamma * after - state.potential
        state.payoff += state.settings.ball_progress_weight * gain


@compiled
def _watch_ball(state):
    """A ball that has not left the surroundings of its anchor for too long is freed."""
    ball = state.position.shape[0] - 1
    x, y = state.position[ball, 0] - state.stuck_anchor[0], state.position[ball, 1] - state.stuck_anchor[1]
    if x * x + y * y >= state.settings.stuck_distance * state.settings.stuck_distance:
        anchor_ball(state)
        return
    state.stuck_since += 1
    if state.stuck_since >= state.world.stuck_decisions:
        free_ball(state)


@compiled
def _potential(state):
    """Φ of team 0, from -1 on its own goal line to 1 on the other; team 1's is the opposite."""
    return state.position[state.position.shape[0] - 1, 0] / state.world.half_length


@compiled
def legal_action_mask(state, player, out):
    out[:] = True


@compiled
def is_terminal(state):
    return state.goal >= 0 and state.settings.mode != MATCH


@compiled
def is_truncated(state):
    return state.decision >= state.world.max_decisions


@compiled
def rewards(state, out):
    players = state.kick_asked.shape[0]
    for seat in range(players):
        out[seat] = state.payoff if seat < players // 2 else -state.payoff


def action_to_string(state: np.void, action: int) -> str:
    kick, direction = divmod(int(action), DIRECTIONS)
    return DIRECTION_NAMES[direction] + (" + kick" if kick else "")


def state_to_string(state: np.void) -> str:
    """Time, score, then a line for the ball and each player: position in m, velocity in m/s."""
    ball = len(state["position"]) - 1
    seconds = state["decision"] * state["settings"]["decision_interval"]
    lines = [f"{seconds:.1f} s, score {state['score'][0]}:{state['score'][1]}"]
    for i in (ball, *range(ball)):
        name = "ball" if i == ball else f"seat {i} (team {i // (ball // 2)})"
        (x, y), (vx, vy) = state["position"][i], state["velocity"][i]
        wait = 0 if i == ball else state["kick_ready_at"][i] - state["clock"]
        ready = "" if i == ball else ", kick ready" if wait <= 0 else f", kick in {wait * state['world']['dt']:.2f} s"
        lines.append(f"{name:<15} at ({x:+6.2f}, {y:+6.2f}) moving ({vx:+6.2f}, {vy:+6.2f}){ready}")
    return "\n".join(lines)


BALL_GAMES = tuple(
    register(
        Game(f"ball_{k}v{k}", state_dtype(k), Dynamics.SIMULTANEOUS, num_players=2 * k, teams=(0,) * k + (1,) * k,
             num_actions=NUM_ACTIONS, observation_shape=(observation_size(k),), observation_dtype=np.dtype(np.float32),
             observation_range=(-CLIP, CLIP), max_steps=0, action_to_string=action_to_string,
             state_to_string=state_to_string, schema=schema(k)),
        configure=partial(configure, k), init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)
    for k in TEAM_SIZES
)  # fmt: skip
