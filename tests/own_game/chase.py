"""Chase: k against k point the way to a ball that jumps about; the team with more right answers is paid. For tests of
networks that play any team size: `observation: entities` has a row for each thing, as the ball games have.

Pitch        a square with sides `length`, the origin in the middle; every decision all are put somewhere else
Action a     0 right, 1 up, 2 left, 3 down: right is the axis along which the ball is farther away, and its side
Observation  entities [2k + 1, 7]: me: own position 2, 0, 0, 1, time left, 0; then ball, team-mates, opponents: position
             - mine 2, 0, 0, kind 3. vector [7 (2k + 1)]: the same numbers
Rewards      (right answers of the own team - those of the other) / k, after each of 4 decisions
"""

from functools import partial
from typing import Any

import numpy as np
from numba import njit

from envs.game import Dynamics, Game, Setting, register, settings_dtype
from envs.random_stream import uniform

DECISIONS = 4


def schema(team_size: int) -> tuple[Setting, ...]:
    return (
        Setting("length", 4.0 * team_size, 1.0, 100.0),
        Setting("scale", 1.0, 0.1, 10.0, description="of what is seen"),
        Setting("observation", "vector", choices=("vector", "entities")),
    )


def state_dtype(team_size: int) -> np.dtype:
    return np.dtype([
        ("rng", np.uint64),
        ("settings", settings_dtype(schema(team_size))),
        ("position", np.float64, (2 * team_size + 1, 2)),  # seats, then the ball
        ("decision", np.int8),
        ("payoff", np.float64),  # of team 0
        (f"chase_{team_size}v{team_size}", np.int8),
    ], align=True)  # fmt: skip


@njit(cache=True)
def _place(state):
    for body in range(state.position.shape[0]):
        for axis in range(2):
            state.position[body, axis] = (uniform(state) - 0.5) * state.settings.length


@njit(cache=True)
def init(state):
    state.decision = 0
    state.payoff = 0.0
    _place(state)


@njit(cache=True)
def step(state, actions):
    players = actions.shape[0]
    state.payoff = 0.0
    for seat in range(players):
        x = state.position[players, 0] - state.position[seat, 0]
        y = state.position[players, 1] - state.position[seat, 1]
        wanted = (0 if x > 0 else 2) if abs(x) > abs(y) else (1 if y > 0 else 3)
        if actions[seat] == wanted:
            state.payoff += (1.0 if seat < players // 2 else -1.0) / (players // 2)
    state.decision += 1
    _place(state)


@njit(cache=True)
def legal_action_mask(state, player, out):
    out[:] = True


@njit(cache=True)
def observe(state, player, out):
    rows = out if out.ndim == 2 else out.reshape(state.position.shape[0], 7)
    ball = state.position.shape[0] - 1
    mine = player < ball // 2
    rows[:] = 0
    rows[0, 0], rows[0, 1] = state.position[player, 0] / 10, state.position[player, 1] / 10
    rows[0, 4], rows[0, 5] = 1, 1 - state.decision / DECISIONS
    row = 2
    for turn in range(2):  # team-mates, opponents
        for body in range(ball):
            if body != player and ((body < ball // 2) == mine) == (turn == 0):
                _show(state, player, body, rows[row])
                rows[row, 5 + turn] = 1
                row += 1
    _show(state, player, ball, rows[1])
    rows[1, 4] = 1


@njit(cache=True)
def _show(state, player, body, out):
    for axis in range(2):
        out[axis] = state.settings.scale * (state.position[body, axis] - state.position[player, axis]) / 10


@njit(cache=True)
def is_terminal(state):
    return state.decision == DECISIONS


@njit(cache=True)
def is_truncated(state):
    return False


@njit(cache=True)
def rewards(state, out):
    players = out.shape[0]
    for seat in range(players):
        out[seat] = state.payoff if seat < players // 2 else -state.payoff


def configure(team_size: int, settings: dict[str, Any]) -> dict[str, Any]:
    rows = 2 * team_size + 1
    return {"observation_shape": (rows, 7) if settings["observation"] == "entities" else (7 * rows,)}


def action_to_string(state: np.void, action: int) -> str:
    return ("right", "up", "left", "down")[action]


def state_to_string(state: np.void) -> str:
    return str(np.round(state["position"], 2).tolist())


CHASES = tuple(
    register(
        Game(f"chase_{k}v{k}", state_dtype(k), Dynamics.SIMULTANEOUS, num_players=2 * k, teams=(0,) * k + (1,) * k,
             num_actions=4, observation_shape=(), observation_dtype=np.dtype(np.float32), observation_range=(-400, 400),
             max_steps=DECISIONS, action_to_string=action_to_string, state_to_string=state_to_string, schema=schema(k)),
        configure=partial(configure, k), init=init, step=step, legal_action_mask=legal_action_mask, observe=observe,
        is_terminal=is_terminal, is_truncated=is_truncated, rewards=rewards)
    for k in (1, 2, 3)
)  # fmt: skip
