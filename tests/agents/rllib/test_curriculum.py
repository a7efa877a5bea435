"""Games that are trained on before the game itself: entered between updates, continued bit for bit, runners follow."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.agents.rllib.conftest import CHASE, ROLLOUTS, config_for, settings_for
from tests.agents.rllib.test_algorithm import differences, train
from tests.agents.rllib.test_runners import each

SMALL, LARGE = CHASE.replace("2v2", "1v1"), CHASE
BEFORE = ((SMALL, {"observation": "entities"}), (LARGE, {"observation": "entities", "length": 3.0}))
UPDATE = ROLLOUTS.num_games * ROLLOUTS.length


@pytest.fixture
def build(ray_running):
    made = []

    def make_one(runners: int = 0, seed: int = 0):
        config = config_for(runners, CHASE, seed)
        config.selfplay = replace(settings_for(CHASE), before=BEFORE)
        made.append(config.build_algo())
        return made[-1]

    yield make_one
    for algorithm in made:
        algorithm.stop()


def test_the_game_itself_is_the_last(ray_running):
    selfplay = replace(settings_for(CHASE), before=BEFORE)
    games = [selfplay.game_of(stage) for stage in range(3)]
    assert [game.id for game in games] == ["chase_1v1", "chase_2v2", "chase_2v2"]
    assert [game.settings["length"] == 3 for game in games] == [False, True, False]
    with pytest.raises(IndexError):
        selfplay.game_of(3)


def test_each_stage_is_played_by_the_same_network(build):
    algorithm = build()
    seats = []
    for stage in range(3):
        algorithm.enter(stage)
        algorithm.train()
        wanted, boards = algorithm.config.selfplay.game_of(stage), algorithm.env_runner.rollouts.batch.states
        assert boards.dtype == wanted.state_dtype
        assert set(boards["settings"]["length"]) == {wanted.settings["length"]}
        assert algorithm.report.env_steps == UPDATE
        seats.append(algorithm.report.agent_steps / UPDATE)
    assert seats == pytest.approx([1.5, 3.0, 3.0])  # half of the games are against the past: one team of two learns
    assert algorithm.env_steps == 3 * UPDATE


def test_the_past_selves_play_on_in_the_next_stage(build):
    algorithm = train(build(), 4)
    algorithm.enter(1)
    wanted = [member.weights for member in algorithm.league.learners[0].slots]  # drawn anew at the end of the update
    algorithm.train()
    found = [network.state_dict() for network in algorithm.env_runner.rollouts.past_selves]
    assert len(found) == len(wanted) == 2
    for network, weights in zip(found, wanted, strict=True):
        assert all(np.array_equal(network[name].numpy(), weights[name]) for name in weights)


def test_a_run_continued_in_a_later_stage_is_bit_for_bit_the_run_that_went_on(build):
    straight = build()
    train(straight, 2)
    straight.enter(1)
    train(straight, 2)
    arrays, state = straight.export()
    assert arrays["games_0_0"]["states"].dtype == straight.config.selfplay.game_of(1).state_dtype
    resumed = train(build(), 1)
    resumed.import_(arrays, json.loads(json.dumps(state)))
    for algorithm in (straight, resumed):
        train(algorithm, 1)
        algorithm.enter(2)
        train(algorithm, 2)
    assert differences(straight, resumed) == []


def test_runners_follow_and_what_they_had_played_before_is_left_out(build):
    algorithm = train(build(runners=2), 2)
    algorithm.enter(1)
    algorithm.report = None
    algorithm.train()  # in flight was what belongs to stage 0
    assert algorithm.report is None
    assert algorithm.env_steps == 2 * UPDATE
    algorithm.train()
    assert algorithm.report.agent_steps == 3 * UPDATE
    assert each(algorithm, lambda runner: (runner.stage, runner.game.id)) == [(1, "chase_2v2")] * 2
    assert algorithm.sampler.deaths == 0
