"""B games in one compiled call, written once for every game of the contract.

    batch = Batch(make("connect_four"), num_envs=1024, seed=0)
    while True:
        batch.step(batch.random_actions())        # writes batch.observations, .masks, .rewards, .terminated, ...

Letters: B games, P seats, A actions. In a sequential game observations and masks are those of the seat to move; in a
simultaneous one every seat has its own. A single game is a batch of one.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from envs.game import (
    Dynamics,
    Game,
    IllegalAction,
    init,
    is_terminal,
    is_truncated,
    legal_action_mask,
    observe,
    rewards,
    step,
)
from envs.random_moves import begin, draw_action
from envs.random_stream import seed_streams, uniform


class Batch:
    """Owns B games and the arrays that describe them, all reused by every step: copy what you keep.

    states              [B] game.state_dtype
    observations        [B, *shape] of the seat to move, or [B, P, *shape] (simultaneous)
    masks               [B, A] bool, or [B, P, A]; all false where a game is over and stays so
    rewards             [B, P] float32, what the last step paid each seat
    terminated          [B] bool, the rules ended the game in the last step
    truncated           [B] bool, the clock did
    final_observations  [B, P, *shape], of every seat, valid in the rows that ended in the last step

    autoreset           a game that ended starts anew in the same call; without it, it stays over and is passed by,
                        as is every row that the caller marks in `terminated`
    opening_plies       each game begins after 0..opening_plies random legal moves, drawn evenly (sequential games)
    """

    def __init__(self, game: Game, num_envs: int, seed: int = 0, *, autoreset: bool = True, opening_plies: int = 0):
        if num_envs < 1:
            raise ValueError(f"num_envs is {num_envs}; a batch has at least one game")
        if opening_plies and game.dynamics is Dynamics.SIMULTANEOUS:
            raise ValueError(f"{game.id} has no plies; random openings are for games with turns")
        self.game, self.num_envs, self.autoreset, self.opening_plies = game, num_envs, autoreset, opening_plies
        players, sequential = game.num_players, game.dynamics is Dynamics.SEQUENTIAL
        seats = () if sequential else (players,)
        self.states = game.new_states(num_envs, seed_streams(seed, num_envs))
        self.observations = np.zeros((num_envs, *seats, *game.observation_shape), game.observation_dtype)
        self.masks = np.zeros((num_envs, *seats, game.num_actions), np.bool_)
        self.rewards = np.zeros((num_envs, players), np.float32)
        self.terminated = np.zeros(num_envs, np.bool_)
        self.truncated = np.zeros(num_envs, np.bool_)
        self.final_observations = np.zeros((num_envs, players, *game.observation_shape), game.observation_dtype)
        self._actions = np.zeros((num_envs, *seats, *game.action_shape), game.action_dtype)
        self._scratch = np.zeros(game.num_actions, np.bool_)
        self._opening = np.zeros(opening_plies, np.int32)  # room for the moves of one
        self._init, self._refresh, self._step, self._random = (
            (_init_sequential, _refresh_sequential, _step_sequential, _random_sequential)
            if sequential
            else (_init_simultaneous, _refresh_simultaneous, _step_simultaneous, _random_simultaneous)
        )
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Start every game anew; with a seed, from fresh random streams, else the streams go on."""
        if seed is not None:
            self.states["rng"] = seed_streams(seed, self.num_envs)
        self._init(self.states, self._opening, self._scratch)
        self.refresh()

    def restart(self, rows: np.ndarray) -> None:
        """Start these games anew, int [n]; their random streams go on. For games that end without autoreset."""
        arrays = (self.states, self.observations, self.masks, self.terminated, self.truncated)
        states, *described = fresh = [array[rows] for array in arrays]
        self._init(states, self._opening, self._scratch)
        self._refresh(states, *described)
        for array, new in zip(arrays, fresh, strict=True):
            array[rows] = new
        self.rewards[rows] = 0

    def refresh(self) -> None:
        """Recompute everything from `states`, after they were set from outside."""
        self.rewards[:] = 0
        self._refresh(self.states, self.observations, self.masks, self.terminated, self.truncated)

    def step(self, actions: np.ndarray) -> None:
        """Play actions, int32 [B] or [B, P] (simultaneous), or float32 [B, P, N] where an action is N numbers.

        Raises IllegalAction before any game has moved."""
        actions = np.asarray(actions, self._actions.dtype)
        if actions.shape != self._actions.shape:
            raise ValueError(f"actions have shape {actions.shape}; {self.game.id} wants {self._actions.shape}")
        illegal = self._step(
            self.states, actions, self.observations, self.masks, self.rewards, self.terminated, self.truncated,
            self.final_observations, self.autoreset, self._opening, self._scratch,
        )  # fmt: skip
        if illegal >= 0:
            raise illegal_action(self.game, self.states[illegal], self.masks[illegal], actions[illegal], illegal)

    def random_actions(self) -> np.ndarray:
        """Legal actions drawn evenly with each game's own stream, in step's form; 0 where a game is over."""
        if self.game.action_shape:
            over = (self.terminated | self.truncated) & (not self.autoreset)
            _random_continuous(self.states, over, self._actions)
        else:
            self._random(self.states, self.masks, self._actions)
        return self._actions


def illegal_action(game: Game, state: np.void, masks: np.ndarray, actions: np.ndarray, row: int = 0) -> IllegalAction:
    """The error that says which action was illegal where, and what was legal."""
    if game.action_shape:
        wanted = f"{game.action_shape[0]} numbers in [-1, 1]"
        bad = next(action for action in actions if not (np.abs(action) <= 1).all())
        problem = f"{game.id}, game {row}: action {bad.tolist()} is illegal; an action is {wanted}"
        return IllegalAction(f"{problem}\n{game.state_to_string(state)}")
    for mask, action in zip(masks.reshape(-1, game.num_actions), np.atleast_1d(actions), strict=True):
        if not (0 <= action < game.num_actions and mask[action]):
            legal = np.flatnonzero(mask)
            shown = ", ".join(f"{a} ({game.action_to_string(state, int(a))})" for a in legal[:40])
            more = f" and {len(legal) - 40} more" if len(legal) > 40 else ""
            problem = f"{game.id}, game {row}: action {action} is illegal; legal: {shown}{more}"
            return IllegalAction(f"{problem}\n{game.state_to_string(state)}")
    raise AssertionError("every action was legal")


def observe_rows(game: Game, states: np.ndarray, players: np.ndarray) -> np.ndarray:
    """What seat players[b] sees in states[b]: [B, *observation_shape]."""
    out = np.empty((len(states), *game.observation_shape), game.observation_dtype)
    _observe_rows(states, np.asarray(players, np.int64), out)
    return out


def mask_rows(game: Game, states: np.ndarray, players: np.ndarray) -> np.ndarray:
    """What seat players[b] may play in states[b]: [B, A] bool."""
    out = np.empty((len(states), game.num_actions), np.bool_)
    _mask_rows(states, np.asarray(players, np.int64), out)
    return out


@njit(cache=True)
def _observe_rows(states, players, out):
    for b in range(states.shape[0]):
        observe(states[b], players[b], out[b])


@njit(cache=True)
def _mask_rows(states, players, out):
    for b in range(states.shape[0]):
        legal_action_mask(states[b], players[b], out[b])


@njit(cache=True)
def _init_sequential(states, moves, scratch):
    for b in range(states.shape[0]):
        begin(states[b], moves, scratch)


@njit(cache=True)
def _refresh_sequential(states, observations, masks, terminated, truncated):
    for b in range(states.shape[0]):
        state = states[b]
        terminated[b] = is_terminal(state)
        truncated[b] = not terminated[b] and is_truncated(state)
        observe(state, state.current_player, observations[b])
        if terminated[b] or truncated[b]:
            masks[b] = False
        else:
            legal_action_mask(state, state.current_player, masks[b])


@njit(cache=True)
def _step_sequential(
    states, actions, observations, masks, reward, terminated, truncated, final_observations, autoreset, moves, scratch,
):  # fmt: skip
    """One move in every game. Returns the first row with an illegal action, having moved nothing, or -1."""
    for b in range(states.shape[0]):
        over = not autoreset and (terminated[b] or truncated[b])
        if not over and not (0 <= actions[b] < masks.shape[1] and masks[b, actions[b]]):
            return b
    for b in range(states.shape[0]):
        if not autoreset and (terminated[b] or truncated[b]):
            reward[b] = 0
            continue
        state = states[b]
        step(state, actions[b])
        rewards(state, reward[b])
        terminated[b] = is_terminal(state)
        truncated[b] = not terminated[b] and is_truncated(state)
        if terminated[b] or truncated[b]:
            for player in range(final_observations.shape[1]):
                observe(state, player, final_observations[b, player])
            if autoreset:
                begin(state, moves, scratch)
            else:
                observe(state, state.current_player, observations[b])
                masks[b] = False
                continue
        observe(state, state.current_player, observations[b])
        legal_action_mask(state, state.current_player, masks[b])
    return -1


@njit(cache=True)
def _random_sequential(states, masks, out):
    for b in range(states.shape[0]):
        out[b] = draw_action(states[b], masks[b])


@njit(cache=True)
def _init_simultaneous(states, moves, scratch):
    for b in range(states.shape[0]):
        init(states[b])


@njit(cache=True)
def _refresh_simultaneous(states, observations, masks, terminated, truncated):
    for b in range(states.shape[0]):
        state = states[b]
        terminated[b] = is_terminal(state)
        truncated[b] = not terminated[b] and is_truncated(state)
        for player in range(masks.shape[1]):
            observe(state, player, observations[b, player])
            if terminated[b] or truncated[b]:
                masks[b, player] = False
            else:
                legal_action_mask(state, player, masks[b, player])


def _allowed(action, mask):
    """Whether an action may be played: a number by its mask, several numbers if each is one in [-1, 1]."""


@overload(_allowed, inline="always")
def _(action, mask):
    if isinstance(action, types.Array):
        return lambda action, mask: _within(action)
    return lambda action, mask: 0 <= action < mask.shape[0] and mask[action]


@njit(cache=True)
def _within(numbers):
    within = True
    for i in range(numbers.shape[0]):
        within &= -1 <= numbers[i] <= 1  # false for nan
    return within


@njit(cache=True)
def _step_simultaneous(
    states, actions, observations, masks, reward, terminated, truncated, final_observations, autoreset, moves, scratch,
):  # fmt: skip
    """One decision in every game. Returns the first row with an illegal action, having moved nothing, or -1."""
    for b in range(states.shape[0]):
        if not autoreset and (terminated[b] or truncated[b]):
            continue
        for player in range(masks.shape[1]):
            if not _allowed(actions[b, player], masks[b, player]):
                return b
    for b in range(states.shape[0]):
        if not autoreset and (terminated[b] or truncated[b]):
            reward[b] = 0
            continue
        state = states[b]
        step(state, actions[b])
        rewards(state, reward[b])
        terminated[b] = is_terminal(state)
        truncated[b] = not terminated[b] and is_truncated(state)
        over = terminated[b] or truncated[b]
        if over:
            for player in range(final_observations.shape[1]):
                observe(state, player, final_observations[b, player])
            if autoreset:
                init(state)
        for player in range(masks.shape[1]):
            observe(state, player, observations[b, player])
            if over and not autoreset:
                masks[b, player] = False
            else:
                legal_action_mask(state, player, masks[b, player])
    return -1


@njit(cache=True)
def _random_simultaneous(states, masks, out):
    for b in range(states.shape[0]):
        for player in range(masks.shape[1]):
            out[b, player] = draw_action(states[b], masks[b, player])


@njit(cache=True)
def _random_continuous(states, over, out):
    for b in range(states.shape[0]):
        if over[b]:
            out[b] = 0
            continue
        for player in range(out.shape[1]):
            for i in range(out.shape[2]):
                out[b, player, i] = 2 * uniform(states[b]) - 1
