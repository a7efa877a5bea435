"""One seat learns, the other seats are played by callables: the games as Gymnasium environments, single and vector.

    import gymnasium
    env = gymnasium.make("envs:bitterball/connect_four-v0", opponents=agent.act, seat=0)
    envs = gymnasium.make_vec("envs:bitterball/ball_1v1-v0", num_envs=1024)

An opponent is a callable `(states [B], players [B], rng) -> actions [B]`, the signature of `Agent.act`, that remembers
nothing between calls; one for all seats, or a dict from seat to callable. Seats without one play random legal moves.
`seat` is the learner's, or None: drawn anew for each game. `info` holds

    action_mask     [A] int8, 1 where the learner may play; all 0 when the game is over (not where an action is numbers)
    seat            the learner's in this game
    illegal_action  the learner's action was not legal, and cost the game: reward -largest_reward, terminated

Letters: B games, P seats, A actions.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from envs import make
from envs.batch import Batch
from envs.game import Dynamics, Game

Opponent = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
Opponents = Opponent | Mapping[int, Opponent] | None
RENDER_MODES = ["rgb_array", "ansi"]
BEGIN_TRIES = 100  # games in a row that opponents may end before the learner's first turn


def observation_space(game: Game) -> spaces.Box:
    """What one seat sees."""
    low, high = game.observation_range
    return spaces.Box(low, high, game.observation_shape, game.observation_dtype.type)


def action_space(game: Game) -> spaces.Space:
    """What one seat may do: Discrete, or numbers in [-1, 1]."""
    if game.action_shape:
        return spaces.Box(-1, 1, game.action_shape, np.float32)
    return spaces.Discrete(game.num_actions)


def clipped(game: Game, numbers: Any) -> np.ndarray:
    """An action of numbers, float32 [N], cut to [-1, 1]: what a Gaussian policy samples may lie outside.

    Raises ValueError for another shape or for what is no number."""
    action = np.asarray(numbers, np.float32)
    if action.shape != game.action_shape or np.isnan(action).any():
        raise ValueError(f"an action of {game.id} is {game.action_shape[0]} numbers in [-1, 1], not {numbers!r}")
    return action.clip(-1, 1)


def check_render_mode(mode: str | None) -> str | None:
    """The mode, or ValueError."""
    if mode is not None and mode not in RENDER_MODES:
        raise ValueError(f"render_mode is {mode!r}; it must be None or one of {', '.join(RENDER_MODES)}")
    return mode


def render_state(game: Game, state: np.void, mode: str | None) -> Any:
    """The position as [H, W, 3] uint8 ("rgb_array") or text ("ansi"); None, with a warning, without a mode."""
    if mode == "ansi":
        return game.state_to_string(state)
    if mode == "rgb_array":
        from envs.render import draw

        return draw(game, state)
    gymnasium.logger.warn("render() was called, but the environment was made without render_mode")
    return None


class _Games:
    """B games with one learner's seat each. Both faces are this, with one game or with many.

    seats    [B] int64, the learner's
    rewards  [B] float64, paid to the learner and not yet taken
    illegal  [B] bool, the learner's last action was not legal
    """

    def __init__(self, game: Game, count: int, opponents: Opponents, seat: int | None, opening_plies: int):
        if seat is not None and not 0 <= seat < game.num_players:
            raise ValueError(f"seat is {seat}; {game.id} has seats 0 to {game.num_players - 1}, or None to draw one")
        everyone = dict.fromkeys(range(game.num_players), opponents) if callable(opponents) else dict(opponents or {})
        if unknown := set(everyone) - set(range(game.num_players)):
            raise ValueError(f"opponents has seat {unknown.pop()}; {game.id} has seats 0 to {game.num_players - 1}")
        self.callables = list({id(opponent): opponent for opponent in everyone.values()}.values())
        self.callable_of = np.full(game.num_players, -1)  # [P] index into callables, -1 plays at random
        for place, opponent in everyone.items():
            self.callable_of[place] = next(i for i, known in enumerate(self.callables) if known is opponent)
        self.game, self.seat = game, seat
        self.sequential = game.dynamics is Dynamics.SEQUENTIAL
        entropy = np.random.SeedSequence().entropy
        self.batch = Batch(game, count, entropy, autoreset=False, opening_plies=opening_plies)  # type: ignore[arg-type]
        self.rows = np.arange(count)
        self.seats = np.zeros(count, np.int64)
        self.rewards = np.zeros(count)
        self.illegal = np.zeros(count, np.bool_)

    @property
    def over(self) -> np.ndarray:
        """[B] bool."""
        return self.batch.terminated | self.batch.truncated

    def observations(self) -> np.ndarray:
        """What the learner sees, [B, *shape], a copy; the last position where the game is over."""
        batch = self.batch
        seen = batch.observations.copy() if self.sequential else batch.observations[self.rows, self.seats]
        over = np.flatnonzero(self.over)
        if len(over):
            seen[over] = batch.final_observations[over, self.seats[over]]
        return seen

    def masks(self) -> np.ndarray:
        """What the learner may play, [B, A] int8, a copy; all 0 where the game is over."""
        masks = self.batch.masks.copy() if self.sequential else self.batch.masks[self.rows, self.seats]
        return masks.view(np.int8)

    def take_rewards(self) -> np.ndarray:
        """[B] float64, what the learner was paid since the last call."""
        taken, self.rewards = self.rewards, np.zeros(len(self.rows))
        return taken

    def begin(self, rows: np.ndarray, rng: np.random.Generator) -> None:
        """New games in these rows, up to the learner's first turn."""
        for _ in range(BEGIN_TRIES):
            self.batch.restart(rows)
            self.rewards[rows] = 0
            self.seats[rows] = rng.integers(self.game.num_players, size=len(rows)) if self.seat is None else self.seat
            self._reply(rng)
            rows = rows[self.over[rows]]
            if not len(rows):
                return
        raise RuntimeError(f"{self.game.id} ended {BEGIN_TRIES} times before seat {self.seat} had a turn")

    def play(self, actions: np.ndarray, rng: np.random.Generator) -> None:
        """The learner's actions [B] or [B, N], and everyone else's up to the learner's next turn; what is over is
        passed by."""
        batch, over = self.batch, self.over
        if self.game.action_shape:
            self.illegal[:] = False
            self._play_at_once(actions, rng)
            return
        masks = batch.masks if self.sequential else batch.masks[self.rows, self.seats]
        known = (actions >= 0) & (actions < self.game.num_actions)
        actions = np.where(known, actions, 0)
        self.illegal = ~over & ~(known & masks[self.rows, actions])
        if self.illegal.any():
            lost = np.flatnonzero(self.illegal)
            batch.final_observations[lost, self.seats[lost]] = self.observations()[lost]
            batch.terminated[lost], batch.masks[lost] = True, False
            self.rewards[lost] = -self.game.largest_reward
        if self.sequential:
            self._move(actions, self.over)
            self._reply(rng)
        else:
            self._play_at_once(actions, rng)

    def _play_at_once(self, actions: np.ndarray, rng: np.random.Generator) -> None:
        moves = self._choose(~self.over, rng)
        moves[self.rows, self.seats] = actions
        self._move(moves, self.over)

    def _move(self, actions: np.ndarray, waiting: np.ndarray) -> None:
        """One step of the games that are not waiting [B]."""
        batch = self.batch
        terminated = batch.terminated.copy()
        batch.terminated |= waiting  # rows marked so are passed by
        batch.step(actions)
        batch.terminated[waiting] = terminated[waiting]
        self.rewards += batch.rewards[self.rows, self.seats]

    def _reply(self, rng: np.random.Generator) -> None:
        """The others' moves in games with turns, until each game waits for the learner or is over."""
        while self.sequential:
            waiting = self.over | (self.batch.states["current_player"] == self.seats)
            if waiting.all():
                return
            self._move(self._choose(~waiting, rng), waiting)

    def _choose(self, asked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Actions, [B] of the seats to move, or [B, P], from the opponents in the games asked [B]."""
        batch = self.batch
        actions = batch.random_actions()
        if not self.callables:
            return actions
        if self.sequential:
            rows = np.flatnonzero(asked)
            players = batch.states["current_player"][rows].astype(np.int64)
        else:
            others = np.arange(self.game.num_players) != self.seats[:, None]
            rows, players = np.nonzero(others & asked[:, None])
        for number, opponent in enumerate(self.callables):
            mine = self.callable_of[players] == number
            if mine.any():
                where = (rows[mine],) if self.sequential else (rows[mine], players[mine])
                actions[where] = opponent(batch.states[rows[mine]], players[mine], rng)
        return actions


class SeatEnv(gymnasium.Env):
    """One game; see the module's docstring. `settings` are the game's own (komi, time limit, ...)."""

    metadata = {"render_modes": RENDER_MODES, "render_fps": 5}  # noqa: RUF012  Gymnasium wants a class attribute

    def __init__(
        self,
        game_id: str,
        opponents: Opponents = None,
        seat: int | None = None,
        opening_plies: int = 0,
        render_mode: str | None = None,
        **settings: Any,
    ):
        self.game = make(game_id, **settings)
        self.render_mode = check_render_mode(render_mode)
        self.observation_space = observation_space(self.game)
        self.action_space = action_space(self.game)
        self._games = _Games(self.game, 1, opponents, seat, opening_plies)
        self._playing = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        if seed is not None:
            self._games.batch.reset(seed)
        self._games.begin(self._games.rows, self.np_random)
        self._games.illegal[:] = False
        self._playing = True
        return self._games.observations()[0], self._info()

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        if not self._playing:
            raise ResetNeeded(f"no game of {self.game.id} is on; call reset() first")
        games = self._games
        if self.game.action_shape:
            games.play(clipped(self.game, action)[None], self.np_random)
        else:
            number = operator.index(action)
            games.play(np.array([number if 0 <= number < self.game.num_actions else -1]), self.np_random)
        terminated, truncated = games.batch.terminated.item(0), games.batch.truncated.item(0)
        self._playing = not (terminated or truncated)
        return games.observations()[0], games.take_rewards().item(0), terminated, truncated, self._info()

    def _info(self) -> dict[str, Any]:
        games = self._games
        info = {"seat": games.seats.item(0), "illegal_action": games.illegal.item(0)}
        return info if self.game.action_shape else {"action_mask": games.masks()[0], **info}

    def action_masks(self) -> np.ndarray:
        """[A] bool, under the name that sb3-contrib's MaskablePPO asks for."""
        return self._games.masks()[0].view(np.bool_)

    def render(self) -> Any:
        return render_state(self.game, self._games.batch.states[0], self.render_mode)


class SeatVectorEnv(gymnasium.vector.VectorEnv):
    """`num_envs` games in one Batch. A game that ends starts anew in the same step (AutoresetMode.SAME_STEP): the new
    game's observation and info are returned, the last ones are `infos["final_obs"]` and `infos["final_info"]`.
    """

    metadata = {  # noqa: RUF012  Gymnasium wants a class attribute
        "render_modes": RENDER_MODES,
        "render_fps": 5,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        game_id: str,
        num_envs: int = 1,
        opponents: Opponents = None,
        seat: int | None = None,
        opening_plies: int = 0,
        render_mode: str | None = None,
        **settings: Any,
    ):
        self.game = make(game_id, **settings)
        self.num_envs = num_envs
        self.render_mode = check_render_mode(render_mode)
        self.single_observation_space = observation_space(self.game)
        self.single_action_space = action_space(self.game)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._games = _Games(self.game, num_envs, opponents, seat, opening_plies)
        self._playing = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """New games; with `options={"reset_mask": [B] bool}` only in those rows."""
        super().reset(seed=seed)
        games = self._games
        if seed is not None:
            games.batch.reset(seed)
        mask = (options or {}).get("reset_mask")
        games.begin(np.flatnonzero(mask) if mask is not None and self._playing else games.rows, self.np_random)
        games.illegal[:] = False
        self._playing = True
        return games.observations(), self._infos(np.ones(self.num_envs, np.bool_))

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict]:
        if not self._playing:
            raise ResetNeeded(f"no game of {self.game.id} is on; call reset() first")
        actions = np.asarray(actions)
        wanted = (self.num_envs, *self.game.action_shape)
        if actions.shape != wanted or actions.dtype.kind not in ("f" if self.game.action_shape else "iu"):
            kind = "real numbers" if self.game.action_shape else "integers"
            raise ValueError(f"actions are {actions.dtype} {actions.shape}; wanted are {kind} {wanted}")
        if self.game.action_shape:
            actions = np.stack([clipped(self.game, action) for action in actions])
        games = self._games
        games.play(actions, self.np_random)
        rewards, over = games.take_rewards(), games.over
        terminated, truncated = games.batch.terminated.copy(), games.batch.truncated.copy()
        final: dict[str, Any] = {}
        ended = np.flatnonzero(over)
        if len(ended):
            observations = games.observations()
            final_obs = np.full(self.num_envs, None, object)
            for row in ended:
                final_obs[row] = observations[row]
            final = {"final_obs": final_obs, "_final_obs": over, "final_info": self._infos(over), "_final_info": over}
            games.begin(ended, self.np_random)
            games.illegal[:] = False
        return games.observations(), rewards, terminated, truncated, self._infos(np.ones_like(over)) | final

    def _infos(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Gymnasium's infos of the rows [B] bool: each entry with a mask of the rows that have it, 0 elsewhere."""
        games = self._games
        infos = {
            "seat": np.where(rows, games.seats, 0),
            "_seat": rows,
            "illegal_action": games.illegal & rows,
            "_illegal_action": rows,
        }
        if self.game.action_shape:
            return infos
        masks = games.masks()
        masks[~rows] = 0
        return {"action_mask": masks, "_action_mask": rows, **infos}

    def render(self) -> Any:
        return tuple(render_state(self.game, state, self.render_mode) for state in self._games.batch.states)
