"""A player for every game with turns: takes a win, avoids moves after which the opponent wins at once, else random.

It looks one move ahead for itself and one for the opponent, on copies of the State, through the game's own rules. So a
threat is blocked as a matter of course: whatever does not block it lets the opponent win.
"""

import numpy as np
from numba import njit

from agents.agent import evenly
from envs.batch import mask_rows
from envs.game import Dynamics, Game, is_terminal, is_truncated, legal_action_mask, rewards, step

RULED_OUT, UNSAFE, SAFE, WINS = 0, 1, 2, 3  # what an action is worth; one of the best worth is drawn


class OnePlyAgent:
    """Draws evenly among winning moves; without any among safe ones; without any among all legal moves."""

    name = "one_ply"

    def __init__(self, game: Game):
        if game.dynamics is not Dynamics.SEQUENTIAL:
            raise ValueError(f"one_ply plays games with turns, not {game.id}")
        if game.hidden_information:
            raise ValueError(f"one_ply would see what {game.id} hides; use random")
        self.game = game

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        uniforms = rng.random(len(states))
        return _choose(self.grade(states, players), uniforms)

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        grades = self.grade(states, players)
        return evenly(grades == grades.max(axis=1, keepdims=True))

    def grade(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        """int8 [B, A]: RULED_OUT (illegal), UNSAFE (it loses, or the opponent can win at once), SAFE or WINS."""
        grades = mask_rows(self.game, states, players).astype(np.int8)
        replies = np.zeros(self.game.num_actions, np.bool_)
        paid = np.zeros(self.game.num_players, np.float32)
        _grade(
            np.ascontiguousarray(states),
            np.asarray(players, np.int64),
            np.empty(2, states.dtype),
            replies,
            paid,
            grades,
        )
        return grades

    def reset(self, rows: np.ndarray) -> None:
        pass


@njit(cache=True)
def _grade(states, players, copies, replies, paid, grades):
    """copies [2] hold the position after a move and after the reply; replies [A] bool and paid [P] are scratch."""
    for b in range(states.shape[0]):
        player = players[b]
        won = False
        for action in range(grades.shape[1]):
            if grades[b, action] == RULED_OUT:
                continue
            copies[0] = states[b]
            step(copies[0], np.int32(action))
            rewards(copies[0], paid)
            if paid[player] > 0:
                grades[b, action] = WINS
                won = True
            elif won or paid[player] < 0:
                continue  # a win is at hand, so the rest no longer matters; or the move itself loses
            elif not _can_win(copies, player, replies, paid):
                grades[b, action] = SAFE


@njit(cache=True)
def _can_win(copies, player, replies, paid):
    """Whether an opponent of `player` is to move in copies[0] and wins with that move."""
    state = copies[0]
    if is_terminal(state) or is_truncated(state) or state.current_player == player:
        return False
    mover = state.current_player
    legal_action_mask(state, mover, replies)
    for reply in range(replies.shape[0]):
        if replies[reply]:
            copies[1] = state
            step(copies[1], np.int32(reply))
            rewards(copies[1], paid)
            if paid[mover] > 0:
                return True
    return False


@njit(cache=True)
def _choose(grades, uniforms):
    """int32 [B]: one of the actions of the highest grade, drawn with uniforms [B] in [0, 1)."""
    actions = np.zeros(grades.shape[0], np.int32)
    for b in range(grades.shape[0]):
        best, count = np.int8(0), 0
        for action in range(grades.shape[1]):
            if grades[b, action] > best:
                best, count = grades[b, action], 0
            count += grades[b, action] == best
        left = int(uniforms[b] * count)
        for action in range(grades.shape[1]):
            if grades[b, action] == best:
                if left == 0:
                    actions[b] = action
                    break
                left -= 1
    return actions
