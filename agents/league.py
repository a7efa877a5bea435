"""A league: several networks learn at once, each against others, and who beats them joins the pool that all meet.

    learner                whom it meets                               what joins the pool
    main_0, ...            itself (opponents.latest), and the pool     its self every `snapshot_every` of its updates,
                           by `sampling` (opponents.pool)              or (`sprt`) if it beats the one before
    main_exploiter_0, ...  the newest member of one main alone, as     its self, once it beats that member; then it
                           soon as there is a newer one                begins anew, as a copy of that main
    league_exploiter_0 ... everybody in the pool, first who beats it   the same, once it beats those that it was drawn

Exploiters look for what a main cannot do; a main that meets them in the pool has to learn it. The roles are those of
Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning" (2019); there exploiters
begin anew from a network trained on people's games, of which there are none here. "Beats" is said by a sequential test
(agents/sprt.py) over pairs of whole games, not by a lucky batch. A run without a league is one of a single main.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

import numpy as np

from agents.averaging import WeightAverage
from agents.pool import Member, Pool, Sampling, chances, draw
from agents.rollouts import RolloutSettings
from agents.sprt import Sprt, Verdict

Kind = Literal["main", "main_exploiter", "league_exploiter"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PAIRS_AT_ONCE = 16  # of games, between two looks at the test
HOPEFUL = 0.52  # share of the points in training from which an exploiter is tested: games there are free

PlayPairs = Callable[[Member, int, int], np.ndarray]  # (opponent, pairs, seed) -> pairs [5] by points 0, 0.5, ... 2


@dataclass(frozen=True)
class LeagueSettings:
    """Plain data that travels. `exploiter_share`: of the updates, what the exploiters get together."""

    mains: int = 1
    main_exploiters: int = 0
    league_exploiters: int = 0
    exploiter_share: float = 0.4
    promotion: Literal["every", "sprt"] = "every"  # of mains
    promotion_elo: float = 50.0  # the test is of 0 against so much
    promotion_pairs: int = 128  # at most; then it is undecided, which is no promotion
    patience: int = 10  # chances to join, after which an exploiter begins anew

    @property
    def names(self) -> tuple[str, ...]:
        """Of all learners."""
        counts = (self.mains, self.main_exploiters, self.league_exploiters)
        return tuple(f"{kind}_{i}" for kind, count in zip(KINDS, counts, strict=True) for i in range(count))


@dataclass
class Learner:
    """One of those that learn, as the driver knows it."""

    index: int
    name: str
    kind: Kind
    turns: float  # of this many updates one is its own
    average: WeightAverage | None = None  # of the weights after each update; None: the newest count
    updates: int = 0
    tried: int = 0  # chances to join since it last began anew
    joined: int = 0
    slots: list[Member] = field(default_factory=list)  # whom it meets now
    slots_version: int = 0
    drawn_version: int = 0  # the one at which they were drawn; later ones are the same again

    def meet(self, members: list[Member]) -> None:
        self.slots = members
        self.slots_version += 1
        self.drawn_version = self.slots_version


class League:
    """Who learns, whom each meets, who joins. Raises ValueError for a pool that is too small for them."""

    def __init__(
        self,
        settings: LeagueSettings,
        rollouts: RolloutSettings,
        pool_size: int,
        sampling: Sampling,
        averaging: float | None,
        seed: int,
    ):
        self.settings, self.sampling = settings, sampling
        self._rollouts = rollouts
        self.learners = [self._learner(i, name, averaging) for i, name in enumerate(settings.names)]
        self.pool = Pool(pool_size, len(self.learners))
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 2])))
        self.promotion_games = 0  # that tests of promotion took

    def _learner(self, index: int, name: str, averaging: float | None) -> Learner:
        settings, kind = self.settings, cast(Kind, name.rpartition("_")[0])
        exploiters = settings.main_exploiters + settings.league_exploiters
        if kind == "main":
            share = (1 - settings.exploiter_share if exploiters else 1.0) / settings.mains
            return Learner(index, name, kind, 1 / share, None if averaging is None else WeightAverage(averaging))
        return Learner(index, name, kind, exploiters / settings.exploiter_share)

    def rollouts(self, index: int) -> RolloutSettings:
        """What a learner plays: exploiters meet members of the pool alone."""
        return rollouts_of(self.settings, self._rollouts, index)

    def next_turn(self, after: Learner | None = None) -> Learner:
        """Whose update is next, or will be after one of `after`: turns are dealt out evenly, by shares."""

        def due(learner: Learner) -> tuple[float, int]:
            return (learner.updates + 1 + (learner is after)) * learner.turns, learner.index

        return min(self.learners, key=due)

    def target(self, learner: Learner) -> int:
        """The main that an exploiter is after."""
        return learner.index % self.settings.mains

    def draw(self, learner: Learner) -> None:
        """Let a learner meet others from now on."""
        rollouts = self.rollouts(learner.index)
        if not rollouts.pool_share:
            return
        members = self.pool.members
        if learner.kind == "main_exploiter":
            learner.meet([self.pool.of(self.target(learner))[-1]] * rollouts.slots)
            return
        sampling = self.sampling if learner.kind == "main" else "prioritised"
        learner.meet(draw(members, rollouts.slots, chances(members, learner.index, sampling), self.rng))

    def snapshot(self, learner: Learner, env_steps: int, weights: Any, play: PlayPairs) -> "Outcome":
        """A learner's chance to join the pool, every `snapshot_every` of its updates; afterwards it meets others."""
        learner.tried += 1
        verdict = self._judge(learner, play)
        joins = verdict is None or verdict is Verdict.ACCEPTED
        anew = learner.kind != "main" and (joins or learner.tried >= self.settings.patience)
        member = self.pool.add(learner.index, env_steps, weights) if joins else None
        learner.joined += joins
        if joins or anew:
            learner.tried = 0
        if anew:
            for met in self.pool.members:  # what it learned to do against them is gone
                met.games[learner.index] = met.points[learner.index] = 0.0
        self.draw(learner)
        if joins and learner.kind == "main":
            for other in self.learners:
                if other.kind == "main_exploiter" and self.target(other) == learner.index:
                    self.draw(other)  # else it would learn to beat a main of long ago
        return Outcome(member, verdict, anew)

    def _judge(self, learner: Learner, play: PlayPairs) -> Verdict | None:
        """Whether it is stronger than those it is to beat; None where nobody asks."""
        if learner.kind == "main":
            if self.settings.promotion == "every":
                return None
            opponents = self.pool.of(learner.index)[-1:]
        else:
            opponents = list(dict.fromkeys(learner.slots))
            if np.mean([member.share(learner.index) for member in opponents]) < HOPEFUL:
                return Verdict.REJECTED
        test, counts, played = Sprt(0.0, self.settings.promotion_elo), np.zeros(5), 0
        each = -(-PAIRS_AT_ONCE // len(opponents))
        while played < self.settings.promotion_pairs:
            for member in opponents:
                counts += play(member, each, int(self.rng.integers(2**31)))
                played += each
                self.promotion_games += 2 * each
            if (verdict := test.verdict(counts)) is not Verdict.UNDECIDED:
                return verdict
        return Verdict.UNDECIDED


@dataclass(frozen=True)
class Outcome:
    """Of a chance to join."""

    member: Member | None  # who joined
    verdict: Verdict | None  # None: there was no test
    anew: bool  # whether the learner is to begin anew, as a copy of the main that it was after


def rollouts_of(league: LeagueSettings, rollouts: RolloutSettings, index: int) -> RolloutSettings:
    """Of a learner: mains play as configured, exploiters against members of the pool alone."""
    name = league.names[index]
    if name.startswith("main_exploiter"):
        return replace(rollouts, pool_share=1.0, slots=1, fixed_share=0.0, fixed_agents=())
    if name.startswith("league_exploiter"):
        return replace(rollouts, pool_share=1.0, fixed_share=0.0, fixed_agents=())
    return rollouts
