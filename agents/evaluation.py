"""Measures an agent: paired games against named opponents, and a rating where these are anchors.

    result = evaluate(agent, make("ball_2v2"), ["scripted:L2", "scripted:L3"], pairs=64, seed=1)
    result.rating, result.win_rates, result.scalars()

The rating comes from the game's anchors alone (agents/anchors).
"""

import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from agents.agent import Agent
from agents.anchors import load_anchors
from agents.matches import Matches, play_pairs
from agents.names import make_agent, tag
from agents.ratings import Rating, rate
from envs.game import Game


@dataclass(frozen=True)
class Against:
    """The result against one opponent, as seen by the measured agent."""

    opponent: str
    games: int
    wins: int
    draws: int
    losses: int
    goals_for: int | None  # None in games without goals
    goals_against: int | None
    score: float  # share of the points, a draw being half a point; in games for chips, of the pairs
    mean_return: float  # what a game paid, on average
    return_margin: float | None  # 95% of such measurements lie so near to the truth; None for a single pair
    statistics: dict[str, tuple[float, float]] | None  # of the agent and the opponent, means over games that keep them
    mean_length: float  # steps of a game, after its opening
    forfeits: dict[str, int]  # games given up, by whom and why
    seconds: float

    @property
    def win_rate(self) -> float:
        return self.wins / self.games

    @property
    def draw_rate(self) -> float:
        return self.draws / self.games

    @property
    def goal_share(self) -> float | None:
        """Of all goals, those that the agent scored; None if there were none."""
        total = (self.goals_for or 0) + (self.goals_against or 0)
        return (self.goals_for or 0) / total if total else None


@dataclass(frozen=True)
class Evaluation:
    agent: str
    game: str
    largest_reward: float  # above 1 games are played for more than to win: what they pay on average counts
    pairs: int
    seed: int
    against: tuple[Against, ...]
    rating: Rating | None  # None if no opponent is an anchor
    seconds: float

    @property
    def win_rates(self) -> dict[str, float]:
        return {result.opponent: result.win_rate for result in self.against}

    def scalars(self) -> dict[str, float]:
        """By tag, for TensorBoard: eval/win_rate/<opponent>, eval/draw_rate/, eval/goal_share/ (if there were goals),
        eval/return/ (in games paid in chips), rating/elo, rating/low, rating/high; and match/<statistic> of the agent
        against the last of the opponents, in games that keep statistics."""
        values: dict[str, float] = {}
        if self.against and self.against[-1].statistics:
            values |= {f"match/{name}": own for name, (own, _) in self.against[-1].statistics.items()}
        for result in self.against:
            name = tag(result.opponent)
            values[f"eval/win_rate/{name}"] = result.win_rate
            values[f"eval/draw_rate/{name}"] = result.draw_rate
            if result.goal_share is not None:
                values[f"eval/goal_share/{name}"] = result.goal_share
            if self.largest_reward > 1:
                values[f"eval/return/{name}"] = result.mean_return
        if self.rating is not None:
            values |= {f"rating/{name}": value for name, value in self.rating._asdict().items()}
        return values

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        rating = self.rating._asdict() if self.rating else None
        return {**asdict(self), "against": [asdict(result) for result in self.against], "rating": rating}


def evaluate(
    agent: Agent,
    game: Game,
    opponents: Sequence[str],
    pairs: int,
    seed: int,
    *,
    opening: int | None = None,
    tell: Callable[[Against], None] | None = None,
    keep: Callable[[str, Matches], None] | None = None,
) -> Evaluation:
    """Play `pairs` pairs of games against each opponent, all from `seed`; `tell` hears of each opponent's result,
    `keep` gets the games themselves, recorded.

    `opening`: games begin after 0 to so many random moves (None: the game's own number, as the
    anchors' ratings).
    An opponent's games do not depend on who else is in the list. Raises what `make_agent` raises, before any game.
    """
    if repeated := {name for name in opponents if list(opponents).count(name) > 1}:
        raise ValueError(f"opponents named twice: {', '.join(sorted(repeated))}")
    rivals = {name: make_agent(name, game) for name in opponents}
    anchors = load_anchors(game.id)
    begun = time.perf_counter()
    points: dict[str, np.ndarray] = {}
    results = []
    for name, rival in rivals.items():
        started = time.perf_counter()
        own_seed = int(np.random.SeedSequence([seed, zlib.crc32(name.encode())]).generate_state(1)[0])
        matches = play_pairs(game, agent, rival, pairs, own_seed, opening, record=keep is not None)
        points[name] = matches.pair_points
        results.append(_summary(name, matches, time.perf_counter() - started))
        if tell:
            tell(results[-1])
        if keep:
            keep(name, matches)
    rating = rate(points, anchors, seed) if anchors.keys() & points.keys() else None
    seconds = time.perf_counter() - begun
    return Evaluation(agent.name, game.id, game.largest_reward, pairs, seed, tuple(results), rating, seconds)


def _summary(name: str, matches: Matches, seconds: float) -> Against:
    goals_for, goals_against = (
        None if goals is None else int(goals.sum()) for goals in (matches.goals_for, matches.goals_against)
    )
    return Against(
        opponent=name,
        games=matches.games,
        wins=matches.wins,
        draws=matches.draws,
        losses=matches.losses,
        goals_for=goals_for,
        goals_against=goals_against,
        score=matches.score,
        mean_return=matches.mean_return,
        statistics=_means(matches),
        return_margin=matches.return_margin,
        mean_length=float(matches.lengths.mean()),
        forfeits=dict(
            Counter(
                f"{matches.a if matches.outcomes[game] < 0 else matches.b} {reason}"
                for game, reason in matches.forfeits.items()
            )
        ),
        seconds=seconds,
    )


def _means(matches: Matches) -> dict[str, tuple[float, float]] | None:
    if matches.statistics is None:
        return None
    means = {name: values.mean(axis=(0, 1)) for name, values in matches.statistics.items()}
    return {name: (float(own), float(other)) for name, (own, other) in means.items()}
