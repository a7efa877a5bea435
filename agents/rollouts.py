"""Self-play: many games stepped together, the seats that learn sampled, their advantages computed.

Who plays whom: tally.py. Nothing here knows RLlib: the runner calls `collect`, and hands the arrays on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from agents.advantages import advantages_sequential, advantages_simultaneous
from agents.fast_heads import draw
from agents.fast_network import FastNetwork
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.tally import Tally
from envs.batch import Batch
from envs.game import Dynamics, Game

Weights = dict[str, np.ndarray]

ILLEGAL_LOGIT = -1e9  # exp of it is exactly 0 in float32; -inf would make 0 * inf = nan in the entropy's gradient


@dataclass(frozen=True)
class SearchPlay:
    """How games are played whose every move is searched for; what changes during a run is `SearchSchedule`."""

    simulations: int  # of a search, at most
    root: str = "gumbel"  # or "puct"; this and the next two: search.SearchSettings
    considered: int = 16
    value_scale: float = 1.0
    temperature_plies: int = 0  # moves of a game that are drawn from the search's policy; later ones are its choice
    random_moves: float = 0.0  # share of the moves that are drawn evenly from the legal ones
    opening_share: float = 1.0  # of the games that begin with a random opening
    td_lambda: float = 1.0  # 1: positions are worth what their game came to; lower: more what later searches said
    cache_megabytes: float = 16.0  # for evaluations remembered, of each network
    start_positions: str | None = None  # folder of labels, in whose positions games begin; None: the game's own first


@dataclass(frozen=True)
class RolloutSettings:
    """What a runner must know to play; plain numbers, so that it travels to remote runners."""

    num_games: int
    length: int  # steps of every game in one rollout
    gamma: float
    gae_lambda: float
    opening_plies: int = 0
    bootstrap_time_limit: bool = False
    pool_share: float = 0.0  # of the games, played against past selves
    slots: int = 4  # past selves that a runner holds at a time
    fixed_share: float = 0.0  # of the games, played against fixed agents
    fixed_agents: tuple[str, ...] = ()  # their names; each runner makes its own, and asks it for single moves
    search: SearchPlay | None = None  # games are played by search (search_rollouts.py); None: by the policy alone


class Rollouts:
    """B games of self-play on one core."""

    def __init__(self, game: Game, network: dict[str, Any], settings: RolloutSettings, seed: int):
        self.game, self.settings = game, settings
        self.batch = Batch(game, settings.num_games, seed, opening_plies=settings.opening_plies)
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 1])))
        self.learner = PolicyValueNetwork(**network)
        self.tally = Tally(assign_controllers(game.teams, settings))
        self.past_selves = [PolicyValueNetwork(**network) for _ in self.tally.against_slots]
        self.fixed_agents = [make_agent(name, game) for name in settings.fixed_agents]
        self._fast_learner = FastNetwork(self.learner)
        self._fast_past_selves = [FastNetwork(past) for past in self.past_selves]
        self.simultaneous = game.dynamics is Dynamics.SIMULTANEOUS
        shape = self.batch.masks.shape[:-1]  # [B] or [B, P]
        steps, size = settings.length, game.num_players
        self._observations = np.zeros((steps, *self.batch.observations.shape), game.observation_dtype)
        self._masks = np.zeros((steps, *self.batch.masks.shape), np.bool_)
        self._actions = np.zeros((steps, *shape), np.int32)
        self._logps = np.zeros((steps, *shape), np.float32)
        self._values = np.zeros((steps, *shape), np.float32)
        self._learns = np.zeros((steps, *shape), np.bool_)
        self._players = np.zeros((steps, settings.num_games), np.int8)
        self._rewards = np.zeros((steps, settings.num_games, size), np.float32)
        self._terminated = np.zeros((steps, settings.num_games), np.bool_)
        self._truncated = np.zeros((steps, settings.num_games), np.bool_)
        self._final_values = np.zeros((steps, settings.num_games, size), np.float32)
        self._advantages = np.zeros((steps, *shape), np.float32)
        self._targets = np.zeros((steps, *shape), np.float32)
        self._teams = np.array(game.teams, np.int8)

    def set_weights(self, weights: Weights) -> None:
        """The learning policy's weights, by parameter name."""
        load_weights(self.learner, weights)

    def set_past_self(self, slot: int, weights: Weights, *, exchanged: bool = True) -> None:
        """Put a past self into a slot; its games go on with it and, unless it was there before, count for nobody."""
        load_weights(self.past_selves[slot], weights)
        if exchanged:
            self.tally.exchanged(slot)

    @property
    def env_steps(self) -> int:
        """That `collect` plays."""
        return self.settings.num_games * self.settings.length

    def collect(self) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        """Play `length` steps of every game. Returns the learning seats' samples, N rows each, copied:

        observations [N, *shape], masks [N, A] bool, actions [N] int32, logps, advantages, targets [N] float32;

        and what became of the games that ended: sums over the rollout by tally.STATISTICS.
        """
        self.tally.clear()
        batch = self.batch
        for t in range(self.settings.length):
            self._observations[t] = batch.observations
            self._masks[t] = batch.masks
            if not self.simultaneous:
                self._players[t] = batch.states["current_player"]
            self._act(t)
            batch.step(self._actions[t])
            self._rewards[t] = batch.rewards
            self._terminated[t] = batch.terminated
            self._truncated[t] = batch.truncated
            self.tally.steps_of_game += 1
            self.tally.returns += batch.rewards
            self._end(t)
        last_values = self._value(batch.observations.reshape(-1, *self.game.observation_shape))
        gamma, lam = np.float32(self.settings.gamma), np.float32(self.settings.gae_lambda)
        ended = (self._rewards, self._values)
        if self.simultaneous:
            advantages_simultaneous(
                *ended, last_values.reshape(batch.rewards.shape), self._terminated, self._truncated, self._final_values,
                gamma, lam, self._advantages, self._targets,
            )  # fmt: skip
        else:
            advantages_sequential(
                *ended, self._players, self._teams, last_values, batch.states["current_player"], self._terminated,
                self._truncated, self._final_values, gamma, lam, self._advantages, self._targets,
            )  # fmt: skip
        learns = self._learns.ravel()
        every = learns.all()

        def rows(array: np.ndarray) -> np.ndarray:
            flat = array.reshape(learns.size, *array.shape[self._learns.ndim :])
            return flat.copy() if every else flat[learns]

        samples = {
            "observations": rows(self._observations),
            "masks": rows(self._masks),
            "actions": rows(self._actions),
            "logps": rows(self._logps),
            "advantages": rows(self._advantages),
            "targets": rows(self._targets),
        }
        return samples, self.tally.sums

    def _act(self, t: int) -> None:
        """Choose actions for every row of step t; log-probability and value of those that learn."""
        controller = self.tally.controller
        if not self.simultaneous:
            controller = np.take_along_axis(controller, self._players[t][:, None].astype(np.int64), 1)[:, 0]
        controller = controller.ravel()
        observations = self._observations[t].reshape(-1, *self.game.observation_shape)
        masks = self._masks[t].reshape(-1, self.game.num_actions)
        actions, logps = self._actions[t].reshape(-1), self._logps[t].reshape(-1)
        uniforms = self.rng.random(len(actions), np.float32)
        if not self.past_selves and not self.fixed_agents:
            heads = self._fast_learner.forward(observations)
            draw(heads, masks, uniforms, actions, logps)
            self._values[t].reshape(-1)[:] = heads[:, -1]
        else:
            for index, network in enumerate([self._fast_learner, *self._fast_past_selves]):
                rows = np.flatnonzero(controller == index)
                heads = network.forward(observations[rows])
                chosen, logp = np.empty(len(rows), np.int32), np.empty(len(rows), np.float32)
                draw(heads, masks[rows], uniforms[rows], chosen, logp)
                actions[rows], logps[rows] = chosen, logp
                if index == 0:
                    self._values[t].reshape(-1)[rows] = heads[:, -1]
            for index, agent in enumerate(self.fixed_agents):
                rows = np.flatnonzero(controller == -1 - index)
                if self.simultaneous:
                    games, players = np.divmod(rows, self.game.num_players)
                else:
                    games, players = rows, self._players[t][rows].astype(np.int64)
                if len(rows):
                    actions[rows] = agent.act(np.take(self.batch.states, games), players, self.rng)
        self._learns[t] = (controller == 0).reshape(self._learns[t].shape)

    def _value(self, observations: np.ndarray) -> np.ndarray:
        return self._fast_learner.forward(observations)[:, -1]

    def _end(self, t: int) -> None:
        """Count the games that ended, and the value of the last observation where the clock ended one."""
        batch = self.batch
        over = np.flatnonzero(batch.terminated | batch.truncated)
        if not len(over):
            return
        cut = np.flatnonzero(batch.truncated)
        if len(cut) and self.settings.bootstrap_time_limit:
            last = batch.final_observations[cut].reshape(-1, *self.game.observation_shape)
            self._final_values[t, cut] = self._value(last).reshape(len(cut), -1)
        self.tally.end(over, batch.rewards[over], len(cut))

    def restart(self) -> None:
        """Start every game anew, after an error that may have left some in the middle of a move."""
        self.batch.reset()
        self.tally.restart()

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All that it takes to go on: arrays [B, ...], copied, and JSON. Weights come from the learner and the pool."""
        arrays = {"states": self.batch.states.copy(), **self.tally.state()}
        return arrays, {"rng": self.rng.bit_generator.state}

    def load_state(self, arrays: dict[str, np.ndarray], state: dict[str, Any] | None) -> None:
        """Go on from `state()`. Of fewer games, the rest stay as they are; without a stream, the own one goes on.

        Raises ValueError where they are another game's or too many.
        """
        states = arrays["states"]
        if states.dtype != self.batch.states.dtype or len(states) > len(self.batch.states):
            raise ValueError(f"the saved games are not {self.settings.num_games} games of {self.game.id}")
        self.batch.states[: len(states)] = states
        self.tally.load_state(arrays)
        if state is not None:
            self.rng.bit_generator.state = state["rng"]
        self.batch.refresh()


def assign_controllers(teams: tuple[int, ...], settings: RolloutSettings) -> np.ndarray:
    """controller [B, P] int8. The past selves' games come after those of the latest, in equal runs a slot, the fixed
    agents' last, in equal runs an agent; the learning team alternates."""
    games = settings.num_games
    controller = np.zeros((games, len(teams)), np.int8)
    fixed = round(settings.fixed_share * games)
    past = min(round(settings.pool_share * games), games - fixed)
    slots = [1 + i * settings.slots // past for i in range(past)]
    agents = [-1 - i * len(settings.fixed_agents) // fixed for i in range(fixed)]
    for others, begin in ((slots, games - fixed - past), (agents, games - fixed)):
        for i, other in enumerate(others):
            for seat, team in enumerate(teams):
                if team != i % 2:
                    controller[begin + i, seat] = other
    used = np.unique(np.maximum(controller, 0))  # fewer games than slots leave slots out: number them without gaps
    return np.where(controller > 0, np.searchsorted(used, controller), controller).astype(np.int8)


def load_weights(network: PolicyValueNetwork, weights: Weights) -> None:
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
