"""Every seat is an agent, "player_0" and so on: the games as PettingZoo environments.

    from envs import pettingzoo_env
    env = pettingzoo_env.env("connect_four")                # AEC, for games with turns
    env = pettingzoo_env.parallel_env("ball_2v2")           # Parallel, for games in which all seats move at once

AEC observations are {"observation": [*shape], "action_mask": [A] int8}; Parallel ones are the array alone. The mask is
in `infos[agent]["action_mask"]` too: 1 where the agent may play, all 0 when it is not its turn or the game is over.
An action that is not legal raises IllegalAction and changes nothing. The last observation and reward reach every agent.
"""

import operator
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo.utils.env import AECEnv, ParallelEnv

from envs import make
from envs.batch import Batch, illegal_action, observe_rows
from envs.game import Dynamics, Game
from envs.gymnasium_env import RENDER_MODES, action_space, check_render_mode, clipped, observation_space, render_state


def env(game_id: str, render_mode: str | None = None, opening_plies: int = 0, **settings: Any) -> "SequentialEnv":
    """The AEC environment of a game with turns; each game may begin after up to `opening_plies` random moves."""
    return SequentialEnv(game_id, render_mode, opening_plies, **settings)


def parallel_env(game_id: str, render_mode: str | None = None, **settings: Any) -> "SimultaneousEnv":
    """The Parallel environment of a game in which all seats move at once."""
    return SimultaneousEnv(game_id, render_mode, **settings)


def _fresh_batch(game: Game, opening_plies: int = 0) -> Batch:
    entropy = np.random.SeedSequence().entropy
    return Batch(game, 1, entropy, autoreset=False, opening_plies=opening_plies)  # type: ignore[arg-type]


class SequentialEnv(AECEnv):
    """AEC: `agent_selection` moves."""

    def __init__(self, game_id: str, render_mode: str | None = None, opening_plies: int = 0, **settings: Any):
        super().__init__()
        game = self.game = make(game_id, **settings)
        if game.dynamics is not Dynamics.SEQUENTIAL:
            raise ValueError(f"in {game.id} all seats move at once; use parallel_env('{game_id}')")
        self.metadata = {"name": game.id, "render_modes": RENDER_MODES, "render_fps": 5, "is_parallelizable": False}
        self.render_mode = check_render_mode(render_mode)
        self.possible_agents = [f"player_{seat}" for seat in range(game.num_players)]
        self.agents: list[str] = []
        self.observation_spaces = {
            agent: spaces.Dict(
                {
                    "observation": observation_space(game),
                    "action_mask": spaces.Box(0, 1, (game.num_actions,), np.int8),
                }
            )
            for agent in self.possible_agents
        }
        self.action_spaces: dict[str, Any] = {a: spaces.Discrete(game.num_actions) for a in self.possible_agents}
        self._batch = _fresh_batch(game, opening_plies)
        self._seats = {agent: seat for seat, agent in enumerate(self.possible_agents)}
        self._action = np.zeros(1, np.int32)

    def observation_space(self, agent: str) -> spaces.Space:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self._batch.reset(seed)
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {"action_mask": np.zeros(self.game.num_actions, np.int8)} for agent in self.agents}
        self._give_turn()

    def _give_turn(self) -> None:
        batch = self._batch
        self.agent_selection = self.possible_agents[batch.states["current_player"].item(0)]
        self.infos[self.agent_selection] = {"action_mask": batch.masks[0].astype(np.int8)}

    def step(self, action: Any) -> None:
        if not self.agents:
            raise RuntimeError(f"no game of {self.game.id} is on; call reset() first")
        agent, batch = self.agent_selection, self._batch
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        number = operator.index(action)
        if not 0 <= number < self.game.num_actions:
            raise illegal_action(self.game, batch.states[0], batch.masks[0], np.array([number]))
        self._action[0] = number
        batch.step(self._action)
        self._cumulative_rewards[agent] = 0.0
        for name, reward in zip(self.possible_agents, batch.rewards[0].tolist(), strict=True):
            self.rewards[name] = reward
            self._cumulative_rewards[name] += reward
        self.infos[agent] = {"action_mask": np.zeros(self.game.num_actions, np.int8)}
        terminated, truncated = batch.terminated.item(0), batch.truncated.item(0)
        if terminated or truncated:
            self.terminations = dict.fromkeys(self.agents, terminated)
            self.truncations = dict.fromkeys(self.agents, truncated)
            self.agent_selection = self.agents[0]
        else:
            self._give_turn()

    def observe(self, agent: str) -> dict[str, np.ndarray]:
        """What the agent sees now, copies."""
        batch, seat = self._batch, self._seats[agent]
        if batch.terminated.item(0) or batch.truncated.item(0):
            observation = batch.final_observations[0, seat].copy()
        elif batch.states["current_player"].item(0) == seat:
            return {"observation": batch.observations[0].copy(), "action_mask": batch.masks[0].astype(np.int8)}
        else:
            observation = observe_rows(self.game, batch.states, np.array([seat]))[0]
        return {"observation": observation, "action_mask": np.zeros(self.game.num_actions, np.int8)}

    def render(self) -> Any:
        return render_state(self.game, self._batch.states[0], self.render_mode)

    def close(self) -> None:
        """Nothing is held open."""


class SimultaneousEnv(ParallelEnv):
    """Parallel: every agent moves in each step."""

    def __init__(self, game_id: str, render_mode: str | None = None, **settings: Any):
        game = self.game = make(game_id, **settings)
        if game.dynamics is not Dynamics.SIMULTANEOUS:
            raise ValueError(f"in {game.id} seats move in turn; use env('{game_id}')")
        self.metadata = {"name": game.id, "render_modes": RENDER_MODES, "render_fps": 5}
        self.render_mode = check_render_mode(render_mode)
        self.possible_agents = [f"player_{seat}" for seat in range(game.num_players)]
        self.agents: list[str] = []
        self.observation_spaces = {agent: observation_space(game) for agent in self.possible_agents}
        self.action_spaces: dict[str, Any] = {a: action_space(game) for a in self.possible_agents}
        self._batch = _fresh_batch(game)
        self._actions = np.zeros((1, game.num_players, *game.action_shape), game.action_dtype)

    def observation_space(self, agent: str) -> spaces.Space:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        self._batch.reset(seed)
        self.agents = self.possible_agents[:]
        return self._by_agent(self._batch.observations[0].copy()), self._infos()

    def step(self, actions: dict[str, Any]) -> tuple[dict, dict, dict, dict, dict]:
        if not self.agents:
            raise RuntimeError(f"no game of {self.game.id} is on; call reset() first")
        batch = self._batch
        for seat, agent in enumerate(self.agents):
            if agent not in actions:
                raise ValueError(f"no action for {agent}; in {self.game.id} all of {', '.join(self.agents)} move")
            if self.game.action_shape:
                self._actions[0, seat] = clipped(self.game, actions[agent])
                continue
            number = operator.index(actions[agent])
            if not 0 <= number < self.game.num_actions:
                raise illegal_action(self.game, batch.states[0], batch.masks[0, seat], np.array([number]))
            self._actions[0, seat] = number
        batch.step(self._actions)
        terminated, truncated = batch.terminated.item(0), batch.truncated.item(0)
        if terminated or truncated:
            self.agents = []
        return (
            self._by_agent(batch.observations[0].copy()),
            self._by_agent(batch.rewards[0].tolist()),
            dict.fromkeys(self.possible_agents, terminated),
            dict.fromkeys(self.possible_agents, truncated),
            self._infos(),
        )

    def _by_agent(self, values: Any) -> dict[str, Any]:
        return dict(zip(self.possible_agents, values, strict=True))

    def _infos(self) -> dict[str, dict[str, np.ndarray]]:
        if self.game.action_shape:
            return {agent: {} for agent in self.possible_agents}
        masks = self._batch.masks[0].astype(np.int8)
        return {agent: {"action_mask": mask} for agent, mask in zip(self.possible_agents, masks, strict=True)}

    def render(self) -> Any:
        return render_state(self.game, self._batch.states[0], self.render_mode)

    def close(self) -> None:
        """Nothing is held open."""
