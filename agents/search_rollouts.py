"""Self-play by search: many games at once, every move a search, and what the searches found is learned.

    settings = RolloutSettings(num_games=256, length=16, gamma=1.0, gae_lambda=1.0, search=SearchPlay(32))
    samples, sums = SearchRollouts(game, network_config, settings, seed=0).collect()    # of the games that ended

Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and Go through self-play" (2018);
with Gumbel noise at the root, Danihelka et al., "Policy improvement by planning with Gumbel" (2022).

Games do not wait for each other: whose search is over moves and begins the next one. `collect` begins the searches that
are under way anew, for the network has learned since: no search mixes two networks, and a run goes on from the boards.
Who plays whom: tally.py. Past selves search as the learning network does; fixed agents answer at once.
"""

from pathlib import Path
from typing import Any

import numpy as np

from agents import search_game
from agents.fast_network import FastNetwork
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.rollouts import RolloutSettings, Weights, assign_controllers, load_weights
from agents.search.search import Search, SearchSettings
from agents.supervised.dataset import first_of_its_board, states_of, trainable
from agents.supervised.labels import load_labels
from agents.tally import STATISTICS, Tally
from envs.game import Game
from envs.random_stream import seed_streams

FIRST_ROOM = 32  # plies; more is made when a game needs it
SEARCH_STATISTICS = (*STATISTICS, "simulations", "evaluations")


class SearchRollouts:
    """B games of self-play by search on one core. Raises ValueError for a game that cannot be searched."""

    def __init__(self, game: Game, network: dict[str, Any], settings: RolloutSettings, seed: int):
        assert settings.search is not None
        self.game, self.settings, self._play = game, settings, settings.search
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 1])))  # of fixed agents
        self.learner = PolicyValueNetwork(**network)
        self.tally = Tally(assign_controllers(game.teams, settings))
        self.past_selves = [PolicyValueNetwork(**network) for _ in self.tally.against_slots]
        self.fixed_agents = [make_agent(name, game) for name in settings.fixed_agents]
        self.env_steps = 0  # that the last `collect` played
        self._networks = [FastNetwork(each) for each in (self.learner, *self.past_selves)]
        # by network: the games that its search plays in, and the row of each game there
        self._games_of = [np.flatnonzero((self.tally.controller == i).any(axis=1)) for i in range(len(self._networks))]
        self._row_of = [np.searchsorted(games, np.arange(settings.num_games)) for games in self._games_of]
        self._alone = len(self._networks) == 1 and not self.fixed_agents
        self._temperature = 1.0
        self._searches = self._make_searches()
        count, players = settings.num_games, game.num_players
        self._states = game.new_states(count, seed_streams(seed, count))
        self._starts = self._states.copy()
        self._games = np.zeros(count, search_game.GAME)
        self._games["rng"] = seed_streams(int(self.rng.integers(2**63)), count)
        self._most_legal = search_game.most_legal(game)
        self._plies = np.zeros((count, 0), search_game.PLY)
        self._policies = np.zeros((count, 0, self._most_legal), np.float32)
        self._room(min(FIRST_ROOM, game.max_steps))
        self._opening = np.zeros(settings.opening_plies, np.int32)
        self._table = self._start_positions()
        self._mask, self._paid = np.zeros(game.num_actions, np.bool_), np.zeros(players, np.float32)
        self._chunks: list[tuple[np.ndarray, ...]] = []
        self._begin(np.arange(count))

    def set_schedule(self, simulations: int, temperature: float) -> None:
        """What changes during a run, between two `collect`: simulations of a search, at most those of SearchPlay, and
        the temperature of moves drawn from its policy."""
        self._temperature = temperature
        for search in self._searches:
            search.set_simulations(simulations)

    def set_weights(self, weights: Weights) -> None:
        """The learning network's weights, by parameter name."""
        load_weights(self.learner, weights)

    def set_past_self(self, slot: int, weights: Weights, *, exchanged: bool = True) -> None:
        """As Rollouts.set_past_self."""
        load_weights(self.past_selves[slot], weights)
        if exchanged:
            self.tally.exchanged(slot)

    def collect(self) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        """Play until `length` moves a game were made, over all. Returns samples of the games that ended, N rows:

        observations [N, *shape], legal_actions [N, L] uint16, policies [N, L] uint16, targets [N] float32, as
        search_game.write_samples describes them;

        and what became of those games, by tally.STATISTICS, with simulations made and positions that the networks were
        asked about.
        """
        self.tally.clear()
        self._chunks, self.env_steps = [], 0
        made, asked = self._counters()
        everybody = np.arange(self.settings.num_games)
        for search in self._searches:
            search.abandon()
            search.forget()
        streams = np.empty(len(everybody), np.uint64)
        search_game.streams_of(everybody, self._games, streams)
        for search, games in zip(self._searches, self._games_of, strict=True):
            search.seed(np.arange(len(games)), streams[games])
        self._go_on(everybody)
        wanted = self.settings.num_games * self.settings.length
        while self.env_steps < wanted:
            for index, search in enumerate(self._searches):
                rows = search.tick()
                if len(rows):
                    games = self._games_of[index][rows]
                    found = search.read(rows)
                    self._move(games, found.actions, found.policies, found.values, True, index == 0)
                    self._go_on(games)
        made_now, asked_now = self._counters()
        sums = self.tally.sums | {"simulations": made_now - made, "evaluations": asked_now - asked}
        return self._samples(), sums

    def restart(self) -> None:
        """Start every game anew, after an error that may have left some in the middle of a move."""
        self.tally.restart()
        self._begin(np.arange(self.settings.num_games))

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All that it takes to go on: arrays [B, ...], copied, and JSON. Searches under way begin anew in any case."""
        longest = int(self._games["plies"].max())
        made = np.arange(longest) < self._games["plies"][:, None]  # what lies beyond is left from games before
        logged = np.where(made, self._plies[:, :longest], np.zeros((), search_game.PLY))
        ply = {f"ply_{name}": logged[name] for name in search_game.PLY.names or ()}
        arrays = {
            "states": self._states.copy(),
            "starts": self._starts.copy(),
            "streams": self._games["rng"].copy(),
            "plies": self._games["plies"].copy(),
            "policies": self._policies[:, :longest] * made[:, :, None],
            **ply,
            **self.tally.state(),
        }
        return arrays, {"rng": self.rng.bit_generator.state}

    def load_state(self, arrays: dict[str, np.ndarray], state: dict[str, Any] | None) -> None:
        """Go on from `state()`. Of fewer games, the rest stay as they are; without a stream, the own one goes on.

        Raises ValueError where they are another game's or too many."""
        states, count = arrays["states"], len(arrays["states"])
        longest = arrays["policies"].shape[1]
        if states.dtype != self._states.dtype or count > len(self._states):
            raise ValueError(f"the saved games are not {self.settings.num_games} games of {self.game.id}")
        if arrays["policies"].shape[2] != self._most_legal or longest > self.game.max_steps:
            raise ValueError(f"the saved moves are not of {self.game.id}")
        self._room(max(self._plies.shape[1], longest))
        self._states[:count], self._starts[:count] = states, arrays["starts"]
        self._games["rng"][:count], self._games["plies"][:count] = arrays["streams"], arrays["plies"]
        self._policies[:count, :longest] = arrays["policies"]
        for name in search_game.PLY.names or ():
            self._plies[name][:count, :longest] = arrays[f"ply_{name}"]
        self.tally.load_state(arrays)
        if state is not None:
            self.rng.bit_generator.state = state["rng"]

    def _start_positions(self) -> np.ndarray:
        """[S], those that may be learned from, each once; none: games begin as the game says. Raises CorruptArtifact
        for a folder that is damaged, ValueError for one without any."""
        if self._play.start_positions is None:
            return np.zeros(0, self.game.state_dtype)
        labels = load_labels(Path(self._play.start_positions), self.game)
        rows = np.flatnonzero(trainable(labels) & first_of_its_board(labels))
        if not len(rows):
            raise ValueError(f"{self._play.start_positions}: no position there may be learned from")
        return states_of(labels, rows)

    def _make_searches(self) -> list[Search]:
        play = self._play
        settings = SearchSettings(play.simulations, play.root, play.considered, value_scale=play.value_scale)
        places = int(play.cache_megabytes * 1e6 / (4 * (self.game.num_actions + 1) + 8))
        places = 1 << (places.bit_length() - 1) if places else 0
        return [
            Search(self.game, max(1, len(games)), settings, network.forward, cache=places)
            for network, games in zip(self._networks, self._games_of, strict=True)
        ]

    def _counters(self) -> tuple[int, int]:
        """Simulations made and positions judged by networks, since the searches were made."""
        return sum(s.simulations_made for s in self._searches), sum(s.evaluations for s in self._searches)

    def _room(self, plies: int) -> None:
        """For games of so many plies."""
        count, have = self._plies.shape
        if have >= plies:
            return
        grown = np.zeros((count, plies), search_game.PLY)
        policies = np.zeros((count, plies, self._most_legal), np.float32)
        grown[:, :have], policies[:, :have] = self._plies, self._policies
        self._plies, self._policies = grown, policies

    def _begin(self, games: np.ndarray) -> None:
        search_game.begin_games(
            games,
            self._states,
            self._starts,
            self._games,
            self._opening,
            self._mask,
            self._play.opening_share,
            self._table,
        )

    def _go_on(self, games: np.ndarray) -> None:
        """Whoever is to move in these games begins to search; fixed agents move."""
        if self._alone:
            self._searches[0].start(games, self._states[games])
            return
        while len(games):
            players = self._states["current_player"][games].astype(np.int64)
            controller = self.tally.controller[games, players]
            for index, search in enumerate(self._searches):
                mine = games[controller == index]
                if len(mine):
                    search.start(self._row_of[index][mine], np.take(self._states, mine))
            for index, agent in enumerate(self.fixed_agents):
                asked = controller == -1 - index
                if asked.any():
                    theirs = games[asked]
                    actions = agent.act(np.take(self._states, theirs), players[asked], self.rng)
                    nothing = np.empty((len(theirs), 0), np.float32)
                    self._move(theirs, np.asarray(actions), nothing, np.empty(0, np.float32), False, False)
            games = games[controller < 0]

    def _move(
        self, games: np.ndarray, actions: np.ndarray, policies: np.ndarray, values: np.ndarray, searched: bool,
        learns: bool,
    ) -> None:  # fmt: skip
        """A move in each of these games; those that end give their samples and begin anew."""
        if self._games["plies"][games].max() >= self._plies.shape[1]:
            self._room(min(2 * self._plies.shape[1], self.game.max_steps))
        over = np.empty(len(games), np.int8)
        tally = self.tally
        bad = search_game.play(
            games, actions, policies, values, searched, learns, self._states, self._games, self._plies, self._policies,
            tally.returns, tally.steps_of_game, self._paid, self._mask, over, self._temperature,
            self._play.temperature_plies, self._play.random_moves,
        )  # fmt: skip
        if bad >= 0:
            raise ValueError(f"{self.game.id}: a position has more than {search_game.MOST_LEGAL} legal actions")
        self.env_steps += len(games)
        if over.any():
            ended = games[over > 0]
            tally.end(ended, tally.returns[ended].copy(), int(np.count_nonzero(over == search_game.TRUNCATED)))
            self._write(ended)
            self._begin(ended)

    def _write(self, ended: np.ndarray) -> None:
        count = search_game.count_samples(ended, self._games, self._plies)
        chunk = self._empty(count)
        search_game.write_samples(
            ended, self._states, self._starts, self._games, self._plies, self._policies, self._mask,
            np.float32(self._play.td_lambda), *chunk,
        )  # fmt: skip
        self._chunks.append(chunk)

    def _empty(self, count: int) -> tuple[np.ndarray, ...]:
        return (
            np.empty((count, *self.game.observation_shape), self.game.observation_dtype),
            np.empty((count, self._most_legal), np.uint16),
            np.empty((count, self._most_legal), np.uint16),
            np.empty(count, np.float32),
        )

    def _samples(self) -> dict[str, np.ndarray]:
        names = ("observations", "legal_actions", "policies", "targets")
        chunks = self._chunks or [self._empty(0)]
        return {name: np.concatenate(parts) for name, parts in zip(names, zip(*chunks, strict=True), strict=True)}
