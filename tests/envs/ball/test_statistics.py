"""Match statistics: scenes with known answers for each of them, and what must hold of their sums in any game."""

import numpy as np
import pytest

from envs.ball.statistics import COUNTS, NAMES, summary
from envs.batch import Batch
from tests.envs.ball.scenes import (
    FREE,
    KICK,
    SIZES,
    STAND,
    ball_game,
    decide,
    finish,
    move,
    play,
    scene,
    towards_ball,
)
from tests.envs.test_contract import bits

HOME = ((-4.0, 2.0), (-4.0, -2.0), (4.0, 2.0), (4.0, -2.0))  # where the players stand between touches
SEAT_KICKS = [[KICK if seat == kicker else STAND for seat in range(4)] for kicker in range(4)]


def counting_game(**changes):
    return ball_game(2, statistics=True, **{**FREE, **changes})


def counted(states: np.ndarray, name: str) -> list:
    """Of team 0 and team 1."""
    return summary(states)[name][0].tolist()


def touch(states: np.ndarray, *seats: int) -> None:
    """A physics step in which these players run against a resting ball on the spot, from sides opposite each other."""
    for number, seat in enumerate(seats):
        side = 1 - 2 * number
        states["position"][0, seat], states["velocity"][0, seat] = (0.86 * side, 0), (-2 * side, 0)
    decide(states, STAND)
    move(states)
    rest(states)


def rest(states: np.ndarray, steps: int = 0) -> None:
    """Everyone at home, the ball on the spot; then so many physics steps in which nothing moves."""
    states["position"][0, :4], states["position"][0, 4], states["velocity"][0] = HOME, 0, 0
    for _ in range(steps):
        move(states)


def resting(**changes) -> np.ndarray:
    return scene(counting_game(**changes), (0, 0), *HOME)


def kicked(ball: tuple, player: tuple, seat: int = 0, others: dict | None = None, **changes) -> np.ndarray:
    """A scene in which the seat has just kicked, in the first physics step of a decision."""
    places = list(HOME)
    places[seat] = player
    for other, place in (others or {}).items():
        places[other] = place
    states = scene(counting_game(**changes), ball, *places)
    decide(states, SEAT_KICKS[seat])
    move(states)
    assert states["kick_ready_at"][0, seat] > 0
    return states


# Touches and possession


def test_a_touch_is_one_of_its_own_after_a_fifth_of_a_second_without():
    states = resting()
    for seat, steps, touches in (
        (0, 0, [1, 0]),
        (0, 0, [1, 0]),
        (0, 9, [1, 0]),  # the tenth step after the last touch: 0.2 s
        (0, 10, [2, 0]),
        (1, 0, [3, 0]),
        (3, 0, [3, 1]),
        (1, 3, [3, 1]),
        (1, 30, [4, 1]),
    ):
        rest(states, steps)
        touch(states, seat)
        assert counted(states, "touches") == touches


def test_a_kick_is_a_touch():
    states = kicked((0, 0), (-1, 0))
    assert counted(states, "touches") == [1, 0]
    assert states["statistics"]["holder"] == 0


def test_a_ball_squeezed_between_opponents_is_touched_once_by_each():
    """The contact goes on for many physics steps, and for several rounds of the solver in each of them."""
    states = scene(counting_game(), (0, 0), (-0.9, 0, 3, 0), HOME[1], (0.9, 0, -3, 0), HOME[3])
    play(states, STAND)
    assert counted(states, "touches") == [1, 1]
    assert counted(states, "tackles") == [0, 0]
    assert counted(states, "possession") == [0, 0]  # both at once: nobody


def test_possession_is_the_share_of_decisions_after_the_last_touch():
    states = resting()
    finish(states)  # nobody has it
    touch(states, 0)
    for _ in range(3):
        finish(states)
    touch(states, 3)
    finish(states)
    touch(states, 0, 2)  # both at once: it stays with the team that had it
    finish(states)
    assert counted(states, "possession") == [0.6, 0.4]


# Passes


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(("receiver", "completed"), [("mate", True), ("opponent", False), ("both", None)])
def test_a_pass_is_completed_or_intercepted_by_whoever_touches_the_ball_next(team, receiver, completed):
    """Straight across the pitch to the team-mate, 4 m away."""
    seat, mate, opponent = 2 * team, 2 * team + 1, 2 - 2 * team
    states = kicked((0, -2), (0, -3), seat, {mate: (0, 2)})
    expected = [1, 0] if team == 0 else [0, 1]
    assert counted(states, "passes") == expected
    rest(states, 20)
    touch(states, *{"mate": [mate], "opponent": [opponent], "both": [mate, opponent]}[receiver])
    assert counted(states, "passes_completed") == (expected if completed else [0, 0])
    assert counted(states, "interceptions") == (expected[::-1] if completed is False else [0, 0])
    rest(states, 20)
    touch(states, mate)
    touch(states, opponent)
    assert counted(states, "passes") == expected
    assert sum(counted(states, "passes_completed")) + sum(counted(states, "interceptions")) == (completed is not None)


def test_the_kickers_own_next_touch_ends_a_pass():
    states = kicked((0, -2), (0, -3), 0, {1: (0, 2)})
    rest(states, 20)
    touch(states, 0)
    touch(states, 1)
    assert counted(states, "passes") == [1, 0]
    assert counted(states, "passes_completed") == [0, 0]


@pytest.mark.parametrize(("degrees", "passes"), [(0, 1), (19, 1), (-19, 1), (21, 0), (180, 0)])
def test_a_pass_goes_towards_a_team_mate(degrees, passes):
    angle = np.radians(90 + degrees)
    states = kicked((0, -1), (0, -2), 0, {1: (3 * np.cos(angle), -1 + 3 * np.sin(angle))})
    assert counted(states, "passes") == [passes, 0]


@pytest.mark.parametrize(("distance", "passes"), [(8.4, 1), (8.7, 0)])
def test_a_pass_must_get_there(distance, passes):
    """A ball at 8 m/s rolls v/d - r/d² ln(1 + d v/r) = 8.54 m against a drag d of 0.8/s and a rolling r of 0.3 m/s²."""
    drag = {"ball_drag": 0.8, "ball_rolling": 0.3, "pitch_length": 40.0}
    states = kicked((0, -4), (0, -5), 0, {1: (0, -4 + distance)}, **drag)
    assert counted(states, "passes") == [passes, 0]


def test_a_pass_that_is_played_out():
    """0.6 s at 8 m/s to the team-mate; then to an opponent in the lane instead."""
    for lane, completed, interceptions in ({}, [1, 0], [0, 0]), ({2: (0, 0.5)}, [0, 0], [0, 1]):
        states = scene(counting_game(), (0, -2), (0, -3), (0, 2.5), lane.get(2, HOME[2]), HOME[3])
        play(states, SEAT_KICKS[0])
        assert counted(states, "possession") == [1, 0]
        play(states, STAND, decisions=2)
        assert counted(states, "passes") == [1, 0]
        assert counted(states, "passes_completed") == completed
        assert counted(states, "interceptions") == interceptions
        assert counted(states, "tackles") == [0, 0]


# Shots


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(
    ("across", "shots", "on_target"), [(0, 1, 1), (1.9, 1, 1), (-2.1, 1, 0), (3.9, 1, 0), (4.1, 0, 0)]
)
def test_a_shot_is_a_kick_that_would_cross_the_line_in_the_goal_or_beside_it(team, across, shots, on_target):
    """Straight ahead, from 4 m; the goal is 4 m wide."""
    sign = 1 - 2 * team
    states = kicked((4 * sign, across), (3 * sign, across), 2 * team, {1: (-7, 4), 3: (7, -4)})
    assert counted(states, "shots")[team] == shots
    assert counted(states, "shots_on_target")[team] == on_target
    assert counted(states, "shots")[1 - team] == counted(states, "shots_on_target")[1 - team] == 0
    assert counted(states, "passes") == [0, 0]


def test_a_shot_must_get_there_and_go_forward():
    drag = {"ball_drag": 0.8, "ball_rolling": 0.3}
    for x, shots in ((-0.4, 1), (-0.7, 0)):  # a ball at 8 m/s rolls 8.54 m
        states = kicked((x, 0), (x - 1, 0), others={1: (-7, 4)}, **drag)
        assert counted(states, "shots_on_target") == [shots, 0]
    states = kicked((-4, 0), (-3, 0), others={1: (-7, 4)})  # at the own goal
    assert counted(states, "shots") == [0, 0]


@pytest.mark.parametrize(
    ("across", "toucher", "saves"), [(0, 2, [0, 1]), (0, 1, [0, 0]), (3, 2, [0, 0])], ids=["saved", "mate", "wide"]
)
def test_a_save_is_the_other_teams_touch_of_a_shot_on_target(across, toucher, saves):
    states = kicked((4, across), (3, across), others={1: (-7, 4)})
    rest(states, 20)
    touch(states, toucher)
    touch(states, 3)
    assert counted(states, "saves") == saves
    assert counted(states, "interceptions") == [0, 0]


# Tackles


@pytest.mark.parametrize(
    ("steps", "toucher", "tackles"), [(0, 2, [0, 1]), (49, 2, [0, 1]), (50, 2, [0, 0]), (5, 1, [0, 0])]
)
def test_a_tackle_takes_the_ball_from_an_opponent_who_had_it_within_a_second(steps, toucher, tackles):
    states = resting()
    touch(states, 0)
    rest(states, steps)
    touch(states, toucher)
    assert counted(states, "tackles") == tackles


def test_a_tackle_counts_once_though_both_stay_at_the_ball():
    states = resting()
    touch(states, 0)
    touch(states, 0, 2)
    assert counted(states, "tackles") == [0, 1]
    for _ in range(3):
        touch(states, 2)
        touch(states, 0)
        touch(states, 0, 2)
    assert counted(states, "tackles") == [0, 1]
    assert counted(states, "touches") == [1, 1]


def test_a_kicked_ball_is_not_tackled():
    states = kicked((0, -4), (-1, -4), others={1: (-7, 4), 3: (7, 4)})  # beside the goal, to nobody
    rest(states, 3)
    touch(states, 2)
    assert counted(states, "tackles") == [0, 0]
    assert [counted(states, name) for name in ("shots", "passes")] == [[0, 0], [0, 0]]


# Goals


def test_goals_and_own_goals_are_those_of_the_score():
    states = scene(counting_game(), (7.5, 0, 6, 0), *HOME)
    play(states, STAND)
    assert counted(states, "goals") == [1, 0]
    assert counted(states, "own_goals") == [0, 0]
    states = scene(counting_game(), (-6.1, 0), (-5, 0), *HOME[1:])
    play(states, SEAT_KICKS[0], decisions=2)
    assert counted(states, "goals") == [0, 1]
    assert counted(states, "own_goals") == [1, 0]
    assert counted(states, "shots") == [0, 0]


def test_nobody_has_the_ball_after_a_kick_off_or_a_reset_and_resets_are_counted():
    states = scene(counting_game(mode="match"), (7.2, 0), (6.2, 0), *HOME[1:])
    play(states, SEAT_KICKS[0])
    assert counted(states, "goals") == [1, 0]
    assert states["statistics"]["holder"] == -1
    ran = counted(states, "distance")
    np.testing.assert_array_equal(states["statistics"]["before"], states["position"])
    play(states, STAND)
    assert counted(states, "distance") == ran  # where the kick-off puts a player it does not run to
    states = resting()
    touch(states, 0)
    for _ in range(20):
        play(states, STAND)
    assert counted(states, "resets") == [1, 1]
    assert states["statistics"]["holder"] == -1


# Ways and places


def test_distance_and_spread():
    """For a decision of 0.2 s: at 1 m/s and 2 m/s; at 3 m/s and at rest. The centre is as far from either of two."""
    states = scene(counting_game(), (0, 0), (-4, 2, 1, 0), (-4, -2, 0, -2), (1, 2, 3, 0), (5, -1))
    play(states, STAND)
    np.testing.assert_allclose(counted(states, "distance"), [0.6, 0.6])
    expected = [np.hypot(0.2, 4.4) / 2, np.hypot(3.4, 3) / 2]
    np.testing.assert_allclose(counted(states, "spread"), expected)
    play(states, STAND)
    np.testing.assert_allclose(counted(states, "distance"), [1.2, 1.2])
    expected = [(expected[0] + np.hypot(0.4, 4.8) / 2) / 2, (expected[1] + np.hypot(2.8, 3) / 2) / 2]
    np.testing.assert_allclose(counted(states, "spread"), expected)


@pytest.mark.parametrize(("seat", "progress"), [(None, [0, 0]), (1, [0.2, 0]), (2, [0, -0.2])])
def test_progress_is_the_owners_way_forward(seat, progress):
    states = resting()
    if seat is not None:
        touch(states, seat)
    states["velocity"][0, -1] = (1, 0.5)
    play(states, STAND)
    np.testing.assert_allclose(counted(states, "ball_progress"), progress)


@pytest.mark.parametrize(("x", "share"), [(2.6, [0, 0]), (2.7, [1, 0]), (-2.6, [0, 0]), (-2.7, [0, 1])])
def test_the_final_third_is_the_last_before_the_others_goal(x, share):
    states = scene(counting_game(), (x, 4), *HOME)
    play(states, STAND, decisions=3)
    assert counted(states, "final_third") == share


# Any game


def busy(game, seed: int, steps: int):
    """A batch in which most run at the ball and kick now and then, step by step."""
    batch = Batch(game, 64, seed)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        shape = batch.states["kick_asked"].shape
        actions = np.where(rng.random(shape) < 0.6, towards_ball(batch.states), rng.integers(0, 9, shape))
        batch.step(actions + KICK * (rng.random(shape) < 0.5))
        yield batch


@pytest.mark.parametrize("size", SIZES)
def test_counting_changes_nothing_and_without_it_nothing_is_counted(size):
    pairs = zip(*(busy(ball_game(size, statistics=on, time_limit=6.0), 1, 100) for on in (True, False)), strict=True)
    for counting, plain in pairs:
        for name in counting.states.dtype.names:
            if name not in ("statistics", "settings"):
                assert bits(counting.states[name]) == bits(plain.states[name]), name
        assert counting.observations.tobytes() == plain.observations.tobytes()
        assert counting.rewards.tobytes() == plain.rewards.tobytes()
        assert not any(bits(plain.states["statistics"]))
        began = counting.states["decision"] == 0
        for name in (*COUNTS, "possession", "final_third", "distance", "spread", "ball_progress"):
            assert not counting.states["statistics"][name][began].any(), name
    assert counting.states["statistics"]["touches"].any()
    assert list(summary(plain.states)) == list(NAMES)


@pytest.mark.parametrize("size", SIZES)
def test_sums_are_consistent(size):
    totals = dict.fromkeys(COUNTS, 0)
    for batch in busy(ball_game(size, statistics=True, mode="match", time_limit=40.0), 2, 199):
        of = summary(batch.states)
        assert (of["passes_completed"] + of["interceptions"][:, ::-1] <= of["passes"]).all()
        assert (of["shots_on_target"] <= of["shots"]).all()
        assert (of["saves"] <= of["shots_on_target"][:, ::-1]).all()
        had = of["possession"].sum(axis=1)
        assert ((had == 0) | (np.abs(had - 1) < 1e-12)).all()
        assert (of["final_third"].sum(axis=1) <= 1).all()
        assert (of["goals"] >= of["own_goals"][:, ::-1]).all()
        assert (of["resets"][:, 0] == batch.states["ball_resets"]).all()
        fastest = size * batch.states["decision"][:, None] * 0.2 * 5.0
        assert (of["distance"] <= fastest * (1 + 1e-6) + 0.1 * batch.states["decision"][:, None]).all()
    for name in COUNTS:
        totals[name] = of[name].sum(axis=0)
        wanted = 0 if size == 1 and name in ("passes", "passes_completed", "interceptions") else 1
        assert (totals[name] >= wanted).all(), name
