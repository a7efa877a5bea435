"""Several learners in one SelfPlay: each trains on its own games, joins the pool, and all of it can be continued."""

import json
from dataclasses import replace

import numpy as np
import psutil
import pytest

from agents.league import LeagueSettings
from tests.agents.rllib.conftest import ROLLOUTS, config_for
from tests.agents.rllib.test_algorithm import differences, train

LEAGUE = LeagueSettings(
    mains=1, main_exploiters=1, league_exploiters=1, exploiter_share=0.5, promotion_pairs=32, patience=2
)


def build(runners: int = 0, seed: int = 0, league: LeagueSettings = LEAGUE, **rollouts):
    config = config_for(runners, seed=seed, **rollouts)
    config.self_play(replace(config.selfplay, league=league, pool_size=6))
    return config.build_algo()


def all_weights(algorithm) -> list[dict[str, np.ndarray]]:
    return [algorithm.weights(learner) for learner in range(3)]


def test_each_update_moves_one_learner_and_counts_for_it(ray_running):
    algorithm = build()
    for _ in range(8):
        before, turn = all_weights(algorithm), algorithm.league.next_turn().index
        algorithm.train()
        moved = [
            any(not np.array_equal(old[name], new[name]) for name in old)
            for old, new in zip(before, all_weights(algorithm), strict=True)
        ]
        assert algorithm.report.learner == turn
        assert moved[turn]
        assert moved.count(True) == 1
    assert [one.updates for one in algorithm.league.learners] == [4, 2, 2]
    assert algorithm.updates == 8
    assert algorithm.env_steps == 8 * ROLLOUTS.num_games * ROLLOUTS.length
    algorithm.stop()


def test_only_the_exploiter_s_side_of_its_games_is_sampled(ray_running):
    algorithm = build()
    seats = {0: 0.75, 1: 0.5, 2: 0.5}  # of two; half of the main's games are against the past
    for _ in range(4):
        algorithm.train()
        report = algorithm.report
        assert report.agent_steps / report.env_steps == pytest.approx(seats[report.learner], abs=0.05)
    algorithm.stop()


def test_an_exploiter_begins_anew_as_a_copy_of_the_main(ray_running):
    """After two chances without success; what Adam remembers is gone as well."""
    algorithm = build(league=replace(LEAGUE, league_exploiters=0))
    exploiter = algorithm.league.learners[1]
    for member in algorithm.league.pool.members:
        member.count(1, 1e6, 0)  # as if it had lost for ever
    for _ in range(8):
        main, before = algorithm.weights(0), exploiter.updates
        algorithm.train()
        if exploiter.updates > before:
            copied = all(np.array_equal(main[name], w) for name, w in algorithm.weights(1).items())
            assert copied == (exploiter.updates == 4)
    assert algorithm.learner.optimizer("main_exploiter_0").state == {}
    assert algorithm.joined == []
    algorithm.stop()


def test_an_exploiter_that_wins_its_test_joins(ray_running, monkeypatch):
    algorithm = build(league=replace(LEAGUE, league_exploiters=0))
    asked = []

    def play(weights, member, pairs, seed):
        asked.append(member.learner)
        return np.array([0, 0, 0, 0, pairs], np.float64)

    monkeypatch.setattr(algorithm, "_play_pairs", play)
    for _ in range(8):
        for member in algorithm.league.learners[1].slots:
            member.count(1, 1e6, 1e6)
        before = algorithm.weights(1)
        algorithm.train()
        if algorithm.joined:
            break
    (member,) = algorithm.joined
    assert asked == [0, 0]  # sixteen pairs that were all won do not decide yet
    assert member in algorithm.league.pool.members
    assert (member.learner, member.env_steps) == (1, algorithm.env_steps)
    assert not all(np.array_equal(before[name], member.weights[name]) for name in before)  # its last update counts
    algorithm.stop()


def test_the_test_of_promotion_plays_the_game_itself(ray_running):
    """A network against itself, by seats swapped, scores half of the points in every pair where both halves are alike;
    and the numbers add up."""
    algorithm = build()
    counts = algorithm._play_pairs(algorithm.weights(), algorithm.league.pool.members[0], 32, 7)
    again = algorithm._play_pairs(algorithm.weights(), algorithm.league.pool.members[0], 32, 7)
    assert counts.sum() == 32
    assert counts.tolist() == again.tolist()
    assert counts @ np.arange(5) / 2 == pytest.approx(32, abs=12)
    algorithm.stop()


def test_a_continued_league_equals_an_uninterrupted_one_bit_for_bit(ray_running):
    """Long enough for exploiters to begin anew, and for a slot to hold one that has left the pool."""
    straight = train(build(), 48)
    arrays, state = train(build(), 24).export()
    assert len(state["members"]) >= state["pool"] == 6
    resumed = build(seed=77)
    resumed.train()
    resumed.import_(arrays, json.loads(json.dumps(state)))
    train(resumed, 24)
    assert differences(resumed, straight) == []
    for algorithm in (straight, resumed):
        algorithm.stop()


def test_another_league_is_refused(ray_running):
    arrays, state = build().export()
    other = build(league=replace(LEAGUE, league_exploiters=0))
    with pytest.raises(ValueError, match="are main_0, main_exploiter_0, league_exploiter_0, not main_0, main_"):
        other.import_(arrays, state)
    other.stop()


def test_remote_runners_play_for_each_learner_in_turn(ray_running):
    """Whose turn it is gets the weights before the update that goes on, unless it is its own turn again."""
    algorithm = build(runners=2)
    turns = []
    for _ in range(8):
        algorithm.train()
        turns.append(algorithm.report.learner)
    assert sorted(turns) == [0, 0, 0, 0, 1, 1, 2, 2]
    assert algorithm.env_steps == 8 * ROLLOUTS.num_games * ROLLOUTS.length
    seen = algorithm.env_runner_group.foreach_env_runner(
        lambda runner: sorted(runner._rollouts), local_env_runner=False
    )
    assert seen == [[0, 1, 2]] * 2
    algorithm.stop()


@pytest.mark.slow
def test_a_runner_s_memory_does_not_grow_with_the_pool(ray_running):
    """A thousand members, of 20 MB together: a runner holds as many as it has slots."""
    config = config_for(1)
    network = config.selfplay.network | {"hidden": [64, 64]}
    config.self_play(replace(config.selfplay, pool_size=1000, snapshot_every=1, network=network))
    algorithm = config.build_algo()

    def resident() -> float:
        (found,) = algorithm.env_runner_group.foreach_env_runner(
            lambda runner: psutil.Process().memory_info().rss / 1e6, local_env_runner=False
        )
        return found

    train(algorithm, 100)
    early = resident()
    train(algorithm, 900)
    assert len(algorithm.league.pool.members) == 1000
    print(f"a runner's memory: {early:.1f} MB with 100 members, {resident():.1f} MB with 1,000")
    assert resident() < early + 8
    algorithm.stop()
