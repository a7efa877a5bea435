"""The ball game, k against k: `ball_1v1` to `ball_11v11`. Rigid discs push and kick a ball into a goal.

The pitch, its axes and the bodies: pitch.py. Settings with units and bounds: settings.py. What an action means, and the
variants `ball_2v2_continuous` and `ball_2v2_heading`: actions.py. What is seen: observation.py.

Actions      for every seat at once: int32 [P], or float32 [P, 3] where they are continuous. A kick fires in the first
             physics step of the decision with the ball in reach and the cooldown over
Decision     begin_decision, `world.physics_steps` times physics_step, end_decision: `step` is these, and a renderer
             that calls them draws every physics step through the same rules
Ends         training: a goal terminates. Both modes: the time limit truncates. A match kicks off again after a goal
Rewards      +1 for each player of the team that scored, -1 for the others, own goals alike; under
             `human_knowledge: ball_progress` also c (gamma Φ' - Φ), Φ = the ball's x in the own frame / (L/2), Φ' = 0
             after a goal: potential-based shaping (Ng, Harada and Russell 1999), zero-sum like the goals
"""

from functools import partial

import numpy as np

from envs.ball.actions import (
    CONTINUOUS,
    CONTINUOUS_SHAPE,
    NUM_ACTIONS,
    SUFFIXES,
    action_to_string,
    game_id,
    take_actions,
)
from envs.ball.compiled import compiled
from envs.ball.observation import CLIP, observe
from envs.ball.physics import advance
from envs.ball.pitch import TEAM_SIZES, derive_world, state_dtype
from envs.ball.placement import anchor_ball, free_ball, kick_off, place_at_random
from envs.ball.randomisation import draw_episode, draw_noise, push_players
from envs.ball.settings import MATCH, configure, schema
from envs.ball.statistics import begin_count, count_decision
from envs.game import Dynamics, Game, register


@compiled
def init(state):
    draw_episode(state)
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
    draw_noise(state)
    if state.settings.statistics:
        begin_count(state)


@compiled
def step(state, actions):
    begin_decision(state, actions)
    advance(state, state.world.physics_steps)
    end_decision(state)


@compiled
def begin_decision(state, actions):
    """Take every seat's action; no time passes."""
    state.goal = -1
    state.potential = _potential(state)
    if state.world.noisy:
        push_players(state)
    take_actions(state, actions)


@compiled
def physics_step(state):
    """One physics step of the decision; nothing moves any more once a goal has fallen in it."""
    advance(state, 1)


@compiled
def end_decision(state):
    """Count the decision, the goal or the stuck ball, and what it all paid."""
    state.decision += 1
    state.payoff = 0.0
    if state.settings.statistics:
        count_decision(state)
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
    draw_noise(state)


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


def _game(team_size: int, control: int) -> Game:
    settings = schema(team_size, control)
    continuous = control == CONTINUOUS
    return register(
        Game(game_id(team_size, control), state_dtype(team_size, control), Dynamics.SIMULTANEOUS,
             num_players=2 * team_size, teams=(0,) * team_size + (1,) * team_size,
             num_actions=0 if continuous else NUM_ACTIONS, action_shape=CONTINUOUS_SHAPE if continuous else (),
             observation_shape=(), observation_dtype=np.dtype(np.float32), observation_range=(-CLIP, CLIP),
             max_steps=0, action_to_string=action_to_string, state_to_string=state_to_string, schema=settings),
        configure=partial(configure, team_size, control), init=init, step=step, legal_action_mask=legal_action_mask,
        observe=observe, is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)  # fmt: skip


BALL_GAMES = tuple(_game(team_size, control) for control in range(len(SUFFIXES)) for team_size in TEAM_SIZES)
