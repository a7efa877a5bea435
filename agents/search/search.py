"""Search: B games, each with a tree of its own, and one call of the network a tick for all that wait for it.

    search = Search(make("connect_four"), 256, SearchSettings(simulations=32), evaluate=FastNetwork(network).forward)
    search.start(np.arange(256), states)             # new roots
    while True:
        rows = search.tick()                         # whose searches are over, often none; the others go on
        found = search.read(rows)                    # .actions, .policies, .values, .visits
        ...                                          # make the moves, begin games anew
        search.start(rows, states[rows])

Nobody waits for the slowest: a game whose search is over is given its next root and is back in the next tick, beside
games in the middle of theirs. Without `evaluate` positions are judged by random play to the end, and a tick is whole
searches. What a game's search finds depends on its root and its stream alone, not on the others, so far as `evaluate`
does not (products of matrices may round otherwise in other batches).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from agents.names import MAX_SIMULATIONS
from agents.search import simulate
from agents.search.line import principal_variation
from agents.search.results import read
from agents.search.selection import halving_schedules
from agents.search.simulate import SETTINGS
from agents.search.tree import NODE, SEARCH, plant_rows, replant_rows
from envs.game import Dynamics, Game
from envs.random_moves import most_legal
from envs.random_stream import seed_streams

Evaluate = Callable[[np.ndarray], np.ndarray]  # observations [n, *shape] -> heads [n, A + 1] float32: logits, value

GUMBEL, PUCT = "gumbel", "puct"
GROWTH = 1.5
SHARE = 0.8  # of the free memory that trees may take


@dataclass(frozen=True)
class SearchSettings:
    """How a network's policy and values are searched with. Values count in units of the most that a game pays. Raises
    ValueError for what makes no sense."""

    simulations: int = 32
    root: str = GUMBEL  # sequential halving among so many actions; or "puct", with noise in the priors
    considered: int = 16
    gumbel_scale: float = 1.0  # 0 plays without chance
    noise_share: float = 0.25  # of Dirichlet noise, with PUCT; 0 plays without chance
    noise_total: float = 10.0  # the sum of its parameters
    exploration: float = 1.5  # of PUCT; of UCB1 in a search by random play
    visit_offset: float = 50.0  # Danihelka et al. call it c_visit, the next c_scale
    value_scale: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.simulations <= MAX_SIMULATIONS or self.simulations != int(self.simulations):
            raise ValueError(f"a search makes 1 to {MAX_SIMULATIONS:,} simulations, not {self.simulations}")
        if self.root not in (GUMBEL, PUCT):
            raise ValueError(f"root is '{GUMBEL}' or '{PUCT}', not {self.root!r}")
        if self.considered < 1:
            raise ValueError(f"considered is {self.considered}; one action or more is")
        if not 0 <= self.noise_share < 1:
            raise ValueError(f"noise_share is a part of 1, not {self.noise_share}")
        for name in ("gumbel_scale", "noise_total", "exploration", "visit_offset", "value_scale"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is 0 or more, not {getattr(self, name)}")


class Found(NamedTuple):
    """Of n searches, for the seat to move."""

    actions: np.ndarray  # [n] int32, to be played: with "gumbel" drawn by its noise, else the most visited
    policies: np.ndarray  # [n, A] float32, to be learned: improved by values, or the share of the visits ("puct")
    values: np.ndarray  # [n] float32, the return expected of playing by `policies`; exact where proven
    visits: np.ndarray  # [n, A] int32


class Search:
    """Owns the trees of B games. Raises ValueError for a game that cannot be searched (simultaneous, with something
    hidden, not of two seats against each other) and where the trees would not fit into memory."""

    def __init__(
        self,
        game: Game,
        num_games: int,
        settings: SearchSettings,
        evaluate: Evaluate | None = None,
        seed: int = 0,
        cache: int = 0,
    ):
        """`cache`: how many evaluations are remembered, up to the next power of two (`forget` when the network learns);
        0 asks the network each time."""
        check_game(game)
        if num_games < 1:
            raise ValueError(f"num_games is {num_games}; a search has at least one game")
        if cache < 0:
            raise ValueError(f"cache is {cache}; 0 or more evaluations are remembered")
        self.game, self.num_games, self.settings, self._evaluate = game, num_games, settings, evaluate
        halving = evaluate is not None and settings.root == GUMBEL
        # The first room: a network's every evaluation gives a node children, random play's only the second visit.
        expanded = settings.simulations + 1 if evaluate else settings.simulations // 2 + 1
        room = 1 + expanded * most_legal(game) + game.num_actions
        line = min(game.max_steps, settings.simulations) + 2
        considered = min(settings.considered, game.num_actions)
        places = 1 << (cache - 1).bit_length() if cache and evaluate else 0
        self._keys, self._cache_bytes = np.zeros(places, np.uint64), places * 4 * (game.num_actions + 1)
        self._check_memory(room, line)
        self._cached = np.zeros((places, game.num_actions + 1), np.float32)
        self._nodes = np.zeros((num_games, room), NODE)
        self._searches = np.zeros(num_games, SEARCH)
        self._roots = np.zeros(num_games, game.state_dtype)
        self._leaves = np.zeros(num_games, game.state_dtype)
        self._paths = np.zeros((num_games, line), np.int32)
        self._payments = np.zeros((num_games, line), np.float32)
        self._scores = np.zeros((num_games, game.num_actions if halving else 1), np.float32)
        self._considered = considered if halving else 1
        self._schedules: dict[int, np.ndarray] = {}
        self._schedule = self._schedule_of(settings.simulations)
        self._settings = np.zeros(1, SETTINGS)
        for name in SETTINGS.names or ():
            if hasattr(settings, name):
                self._settings[name] = getattr(settings, name)
        most = game.largest_reward
        self._settings["halving"], self._settings["most"] = halving, most
        self._settings["exploration"] *= most
        self._settings["value_scale"] /= 2 * most  # the paper's values are from 0 to 1
        self._waiting, self._num_waiting = np.zeros(num_games, np.int64), 0
        self._over, self._num_over = np.zeros(num_games, np.int64), 0
        self._observations = np.zeros((num_games, *game.observation_shape), game.observation_dtype)
        self._seen = self._observations.reshape(num_games, -1).view(np.uint8)
        self._waiting_keys = np.zeros(num_games, np.uint64)
        self.simulations_made = self.evaluations = 0  # of the searches that are over; rows that the network was given
        self._mask, self._paid = np.zeros(game.num_actions, np.bool_), np.zeros(2, np.float32)
        self.seed(np.arange(num_games), seed_streams(seed, num_games))

    def seed(self, rows: np.ndarray, streams: np.ndarray) -> None:
        """The random streams [n] uint64 that these games go on with."""
        self._searches["rng"][rows] = streams

    def start(self, rows: np.ndarray, states: np.ndarray, actions: np.ndarray | None = None) -> None:
        """Search anew in rows [n], from states [n], in which somebody is to move. If `actions` [n] led there from the
        last roots, what was found behind them is kept ("puct" and random play), and counts as simulations made.
        Raises ValueError for a game that is over."""
        rows = np.asarray(rows, np.int64)
        self._roots[rows] = states
        if (over := simulate.first_over(rows, self._roots)) >= 0:
            raise ValueError(f"row {over}: nobody is to move in a game that is over")
        kept = np.zeros(len(rows), np.bool_)
        if actions is not None and not self._settings["halving"][0]:
            replant_rows(rows, np.asarray(actions, np.int64), self._searches, self._nodes, kept)
        else:
            plant_rows(rows, self._searches, self._nodes)
        if self._evaluate is None:
            self._waiting[self._num_waiting : self._num_waiting + len(rows)] = rows
            self._num_waiting += len(rows)
            return
        self._num_waiting, self._num_over = simulate.begin(rows, kept, self._num_waiting, self._num_over, *self._arrays)
        self._make_room(int(self._searches["num_nodes"][rows].max(initial=0)))

    def forget(self) -> None:
        """What the cache knows, after the network has changed."""
        self._keys[:] = 0

    def abandon(self) -> None:
        """Every search under way: all rows are at rest, and nothing of them can be read."""
        self._num_waiting = self._num_over = 0

    def tick(self) -> np.ndarray:
        """One evaluation for every game that waits, and simulations until it waits again. Returns the rows int64 [n]
        whose searches are over now; they rest until `start`. Raises ValueError for a network of another game."""
        if self._evaluate is None:
            self._play_out()
        elif self._num_waiting:
            self.evaluations += self._num_waiting
            heads = self._evaluate(self._observations[: self._num_waiting])
            if heads.shape != (self._num_waiting, self.game.num_actions + 1):
                wanted = (self._num_waiting, self.game.num_actions + 1)
                raise ValueError(f"the network gave heads of shape {heads.shape}; {self.game.id} wants {wanted}")
            self._num_waiting, self._num_over, most_nodes = simulate.tick(heads, self._num_over, *self._arrays)
            self._make_room(most_nodes)
        rows = self._over[: self._num_over].copy()
        if self._num_over:
            self.simulations_made += int(self._searches["simulations"][rows].sum())
            self._num_over = 0
        return rows

    def read(self, rows: np.ndarray) -> Found:
        """What the searches of rows [n] have found."""
        shape = (len(rows), self.game.num_actions)
        found = Found(
            np.zeros(len(rows), np.int32), np.empty(shape, np.float32), np.zeros(len(rows), np.float32),
            np.empty(shape, np.int32),
        )  # fmt: skip
        read(np.asarray(rows, np.int64), self._searches, self._nodes, self._settings, self._scores, *found)
        return found

    def line(self, row: int, action: int) -> list[int]:
        """What the search of a row expects to be played from an action of its root on, that action first."""
        return principal_variation(self._nodes[row], action)

    def search(self, states: np.ndarray, streams: np.ndarray) -> Found:
        """From states [n], any number of them, with random streams [n] uint64: as many at once as there are rows, the
        next in the place of each that is over. Every row must be at rest."""
        count = len(states)
        if not count:
            return self.read(np.empty(0, np.int64))
        asked = np.zeros(self.num_games, np.int64)  # which of the states each row searches
        parts: list[tuple[np.ndarray, Found]] = []
        rows, begun, done = np.arange(min(self.num_games, count)), 0, 0
        while done < count:
            asked[rows] = begun + np.arange(len(rows))
            self.seed(rows, streams[asked[rows]])
            self.start(rows, np.take(states, asked[rows]))
            begun += len(rows)
            over = self.tick()
            while not len(over):
                over = self.tick()
            parts.append((asked[over], self.read(over)))
            done += len(over)
            rows = over[: count - begun]
        order = np.argsort(np.concatenate([rows for rows, _ in parts]))
        return Found(*(np.concatenate(field)[order] for field in zip(*(found for _, found in parts), strict=True)))

    def set_simulations(self, simulations: int) -> None:
        """What searches make from now on, at most as many as at first, which the memory was made for. Those under way
        must be begun anew (`abandon`, `start`). Raises ValueError for another number."""
        if not 1 <= simulations <= self.settings.simulations:
            raise ValueError(f"simulations is {simulations}; this search makes 1 to {self.settings.simulations}")
        self._settings["simulations"] = simulations
        self._schedule = self._schedule_of(simulations)

    def _schedule_of(self, simulations: int) -> np.ndarray:
        if simulations not in self._schedules:
            self._schedules[simulations] = halving_schedules(self._considered, simulations)
        return self._schedules[simulations]

    @property
    def _trees(self) -> tuple[Any, ...]:
        return self._searches, self._nodes, self._leaves, self._roots, self._paths, self._payments, self._settings

    @property
    def _arrays(self) -> tuple[Any, ...]:
        evaluations = self._observations, self._seen, self._waiting_keys, self._keys, self._cached
        scratch = self._scores, self._schedule, self._paid, self._mask
        return *self._trees, *scratch, self._waiting, *evaluations, self._over

    def _make_room(self, most_nodes: int) -> None:
        """For one more node's children in every game."""
        if most_nodes + self.game.num_actions > self._nodes.shape[1]:
            self._grow()

    def _play_out(self) -> None:
        rows, done = self._waiting[: self._num_waiting], 0
        while True:
            done = simulate.search_by_rollouts(rows, done, self._paid, self._mask, *self._trees)
            if done == len(rows):
                break
            self._grow()
        self._over[self._num_over : self._num_over + len(rows)] = rows
        self._num_over += len(rows)
        self._num_waiting = 0

    def _grow(self) -> None:
        """More room for the nodes of every game."""
        room = self._nodes.shape[1]
        more = int(GROWTH * room) + self.game.num_actions
        self._check_memory(more, self._paths.shape[1])
        nodes = np.zeros((self.num_games, more), NODE)
        nodes[:, :room] = self._nodes
        self._nodes = nodes

    def _check_memory(self, room: int, line: int) -> None:
        """Raises ValueError unless trees with room for so many nodes, and lines so long, fit into memory."""
        import psutil

        game, count = self.game, self.num_games
        observation = int(np.prod(game.observation_shape)) * game.observation_dtype.itemsize
        of_game = room * NODE.itemsize + 8 * line + 2 * game.state_dtype.itemsize + observation + 4 * game.num_actions
        needed, free = count * of_game + self._cache_bytes, psutil.virtual_memory().available
        if needed > SHARE * free:
            raise ValueError(
                f"the trees of {count:,} games of {game.id} with {self.settings.simulations:,} simulations take "
                f"{needed / 1e9:.1f} GB; {free / 1e9:.1f} GB are free: ask for fewer simulations or games at once"
            )


def check_game(game: Game) -> None:
    """Raises ValueError for a game that cannot be searched."""
    if game.dynamics is not Dynamics.SEQUENTIAL:
        raise ValueError(f"search plays games with turns, not {game.id}")
    if game.hidden_information or game.num_deals > 1:
        raise ValueError(f"search would see what {game.id} hides; use the network alone, or random")
    if game.num_players != 2 or set(game.teams) != {0, 1}:
        raise ValueError(f"search plays games of two players against each other, not {game.id}")
    if game.num_actions > np.iinfo(np.uint16).max:
        raise ValueError(f"search tells {np.iinfo(np.uint16).max:,} actions apart; {game.id} has {game.num_actions:,}")
