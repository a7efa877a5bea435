"""Plays two agents against each other, many games at once, in pairs with the sides swapped.

    matches = play_pairs(make("ball_2v2"), a, b, pairs=128, seed=7)
    matches.wins, matches.draws, matches.losses, matches.score        # of `a`

Letters: G = 2 halves of N pairs. Arrays are [2, N]: in half 0 `a` plays the first side (team 0), in half 1 the second.
Both games of a pair begin in the same state, random stream included, after the same opening; and whoever plays side s
draws the same random numbers in both. So an agent against itself scores one half exactly, and what the start gives
either side cancels. Different pairs share nothing. Ball games are played in `match` mode: 90 s, goals counted.
Who forfeits a game (agents.agent.Forfeit) has lost it, whatever the score, and the other games go on.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from agents.agent import Agent, Forfeit
from agents.records import Record, Seat
from envs.batch import Batch
from envs.game import Dynamics, Game, with_settings
from envs.random_moves import openings
from envs.random_stream import seed_streams

# Games begin after 0 to so many random moves, drawn evenly, or two players without chance would repeat one game.
OPENING_PLIES = {"tic_tac_toe": 2, "connect_four": 8}
DEFAULT_OPENING_PLIES = 2


@dataclass(frozen=True)
class Matches:
    """The results, all as seen by `a`."""

    game: Game  # as it was played
    a: str
    b: str
    seed: int
    opening_plies: int
    returns: np.ndarray  # [2, N] float32, rewards summed over the game, not discounted
    outcomes: np.ndarray  # [2, N] int8: 1 won, 0 drawn, -1 lost; by forfeit, by goals if counted, else by the return
    goals_for: np.ndarray | None  # [2, N] int64, of games that count goals
    goals_against: np.ndarray | None
    statistics: dict[str, np.ndarray] | None  # [2, N, 2] float64 by name, of `a` and of `b`, of games that keep them
    lengths: np.ndarray  # [2, N] int32, steps after the opening
    truncated: np.ndarray  # [2, N] bool: the clock ended the game
    initial_states: np.ndarray  # [2, N], after the opening
    first_streams: np.ndarray  # [N] uint64, the random streams that the games of each pair were begun on
    openings: np.ndarray  # [N, plies] int32: the random moves before `initial_states`, of which the first
    opening_lengths: np.ndarray  # [N] int64 were made
    actions: np.ndarray | None  # [T, 2, N] or [T, 2, N, P] int16 (or numbers), if recorded; 0 once a game is over
    forfeits: dict[tuple[int, int], str] = field(default_factory=dict)  # {(half, pair): why}; `outcomes` says by whom

    @property
    def pairs(self) -> int:
        return self.outcomes.shape[1]

    @property
    def games(self) -> int:
        return self.outcomes.size

    @cached_property
    def wins(self) -> int:
        return int((self.outcomes > 0).sum())

    @cached_property
    def draws(self) -> int:
        return int((self.outcomes == 0).sum())

    @cached_property
    def losses(self) -> int:
        return int((self.outcomes < 0).sum())

    @property
    def score(self) -> float:
        """Share of the points."""
        return float(self.pair_points.mean()) / 2

    @property
    def pair_points(self) -> np.ndarray:
        """[N] float64: points of `a` in each pair, 0, 0.5, ... 2. Pairs are independent, their two games are not.

        A point for a game won, half of one for a draw. In games for chips a pair is won, with both points, by whoever
        took more chips in the two games of one deal, as in duplicate bridge: a game won may be a small one."""
        return self.game_points.sum(axis=0)

    @property
    def game_points(self) -> np.ndarray:
        """[2, N] float64: points of `a` in each game, 0, 0.5 or 1; the two games of a pair for chips are one result."""
        if self.game.largest_reward > 1:
            won = np.sign(self.returns.sum(axis=0, dtype=np.float64))
            return np.broadcast_to((1 + won) / 2, self.returns.shape)
        return (1.0 + self.outcomes) / 2

    @property
    def mean_return(self) -> float:
        """What a game pays `a` on average."""
        return float(self.returns.mean(dtype=np.float64))

    @property
    def return_margin(self) -> float | None:
        """1.96 standard errors of `mean_return`, pairs being what is independent; None for a single pair."""
        of_pairs = self.returns.mean(axis=0, dtype=np.float64)
        return float(1.96 * of_pairs.std(ddof=1) / np.sqrt(self.pairs)) if self.pairs > 1 else None

    @property
    def goal_share(self) -> float | None:
        """Of all goals, those that `a` scored; None if there were none."""
        if self.goals_for is None or self.goals_against is None:
            return None
        total = int(self.goals_for.sum() + self.goals_against.sum())
        return int(self.goals_for.sum()) / total if total else None

    def record(self, half: int, pair: int, time: str, game_name: str | None = None) -> Record:
        """One game as it was played, its opening included. `game_name` where the game is not the package's."""
        if self.actions is None:
            raise ValueError("these matches were not recorded; play them with record=True")
        names = (self.a, self.b) if half == 0 else (self.b, self.a)
        played = self.actions[: self.lengths[half, pair], half, pair]
        opening = self.openings[pair, : self.opening_lengths[pair]]
        actions = np.concatenate([opening, played]) if len(opening) else played
        return Record(
            game=self.game,
            game_name=game_name or self.game.id,
            stream=int(self.first_streams[pair]),
            seats=tuple(Seat("agent", names[team]) for team in self.game.teams),
            actions=actions.astype(self.game.action_dtype),
            time=time,
        )


# A ball game as it is played for a result: the usual 90 s, goals and all else counted, nothing paid for but goals.
MATCH_SETTINGS = {"mode": "match", "time_limit": 0.0, "human_knowledge": "none", "statistics": True}


def as_match(game: Game) -> Game:
    """The game as it is played for a result: whole matches of the usual length, and no shaped reward to count."""
    known = {setting.name for setting in game.schema}
    values = {name: value for name, value in MATCH_SETTINGS.items() if name in known}
    return with_settings(game, values) if "mode" in values else game


def opening_plies(game: Game) -> int:
    """The length of random openings in measurements: 0 where the start differs from game to game anyway."""
    if game.dynamics is Dynamics.SIMULTANEOUS or game.num_deals > 1:
        return 0
    return OPENING_PLIES.get(game.id, DEFAULT_OPENING_PLIES)


def play_pairs(
    game: Game,
    a: Agent,
    b: Agent,
    pairs: int,
    seed: int,
    opening: int | None = None,
    *,
    record: bool = False,
) -> Matches:
    """Play `pairs` pairs of games at once; the same arguments give the same games.

    `opening`: begin after 0 to so many random moves (None: the game's own number). `record` keeps the actions.
    """
    if pairs < 1:
        raise ValueError(f"pairs is {pairs}; at least one pair is played")
    if set(game.teams) != {0, 1}:
        raise ValueError(f"{game.id} has {len(set(game.teams))} sides; matches are between two")
    game = as_match(game)
    plies = opening_plies(game) if opening is None else opening
    batch = Batch(game, 2 * pairs, seed, autoreset=False, opening_plies=plies)
    batch.states[pairs:] = batch.states[:pairs]
    batch.refresh()
    initial = batch.states.copy()
    opened = openings(game, seed_streams(seed, 2 * pairs)[:pairs], plies)
    team_of_seat = np.array(game.teams)
    sequential = game.dynamics is Dynamics.SEQUENTIAL
    seats = [np.flatnonzero(team_of_seat == side) for side in (0, 1)]
    # one stream a side, begun anew for each half: what side s draws in half 0 it draws again in half 1
    draws = [[np.random.default_rng([seed, 1, side]) for side in (0, 1)] for _ in (0, 1)]
    seats_of_a_step = () if sequential else (game.num_players,)
    actions = np.zeros((2 * pairs, *seats_of_a_step, *game.action_shape), game.action_dtype)
    returns = np.zeros((2 * pairs, game.num_players), np.float32)
    lengths = np.zeros(2 * pairs, np.int32)
    recorded: list[np.ndarray] = []
    forfeits: dict[int, tuple[int, str]] = {}  # {game: (side, why)}
    for agent in (a, b):
        agent.reset(np.arange(2 * pairs))
    while True:
        live = ~(batch.terminated | batch.truncated)
        if not live.any():
            break
        for half in (0, 1):
            rows = half * pairs + np.flatnonzero(live[half * pairs : (half + 1) * pairs])
            movers = team_of_seat[batch.states["current_player"][rows]] if sequential else None
            for side in (0, 1):
                agent = (a, b)[side ^ half]
                if movers is not None:
                    asked = rows[movers == side]
                    players = batch.states["current_player"][asked].astype(np.int64)
                    where: tuple[np.ndarray, ...] = (asked,)
                else:
                    asked = np.repeat(rows, len(seats[side]))
                    players = np.tile(seats[side], len(rows))
                    where = (asked, players)
                if len(asked):
                    states = np.take(batch.states, asked)  # on records 13 times as fast as batch.states[asked]
                    try:
                        actions[where] = agent.act(states, players, draws[half][side])
                    except Forfeit as forfeit:
                        actions[where] = forfeit.actions
                        for row, reason in forfeit.reasons.items():
                            forfeits.setdefault(int(asked[row]), (side, reason))
        given_up = [row for row in forfeits if live[row]]
        batch.terminated[given_up] = True
        live[given_up] = False
        actions[~live] = 0
        batch.step(actions)
        returns += batch.rewards
        lengths += live
        if record:
            recorded.append(actions.copy() if game.action_shape else actions.astype(np.int16))
    for row, (side, _) in forfeits.items():
        returns[row] = np.where(team_of_seat == side, -game.largest_reward, game.largest_reward)
    reasons = {row: reason for row, (_, reason) in forfeits.items()}
    return _collect(game, a.name, b.name, seed, plies, batch, initial, opened, returns, lengths, recorded, reasons)


def _collect(
    game: Game,
    a: str,
    b: str,
    seed: int,
    plies: int,
    batch: Batch,
    initial: np.ndarray,
    opened: tuple[np.ndarray, np.ndarray, np.ndarray],
    returns: np.ndarray,
    lengths: np.ndarray,
    recorded: list[np.ndarray],
    forfeits: dict[int, str],
) -> Matches:
    pairs = len(lengths) // 2
    first_seats = [game.teams.index(0), game.teams.index(1)]

    def halves(by_side: np.ndarray, own: bool) -> np.ndarray:
        """[2N, 2] by side -> [2, N] of `a` (own) or of `b`."""
        return np.stack([by_side[:pairs, 0 if own else 1], by_side[pairs:, 1 if own else 0]])

    own_returns = halves(returns[:, first_seats], own=True)
    goals_for = goals_against = statistics = None
    margin = own_returns
    if "score" in (game.state_dtype.names or ()):
        score = batch.states["score"].astype(np.int64)
        goals_for, goals_against = halves(score, own=True), halves(score, own=False)
        margin = goals_for - goals_against
    given_up = np.isin(np.arange(2 * pairs), list(forfeits)).reshape(2, pairs)
    if game.settings.get("statistics"):
        from envs.ball.statistics import summary

        kept = summary(batch.states)
        statistics = {
            name: np.stack([halves(by_side, own=True), halves(by_side, own=False)], axis=-1)
            for name, by_side in kept.items()
        }
    return Matches(
        game, a, b, seed, plies,
        returns=own_returns,
        outcomes=np.sign(np.where(given_up, own_returns, margin)).astype(np.int8),
        goals_for=goals_for,
        goals_against=goals_against,
        statistics=statistics,
        lengths=lengths.reshape(2, pairs),
        truncated=batch.truncated.reshape(2, pairs).copy(),
        initial_states=initial.reshape(2, pairs),
        first_streams=opened[0],
        openings=opened[1],
        opening_lengths=opened[2],
        actions=np.stack(recorded).reshape(len(recorded), 2, pairs, *recorded[0].shape[1:]) if recorded else None,
        forfeits={divmod(row, pairs): reason for row, reason in sorted(forfeits.items())},
    )  # fmt: skip
