"""Generalised advantage estimation along each seat's own steps.

Schulman et al., "High-dimensional continuous control using generalized advantage estimation" (2016), equation 16. In a
game with turns a seat's next step is not the next row in time: what happens in between (the other's winning move) is
paid to the seat's last step, and its value is linked to its own next turn. Letters: T time, B games, P seats.
"""

import numpy as np
from numba import njit

from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code


@njit(cache=True)
def advantages_simultaneous(
    rewards, values, last_values, terminated, truncated, final_values, gamma, gae_lambda, out_advantages, out_targets
):  # fmt: skip
    """Every seat acts at every step.

    rewards, values [T, B, P] float32; last_values [B, P], of the observations after the last step; terminated,
    truncated [T, B] bool; final_values [T, B, P], of a truncated game's last observation (0: not bootstrapped).
    Writes advantages and value targets [T, B, P] float32.
    """
    steps, games, players = rewards.shape
    for b in range(games):
        for p in range(players):
            next_value = last_values[b, p]
            next_advantage = np.float32(0)
            for t in range(steps - 1, -1, -1):
                if terminated[t, b]:
                    next_value = np.float32(0)
                    next_advantage = np.float32(0)
                elif truncated[t, b]:
                    next_value = final_values[t, b, p]
                    next_advantage = np.float32(0)
                delta = rewards[t, b, p] + gamma * next_value - values[t, b, p]
                next_advantage = np.float32(delta + gamma * gae_lambda * next_advantage)
                next_value = values[t, b, p]
                out_advantages[t, b, p] = next_advantage
                out_targets[t, b, p] = next_advantage + next_value


@njit(cache=True)
def advantages_sequential(
    rewards, values, players, teams, last_values, last_players, terminated, truncated, final_values, gamma, gae_lambda,
    out_advantages, out_targets,
):  # fmt: skip
    """One seat acts at each step, players [T, B] int8; teams [P].

    rewards [T, B, P] float32; values [T, B] of the seat that acted; last_values, last_players [B] of the seat to move
    after the last step; final_values [T, B, P]. A seat whose next turn lies beyond the rollout is bootstrapped from the
    value of whoever moves next, with the sign of its team (two teams, zero-sum). Writes [T, B] float32.
    """
    steps, games, seats = rewards.shape
    next_value = np.empty(seats, np.float32)
    next_advantage = np.empty(seats, np.float32)
    paid = np.empty(seats, np.float32)  # what a seat got since its last step
    for b in range(games):
        for p in range(seats):
            same = teams[p] == teams[last_players[b]]
            next_value[p] = last_values[b] if same else -last_values[b]
            next_advantage[p] = 0
            paid[p] = 0
        for t in range(steps - 1, -1, -1):
            if terminated[t, b] or truncated[t, b]:
                for p in range(seats):
                    next_value[p] = final_values[t, b, p] if truncated[t, b] else np.float32(0)
                    next_advantage[p] = 0
                    paid[p] = 0
            for p in range(seats):
                paid[p] += rewards[t, b, p]
            mover = players[t, b]
            delta = paid[mover] + gamma * next_value[mover] - values[t, b]
            next_advantage[mover] = np.float32(delta + gamma * gae_lambda * next_advantage[mover])
            next_value[mover] = values[t, b]
            paid[mover] = 0
            out_advantages[t, b] = next_advantage[mover]
            out_targets[t, b] = next_advantage[mover] + next_value[mover]
