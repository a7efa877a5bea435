"""Who plays whom how often, what came out, and what follows from it: a round robin or a gauntlet of named players.

    plan = Plan(("scripted:L3", "scripted:L2", "random"), pairs=128)
    results = [play(fixture, game, agents) for fixture in plan.fixtures()]
    table = Table.of(plan, results, anchors)

A fixture is so many pairs of games of two players, played in one call, and is what an interrupted tournament resumes
at. Its seed depends on the tournament's seed, the two names and its number alone, so that nobody's games depend on who
else takes part. The first round of everybody comes before the second of anybody: an unfinished table is a fair one.
"""

import hashlib
import itertools
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from agents.agent import Agent
from agents.matches import Matches, play_pairs
from agents.payoffs import NashAverage, cycles, cyclic_share, nash_average
from agents.ratings import RESULTS, points_share
from agents.standings import DRAWS, Edge, Standings, counts_of_games, counts_of_pairs, fit_standings
from envs.game import Dynamics, Game

AT_ONCE = 128  # pairs of a fixture; more at once are a little faster, and more is lost by an interruption
AT_ONCE_SLOW = 2  # of players that think for seconds


@dataclass(frozen=True)
class Fixture:
    a: str
    b: str
    number: int  # of those of these two, from 0
    pairs: int
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        return self.a, self.b, self.number


@dataclass(frozen=True)
class Plan:
    """Raises ValueError where there is nothing to play."""

    players: tuple[str, ...]
    pairs: int  # of each two that meet
    seed: int = 0
    opening: int | None = None  # random plies, None for the game's own number
    gauntlet: bool = False  # the first meets everybody else; without it everybody meets everybody
    at_once: int = AT_ONCE
    earlier: tuple[int, ...] = ()  # the `pairs` that it had before it was extended, each of which ended a fixture

    def __post_init__(self) -> None:
        if repeated := [name for name in dict.fromkeys(self.players) if self.players.count(name) > 1]:
            raise ValueError(f"{', '.join(repeated)}: named twice; a player meets others, not itself")
        if len(self.players) < 2:
            raise ValueError("a match is between two players or more")
        if self.pairs < 1 or self.at_once < 1:
            raise ValueError(f"there are {self.pairs} pairs of games, {self.at_once} at once; both must be 1 or more")

    @property
    def edges(self) -> list[Edge]:
        if self.gauntlet:
            return [(self.players[0], other) for other in self.players[1:]]
        return list(itertools.combinations(self.players, 2))

    def fixtures(self) -> Iterator[Fixture]:
        ends = (*self.earlier, self.pairs)
        rounds = [
            min(self.at_once, end - done)
            for begin, end in itertools.pairwise((0, *ends))
            for done in range(begin, end, self.at_once)
        ]
        for number, pairs in enumerate(rounds):
            for a, b in self.edges:
                words = [self.seed, zlib.crc32(a.encode()), zlib.crc32(b.encode()), number]
                seed = int(np.random.SeedSequence(words).generate_state(1)[0])
                yield Fixture(a, b, number, pairs, seed)

    def extended(self, pairs: int) -> "Plan":
        """With more pairs of each two; what was played stays. Raises ValueError for fewer."""
        if pairs < self.pairs:
            raise ValueError(f"there are {2 * self.pairs} games of each two already, more than {2 * pairs}")
        if pairs == self.pairs:
            return self
        return replace(self, pairs=pairs, earlier=(*self.earlier, self.pairs))


@dataclass(frozen=True)
class FixtureResult:
    """What is kept of a fixture beside its games; all as seen by `a`."""

    a: str
    b: str
    number: int
    pairs: int
    seed: int
    counts: list[list[int]]  # [3][3] pairs by half points of a where it was first, and where b was
    wins: int
    draws: int
    losses: int
    goals: list[int] | None  # for and against, of games that count goals
    hashes: list[str]  # [pairs] of the games of each pair, 16 hex digits: what is the same has the same
    paid: list[float] | None  # what a game paid a on average, and 1.96 standard errors, of games for chips
    mean_length: float  # steps of a game, after its opening
    statistics: dict[str, list[float]] | None  # means a match of a and of b, of games that keep them
    forfeits: list[list[Any]]  # [half, pair, who gave up, why]

    @property
    def key(self) -> tuple[str, str, int]:
        return self.a, self.b, self.number

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Any) -> "FixtureResult":
        """Raises ValueError for what `to_json` did not write."""
        if not isinstance(found, dict) or set(found) != set(cls.__dataclass_fields__):
            raise ValueError("its keys are not those of a result")
        counts = np.array(found["counts"])
        if counts.shape != (3, 3) or counts.dtype.kind != "i" or (counts < 0).any() or counts.sum() != found["pairs"]:
            raise ValueError("its counts are not those of its pairs")
        if len(found["hashes"]) != found["pairs"]:
            raise ValueError("its hashes are not those of its pairs")
        if found["wins"] + found["draws"] + found["losses"] != 2 * found["pairs"]:
            raise ValueError("its games are not those of its pairs")
        return cls(**found)


def play(fixture: Fixture, game: Game, agents: Mapping[str, Agent], opening: int | None = None) -> Matches:
    """The games, recorded."""
    a, b = agents[fixture.a], agents[fixture.b]
    return play_pairs(game, a, b, fixture.pairs, fixture.seed, opening, record=True)


def summary(fixture: Fixture, matches: Matches) -> FixtureResult:
    goals = None
    if matches.goals_for is not None and matches.goals_against is not None:
        goals = [int(matches.goals_for.sum()), int(matches.goals_against.sum())]
    statistics = None
    if matches.statistics is not None:
        statistics = {name: values.mean(axis=(0, 1)).tolist() for name, values in matches.statistics.items()}
    return FixtureResult(
        fixture.a, fixture.b, fixture.number, fixture.pairs, fixture.seed,
        counts=counts_of_games(matches.game_points).tolist(),
        wins=matches.wins, draws=matches.draws, losses=matches.losses,
        goals=goals,
        hashes=_hashes(matches),
        paid=[matches.mean_return, matches.return_margin or 0.0] if matches.game.largest_reward > 1 else None,
        mean_length=float(matches.lengths.mean()),
        statistics=statistics,
        forfeits=[
            [half, pair, fixture.a if matches.outcomes[half, pair] < 0 else fixture.b, reason]
            for (half, pair), reason in matches.forfeits.items()
        ],
    )  # fmt: skip


def _hashes(matches: Matches) -> list[str]:
    """Of each pair: its start, where starts differ without moves, and all moves of both games."""
    if matches.actions is None:
        raise ValueError("these matches were not recorded; play them with record=True")
    dealt = matches.game.dynamics is Dynamics.SIMULTANEOUS or matches.game.num_deals > 1
    found = []
    for pair in range(matches.pairs):
        digest = hashlib.sha256(matches.openings[pair, : matches.opening_lengths[pair]].tobytes())
        if dealt:
            digest.update(matches.initial_states[:, pair].tobytes())
        for half in (0, 1):
            digest.update(matches.actions[: matches.lengths[half, pair], half, pair].tobytes() + b"/")
        found.append(digest.hexdigest()[:16])
    return found


@dataclass(frozen=True)
class Meeting:
    """All games of two players so far, as seen by `a`."""

    a: str
    b: str
    counts: np.ndarray  # [3, 3] int64
    wins: int
    draws: int
    losses: int
    goals: tuple[int, int] | None
    distinct: int  # different pairs
    paid: float | None  # what a game paid a on average, of games for chips
    forfeits: list[tuple[str, str]]  # who gave up, and why
    mean_length: float
    statistics: dict[str, tuple[float, float]] | None

    @property
    def pairs(self) -> int:
        return int(self.counts.sum())

    @property
    def pairs_by_points(self) -> np.ndarray:
        """[5] float64: 0, 0.5, 1, 1.5, 2 points of a."""
        return counts_of_pairs(self.counts)

    @property
    def score(self) -> float:
        """Share of the points."""
        return float(self.pairs_by_points @ RESULTS) / self.pairs

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share, 95% (agents/ratings.py)."""
        return points_share(np.repeat(2 * RESULTS, self.pairs_by_points.astype(np.int64)))

    @classmethod
    def of(cls, results: Sequence[FixtureResult]) -> "Meeting":
        """Of one edge's results, one at least."""
        pairs = np.array([result.pairs for result in results], np.float64)

        def mean(values: Sequence[float]) -> float:
            return float(np.asarray(values) @ pairs / pairs.sum())

        goals = [result.goals for result in results if result.goals is not None]
        kept = [result.statistics for result in results if result.statistics is not None]
        statistics = None
        if len(kept) == len(results):
            statistics = {
                name: (mean([of[name][0] for of in kept]), mean([of[name][1] for of in kept])) for name in kept[0]
            }
        return cls(
            results[0].a, results[0].b,
            counts=np.sum([result.counts for result in results], axis=0),
            wins=sum(result.wins for result in results),
            draws=sum(result.draws for result in results),
            losses=sum(result.losses for result in results),
            goals=(sum(own for own, _ in goals), sum(other for _, other in goals)) if goals else None,
            distinct=len({games for result in results for games in result.hashes}),
            paid=mean([result.paid[0] for result in results if result.paid]) if results[0].paid else None,
            forfeits=[(who, why) for result in results for _, _, who, why in result.forfeits],
            mean_length=mean([result.mean_length for result in results]),
            statistics=statistics,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """All but the statistics."""
        values = {**vars(self), "counts": self.counts.tolist()}
        return {name: values[name] for name in values if name != "statistics"}

    @classmethod
    def from_json(cls, found: Any) -> "Meeting":
        """Raises ValueError for what `to_json` did not write."""
        if not isinstance(found, dict) or {*found, "statistics"} != set(cls.__dataclass_fields__):
            raise ValueError("its keys are not those of a meeting")
        counts = np.array(found["counts"])
        if counts.shape != (3, 3) or counts.dtype.kind != "i" or (counts < 0).any():
            raise ValueError("its counts are not numbers of pairs")
        games = [found["losses"], found["draws"], found["wins"]]
        by_half_points = (counts.sum(axis=0) + counts.sum(axis=1)).tolist()
        if sum(games) != 2 * counts.sum() or (found["paid"] is None and games != by_half_points):
            raise ValueError("its games are not those of its counts")
        if not 1 <= found["distinct"] <= counts.sum():
            raise ValueError("its different pairs are not those of its counts")
        goals, forfeits = found["goals"], [(str(who), str(why)) for who, why in found["forfeits"]]
        kept = {"counts": counts, "goals": goals and tuple(goals), "forfeits": forfeits, "statistics": None}
        return cls(**{**found, **kept})


@dataclass(frozen=True)
class Table:
    """What follows from the games so far. Letters: K players, the best first."""

    meetings: dict[Edge, Meeting]
    standings: Standings
    players: list[str]  # [K]
    payoffs: np.ndarray  # [K, K] share of the row's player's points against the column's; nan where they did not meet
    nash: NashAverage | None  # nan for who is outside the core; None where some two of it did not meet
    cyclic_share: float | None

    @classmethod
    def of(cls, results: Sequence[FixtureResult], anchors: Mapping[str, float], seed: int = 0) -> "Table":
        """`anchors` keep their Elo; where nobody else plays, only the weakest of them does. Raises ValueError for
        results that leave somebody unconnected, or none."""
        by_edge: dict[Edge, list[FixtureResult]] = {}
        for result in results:
            by_edge.setdefault((result.a, result.b), []).append(result)
        return cls.of_meetings([Meeting.of(own) for own in by_edge.values()], anchors, seed)

    @classmethod
    def of_meetings(
        cls,
        of_each_two: Iterable[Meeting],
        anchors: Mapping[str, float],
        seed: int = 0,
        *,
        draws: int = DRAWS,
        core: Collection[str] | None = None,
    ) -> "Table":
        """The same of one meeting an edge. `draws`: as in `fit_standings`. `core`: whose the Nash average
        and the cyclic share are (None: everybody's)."""
        meetings = {(meeting.a, meeting.b): meeting for meeting in of_each_two}
        halves = not any(meeting.paid is not None for meeting in meetings.values())  # for chips a pair is one result
        present = {name: anchors[name] for edge in meetings for name in edge if name in anchors}
        if all(name in present for edge in meetings for name in edge):
            present = dict(sorted(present.items(), key=lambda item: item[1])[:1])
        standings = fit_standings(
            {edge: meeting.counts for edge, meeting in meetings.items()}, present, seed, draws, halves=halves
        )
        players = list(standings.ratings)
        index = {name: i for i, name in enumerate(players)}
        payoffs = np.full((len(players), len(players)), np.nan)
        for (a, b), meeting in meetings.items():
            payoffs[index[a], index[b]], payoffs[index[b], index[a]] = meeting.score, 1 - meeting.score
        inside = np.array([core is None or name in core for name in players])
        of_core = np.ix_(inside, inside)
        same = np.eye(len(players), dtype=np.bool_)
        nash = share = None
        if (~np.isnan(payoffs) | same)[of_core].all():
            margins = np.where(same, 0, payoffs - 0.5)[of_core]
            weights, values = np.full((2, len(players)), np.nan)
            weights[inside], values[inside] = nash_average(margins)
            nash, share = NashAverage(weights, values), cyclic_share(margins)
        return cls(meetings, standings, players, payoffs, nash, share)

    @cached_property
    def ends(self) -> np.ndarray:
        """[2, K, K]: the ends of the payoffs' 95% intervals."""
        index = {name: i for i, name in enumerate(self.players)}
        low, high = np.full((2, *self.payoffs.shape), np.nan)
        for (a, b), meeting in self.meetings.items():
            i, j = index[a], index[b]
            low[i, j], high[i, j] = meeting.interval
            low[j, i], high[j, i] = 1 - high[i, j], 1 - low[i, j]
        return np.stack([low, high])

    @cached_property
    def cycles(self) -> list[tuple[str, str, str]]:
        """a beats b, b beats c, c beats a, each beyond doubt."""
        if not cycles(np.nan_to_num(self.payoffs) - 0.5):  # intervals take their time
            return []
        found = cycles(np.nan_to_num(self.ends[0]) - 0.5)
        return [(self.players[i], self.players[j], self.players[k]) for i, j, k in found]

    @property
    def distinct_share(self) -> float:
        """Of all pairs, those that differ from the others of the same two players."""
        pairs = sum(meeting.pairs for meeting in self.meetings.values())
        return sum(meeting.distinct for meeting in self.meetings.values()) / pairs
