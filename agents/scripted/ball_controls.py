"""From what a scripted player wants to an action, in each of the ball games' controls (envs/ball/actions.py).

An intent is the way to run, a vector in the seat's own frame (of length 0: stand), and whether to kick the ball along
the line from the player to it. Where `runs` [B] is false a player stands, whatever the intent.

compass      the nearest of eight directions
continuous   full force along the way
heading      turns towards the way, runs once it faces it within 60°, backwards where that is nearer; to kick it must
             face the ball: a kick goes along the heading
"""

import math

import numpy as np
from numba import njit

from envs.ball.actions import DIRECTIONS

OCTANT = math.pi / 4
RUNS_WITHIN = math.pi / 3  # of the heading
KICKS_WITHIN = math.radians(25.0)  # of the line to the ball, after the turn
FORWARDS, BACKWARDS = 1, 2  # thrust
TURN_LEFT, TURN_RIGHT = 3, 6  # added to the thrust


@njit(cache=True)
def compass_actions(states, players, intents, runs, actions):
    """actions [B] int32"""
    for i in range(intents.shape[0]):
        x, y, kick = intents[i].run[0], intents[i].run[1], intents[i].kick
        direction = 0
        if runs[i] and (x != 0 or y != 0):
            direction = 1 + round(math.atan2(y, x) / OCTANT) % 8
        actions[i] = direction + (DIRECTIONS if kick else 0)


@njit(cache=True)
def continuous_actions(states, players, intents, runs, actions):
    """actions [B, 3] float32"""
    for i in range(intents.shape[0]):
        x, y, kick = intents[i].run[0], intents[i].run[1], intents[i].kick
        length = math.hypot(x, y)
        # a rounding below 1, for float32 must not exceed it
        scale = (1.0 - 1e-6) / length if length > 0 and runs[i] else 0.0
        actions[i, 0], actions[i, 1] = np.float32(x * scale), np.float32(y * scale)
        actions[i, 2] = np.float32(1.0 if kick else -1.0)


@njit(cache=True)
def heading_actions(states, players, intents, runs, actions):
    """actions [B] int32"""
    for i in range(intents.shape[0]):
        state, player, kick = states[i], players[i], intents[i].kick
        x, y = intents[i].run[0], intents[i].run[1]
        ball = state.kick_asked.shape[0]
        if kick:
            forward = 1.0 if player < ball // 2 else -1.0
            x = forward * (state.position[ball, 0] - state.position[player, 0])
            y = forward * (state.position[ball, 1] - state.position[player, 1])
        if x == 0 and y == 0:
            actions[i] = 0
            continue
        off = _half_turn(math.atan2(y, x) - state.heading[player])
        turn = 0
        if off > 0.5 * state.world.turn:
            turn, off = TURN_LEFT, off - state.world.turn
        elif off < -0.5 * state.world.turn:
            turn, off = TURN_RIGHT, off + state.world.turn
        thrust = 0
        if runs[i]:
            thrust = FORWARDS if abs(off) < RUNS_WITHIN else BACKWARDS if abs(off) > math.pi - RUNS_WITHIN else 0
        actions[i] = turn + thrust + (DIRECTIONS if kick and abs(off) < KICKS_WITHIN else 0)


@njit(cache=True)
def _half_turn(angle):
    """The same angle within [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi


CONTROLS = (compass_actions, continuous_actions, heading_actions)  # by envs.ball.actions' number of the control
