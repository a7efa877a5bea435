"""Who learns, whom each of them meets, who joins the pool, and when an exploiter begins anew."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from agents.league import League, LeagueSettings
from agents.rollouts import RolloutSettings
from agents.sprt import Verdict

ROLLOUTS = RolloutSettings(num_games=8, length=4, gamma=0.9, gae_lambda=0.9, pool_share=0.5, slots=3)
FOUR = LeagueSettings(mains=2, main_exploiters=1, league_exploiters=1)


def league_of(settings: LeagueSettings = FOUR, sampling="uniform", pool_size=16) -> League:
    league = League(settings, ROLLOUTS, pool_size, sampling, averaging=3.0, seed=0)
    for main in range(settings.mains):
        league.pool.add(main, 0, {})
    return league


def nobody_plays(*_):
    raise AssertionError("no games were to be played")


def wins(share: float):
    """Pairs in which both games are won, or both lost: this share of them."""

    def play(member, pairs: int, seed: int) -> np.ndarray:
        won = round(share * pairs)
        return np.array([pairs - won, 0, 0, 0, won], np.float64)

    return play


def test_names_and_kinds():
    learners = league_of().learners
    assert [one.name for one in learners] == ["main_0", "main_1", "main_exploiter_0", "league_exploiter_0"]
    assert [one.kind for one in learners] == ["main", "main", "main_exploiter", "league_exploiter"]
    assert [one.average is not None for one in learners] == [True, True, False, False]


@pytest.mark.parametrize(
    ("settings", "shares"),
    [(FOUR, [0.3, 0.3, 0.2, 0.2]), (replace(FOUR, exploiter_share=0.8), [0.1, 0.1, 0.4, 0.4]), (LeagueSettings(), [1]),
     (LeagueSettings(mains=4), [0.25] * 4),
     (LeagueSettings(main_exploiters=3, exploiter_share=0.3), [0.7] + [0.1] * 3)],
)  # fmt: skip
def test_turns_are_dealt_out_by_shares(settings: LeagueSettings, shares: list[float]):
    """Nobody is ever more than two turns from its share; a turn may be asked for one ahead."""
    league = league_of(settings)
    after = None
    for number in range(1, 201):
        learner = league.next_turn(after)
        if after:
            after.updates += 1
            assert league.next_turn() is learner
        after = learner
        done = np.array([one.updates for one in league.learners])
        assert np.abs(done - np.array(shares) * (number - 1)).max() < 2.5
    assert done / 199 == pytest.approx(shares, abs=0.01)


def test_exploiters_play_members_alone_and_mains_as_configured():
    league = league_of()
    assert league.rollouts(0) == league.rollouts(1) == ROLLOUTS
    assert (league.rollouts(2).pool_share, league.rollouts(2).slots) == (1.0, 1)
    assert (league.rollouts(3).pool_share, league.rollouts(3).slots) == (1.0, 3)


def test_a_main_exploiter_meets_the_newest_self_of_its_main():
    """The third learner of two mains is after main 0, and a second one would be after main 1."""
    league = league_of(replace(FOUR, main_exploiters=2))
    league.pool.add(0, 50, {})
    newest = league.pool.add(0, 100, {})
    of_the_other = league.pool.add(1, 120, {})
    league.pool.add(4, 130, {})
    for learner, wanted in zip(league.learners[2:4], (newest, of_the_other), strict=True):
        league.draw(learner)
        assert learner.slots == [wanted]


def test_a_main_exploiter_turns_to_the_next_self_as_soon_as_it_joins():
    """The other main's concern nobody else, and one that fails its test changes nothing."""
    league = league_of(replace(FOUR, main_exploiters=2, promotion="sprt", promotion_pairs=64))
    first, second = league.learners[2:4]
    for exploiter in (first, second):
        league.draw(exploiter)
    old, other = first.slots, second.slots
    league.snapshot(league.learners[0], 10, {}, wins(0.0))
    assert first.slots == old
    newest = league.snapshot(league.learners[0], 20, {}, wins(1.0)).member
    assert (first.slots, second.slots) == ([newest], other)


def test_a_league_exploiter_meets_everybody_and_first_who_beats_it():
    league = league_of()
    exploiter = league.learners[3]
    strong, weak = league.pool.add(2, 50, {}), league.pool.add(3, 60, {})
    strong.count(3, 190, 0)
    for member in (*league.pool.members[:2], weak):
        member.count(3, 190, 190)
    met: Counter = Counter()
    for _ in range(200):
        league.draw(exploiter)
        assert len(exploiter.slots) == 3
        met.update(exploiter.slots[:1])
    assert met[strong] > 170
    assert sum(met.values()) == 200


def test_a_main_joins_every_time_without_a_test():
    league = league_of(LeagueSettings())
    for steps in (10, 20):
        outcome = league.snapshot(league.learners[0], steps, {}, nobody_plays)
        assert (outcome.verdict, outcome.anew, outcome.member.env_steps) == (None, False, steps)
    assert [member.env_steps for member in league.pool.members] == [0, 10, 20]
    assert league.learners[0].joined == 2
    assert league.promotion_games == 0


@pytest.mark.parametrize(
    ("share", "verdict", "joins"),
    [(1.0, Verdict.ACCEPTED, True), (0.0, Verdict.REJECTED, False), (0.5, Verdict.REJECTED, False)],
)
def test_with_sprt_a_main_joins_if_it_beats_the_one_before(share: float, verdict: Verdict, joins: bool):
    league = league_of(LeagueSettings(promotion="sprt", promotion_pairs=4096))
    outcome = league.snapshot(league.learners[0], 10, {}, wins(share))
    assert (outcome.verdict, outcome.member is not None, outcome.anew) == (verdict, joins, False)
    assert len(league.pool.members) == 1 + joins
    assert league.promotion_games > 0


def test_a_main_is_tested_against_its_newest_self_alone():
    asked = []

    def play(member, pairs: int, seed: int) -> np.ndarray:
        asked.append((member, pairs, seed))
        return wins(0.5)(member, pairs, seed)

    league = league_of(replace(FOUR, promotion="sprt", promotion_pairs=40))
    league.pool.add(0, 5, {})
    league.pool.add(1, 7, {})
    outcome = league.snapshot(league.learners[0], 10, {}, play)
    assert {member.env_steps for member, _, _ in asked} == {5}
    assert outcome.verdict is Verdict.UNDECIDED
    assert sum(pairs for _, pairs, _ in asked) == 48  # three looks of 16: as many as are allowed, in whole looks
    assert league.promotion_games == 96
    assert len({seed for _, _, seed in asked}) == 3


def test_an_exploiter_that_does_not_win_in_training_is_not_tested():
    league = league_of()
    exploiter = league.learners[2]
    league.draw(exploiter)
    exploiter.slots[0].count(2, 190, 40)
    outcome = league.snapshot(exploiter, 10, {}, nobody_plays)
    assert (outcome.member, outcome.anew, exploiter.tried) == (None, False, 1)


def test_an_exploiter_that_wins_joins_and_begins_anew():
    league = league_of()
    exploiter, main = league.learners[2], league.pool.members[0]
    league.draw(exploiter)
    main.count(2, 190, 180)
    main.count(0, 50, 25)
    outcome = league.snapshot(exploiter, 10, {"w": np.ones(1)}, wins(1.0))
    assert (outcome.verdict, outcome.anew, exploiter.joined, exploiter.tried) == (Verdict.ACCEPTED, True, 1, 0)
    assert league.pool.members[-1] is outcome.member
    assert (outcome.member.learner, outcome.member.env_steps) == (2, 10)
    assert main.share(2) == 0.5  # of the games of the one before nothing counts for the next
    assert main.games[0] == 50


def test_patience_ends():
    league = league_of(replace(FOUR, patience=3))
    exploiter = league.learners[3]
    league.draw(exploiter)
    found = []
    for _ in range(7):
        for member in league.pool.members:
            member.count(3, 190, 0)
        found.append(league.snapshot(exploiter, 10, {}, nobody_plays).anew)
    assert found == [False, False, True, False, False, True, False]
    assert (exploiter.joined, len(league.pool.members)) == (0, 2)


def test_a_pool_too_small_for_the_learners_is_refused():
    with pytest.raises(ValueError, match="a pool of 7 cannot hold the first and the newest self of each of 4 learners"):
        League(FOUR, ROLLOUTS, 7, "uniform", None, seed=0)
