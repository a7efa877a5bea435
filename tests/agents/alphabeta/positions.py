"""Positions to search: random games stopped at random plies, through the verbs."""

import numpy as np

from envs.game import Game, init, is_terminal, is_truncated, legal_action_mask, step


def random_positions(game: Game, count: int, seed: int) -> np.ndarray:
    """States [count] in which somebody is to move, after random moves, half as many as the longest game at most."""
    rng = np.random.default_rng(seed)
    states = game.new_states(count, rng.integers(1, 2**63, count, np.uint64))
    for b in range(count):
        init(states[b])
        for _ in range(rng.integers(game.max_steps // 2 + 1)):
            after = states[b : b + 1].copy()
            step(after[0], int(rng.choice(legal_actions(game, after[0]))))
            if is_terminal(after[0]) or is_truncated(after[0]):
                break
            states[b] = after[0]
    return states


def legal_actions(game: Game, state: np.void) -> list[int]:
    mask = np.zeros(game.num_actions, np.bool_)
    legal_action_mask(state, int(state["current_player"]), mask)
    return np.flatnonzero(mask).tolist()
