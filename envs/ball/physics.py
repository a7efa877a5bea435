"""The physics of the ball game, in steps of `world.dt` seconds (0.02 by default).

A physics step   1. kicks fire   2. running, drag and rolling change velocities, speeds are capped (motion.py)
                 3. bodies that meet on the way (contacts.py) exchange impulses (solver.py), everything moves
                 4. the ball's centre across the line between the posts is a goal, judged where it crosses
"""

import numpy as np

from envs.ball.compiled import compiled
from envs.ball.contacts import find_contacts, may_touch
from envs.ball.motion import accelerate, fire_kicks, kicks_fire
from envs.ball.solver import crosses_line, move_through_contacts
from envs.ball.stack_array import stack_array


@compiled
def advance(state, count):
    """Play `count` physics steps, or fewer: none follows a goal."""
    position, velocity, dt = state.position, state.velocity, state.world.dt
    ball = position.shape[0] - 1
    bodies = stack_array(state, 2, np.int64)
    contacts = stack_array(state, 5, np.float64)
    for _ in range(count):
        if state.goal >= 0:
            return
        state.clock += 1
        if kicks_fire(state):
            fire_kicks(state)
        accelerate(state)
        num_contacts = find_contacts(state, bodies, contacts) if may_touch(state) else 0
        if num_contacts > 0:
            move_through_contacts(state, bodies, contacts, num_contacts)
            continue
        x, y = position[ball, 0], position[ball, 1]
        for i in range(ball + 1):
            position[i, 0] += velocity[i, 0] * dt
            position[i, 1] += velocity[i, 1] * dt
        crosses_line(state, x, y)
