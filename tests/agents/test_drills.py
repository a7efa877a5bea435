"""The drills: starts are legal and the same for both teams, rules judge known plays, known agents pass and fail."""

import math
from dataclasses import replace

import numpy as np
import pytest

from agents.drills import rules
from agents.drills.catalogue import DRILLS, Drill, find_drill
from agents.drills.rules import Play
from agents.drills.run import DrillResult, opposition, play_drill, run_drills, starting
from agents.drills.starts import NOBODY, OURS, THEIRS, Pitch, fits, place, write
from agents.names import make_agent
from envs import make
from envs.ball.actions import DIRECTIONS
from envs.ball.settings import START_GAP
from envs.batch import Batch
from envs.game import with_settings
from tests.envs.ball.scenes import SIZES, ball_game, fixed_gaps, gaps, rotated

EVERY = pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
ROUNDING = 1e-9  # m


def enough(drill: Drill, size: int) -> None:
    if drill.least_size > size:
        pytest.skip(f"needs {drill.least_size} a side")


# Starts


@EVERY
@pytest.mark.parametrize("size", SIZES)
def test_starts_are_legal_and_varied(drill, size):
    enough(drill, size)
    batch, teams = starting(drill, ball_game(size), 64, seed=3)
    states = batch.states
    assert (gaps(states) >= START_GAP - ROUNDING).all()
    assert (fixed_gaps(states)[:, :, [0, 2]] >= START_GAP - ROUNDING).all()
    world, radius = states["world"], states["world"]["radius"]
    reach = np.abs(states["position"][..., 0]) + radius
    assert (reach <= (world["half_length"] - world["post_radius"] - START_GAP)[:, None] + ROUNDING).all(), "a mouth"
    assert len(np.unique(states["position"].reshape(64, -1), axis=0)) == 64
    assert teams.tolist() == [0] * 32 + [1] * 32
    np.testing.assert_array_equal(states["stuck_anchor"], states["position"][:, -1])
    assert (states["decision"] == 0).all()
    assert (states["goal"] == -1).all()
    assert not batch.terminated.any()
    speed = np.linalg.norm(states["velocity"], axis=2)
    assert (speed <= world["max_speed"]).all()


@EVERY
@pytest.mark.parametrize("size", SIZES)
def test_a_scene_is_exactly_rotated_for_the_other_team(drill, size):
    enough(drill, size)
    game = ball_game(size)
    scenes = []
    for team in (0, 1):
        states = Batch(game, 16, 5).states
        place(drill.start, game, states, np.full(16, team), np.random.default_rng(8))
        scenes.append(states)
    turned = rotated(scenes[0])
    for name in ("position", "velocity", "stuck_anchor", "last_touch_team"):
        np.testing.assert_array_equal(scenes[1][name], turned[name], err_msg=name)


def test_starts_move_only_where_play_is_under_way():
    moving = {
        drill.name
        for drill in DRILLS
        if starting(drill, ball_game(3), 4, seed=0)[0].states["velocity"].any()
    }  # fmt: skip
    assert moving == {"intercept", "tackle", "own_net"}


def test_what_does_not_fit_is_seen():
    game = ball_game(1)
    states = Batch(game, 1, 0).states
    pitch = Pitch.of(states)
    for x, fit in ((0.9, False), (0.96, True), (7.3, True), (7.4, False)):
        bodies = np.zeros((1, 3, 4))
        bodies[0, :, 0] = (x, -3, 0)  # touch is at 0.85 m; a player's end at 8 - 0.5 - 0.08 - 0.1
        assert fits(bodies, pitch)[0] == fit, x
    bodies[0, 0] = (3, 4.5, 0, 0)  # at the side wall
    assert not fits(bodies, pitch)[0]


# Rules


def told(size: int, *moments: dict, team: int = 0) -> Play:
    """One play, a moment a decision: `ball` and the seats (own ones first) at (x, y), in the frame of the drilled team;
    `goal` and `touch` from then on; `kick`: the own seat that kicked since the moment before."""
    game = ball_game(size)
    states = np.repeat(Batch(game, 1, 0).states, len(moments))
    teams = np.array([team])
    bodies = np.zeros((1, 2 * size + 1, 4))
    bodies[0, :-1, 0], bodies[0, :-1, 1] = np.arange(2 * size) - 7.0, -4.5  # out of the way
    touch, ready = NOBODY, np.zeros(2 * size, np.int32)
    for t, moment in enumerate(moments):
        for seat in range(2 * size):
            bodies[0, seat, :2] = moment.get(seat, bodies[0, seat, :2])
        bodies[0, -1, :2] = moment.get("ball", bodies[0, -1, :2])
        touch = moment.get("touch", touch)
        if "kick" in moment:
            ready[team * size + moment["kick"]] += 20
        write(states[t : t + 1], bodies, teams, touch)
        states["kick_ready_at"][t] = ready
        states["goal"][t] = {OURS: team, NOBODY: -1, THEIRS: 1 - team}[moment.get("goal", NOBODY)]
    return Play.of(states[:, None], teams)


START = {"ball": (0, 0), 0: (-1, 0), 1: (0, 4)}
KICKED = {"ball": (0.5, 1.0), "kick": 0, "touch": OURS}
RECEIVED = {"ball": (0.2, 3.2)}
GOAL = {"goal": OURS}
LOST = {"goal": THEIRS}
OWN_END = {"ball": (-6, 0), 0: (-7, 0)}

PLAYS = [
    (rules.scored, True, 1, [START, GOAL]),
    (rules.scored, False, 1, [START, LOST]),
    (rules.scored, False, 1, [START, {"ball": (7, 0), "touch": OURS}]),
    (rules.not_conceded, True, 1, [START, START]),
    (rules.not_conceded, True, 1, [START, GOAL]),
    (rules.not_conceded, False, 1, [START, LOST]),
    (rules.scored_after_a_pass, True, 2, [START, KICKED, RECEIVED, GOAL]),
    (rules.scored_after_a_pass, False, 2, [START, KICKED, RECEIVED, START]),  # no goal
    (rules.scored_after_a_pass, False, 2, [START, KICKED, GOAL]),  # no pass
    (rules.scored_after_a_pass, False, 2, [START, {"ball": (0.5, 1.0)}, RECEIVED, GOAL]),  # nobody kicked
    (rules.scored_after_a_pass, False, 2, [START, KICKED, {"ball": (0.2, 1.4), 1: (0.2, 2)}, GOAL]),  # too short
    (rules.scored_after_a_pass, False, 2, [START, KICKED, {"ball": (0.2, 2), 2: (0.2, 2.9)}, RECEIVED, GOAL]),
    (rules.scored_after_a_pass, False, 2, [START, KICKED, {0: (0.2, 1.5)}, RECEIVED, GOAL]),  # had it again himself
    (rules.scored_after_a_pass, False, 2, [START, KICKED, RECEIVED | {0: (0.2, 2.2)}, GOAL]),  # both have it
    (rules.intercepted, True, 1, [{"ball": (0, -3)}, {"ball": (0, -1)}, {"ball": (1, 1), "touch": OURS}]),
    (rules.intercepted, False, 1, [{"ball": (0, -3)}, {"ball": (0, -1)}, {"ball": (0, 3.4)}, {"touch": OURS}]),
    (rules.intercepted, False, 1, [{"ball": (0, 3)}, {"ball": (0, 1)}, {"ball": (0, -3.4)}, {"touch": OURS}]),
    (rules.intercepted, True, 1, [{"ball": (0, 3)}, {"ball": (0, 1)}, {"ball": (0, 3.4), "touch": OURS}]),
    (rules.intercepted, False, 1, [{"ball": (0, -3)}, {"ball": (0, -1)}, {"ball": (0, 1)}]),
    (rules.tackled, True, 1, [{"ball": (0, 0), 1: (1, 0)}, {"ball": (-1, 0), "touch": OURS}]),
    (rules.tackled, False, 1, [{"ball": (0, 0), 1: (1, 0)}, {"ball": (-0.8, 0), "touch": OURS}]),  # not yet free
    (rules.tackled, False, 1, [{"ball": (0, 0), 1: (1, 0)}, {"ball": (-1, 0), "touch": THEIRS}]),
    (rules.tackled, False, 1, [{"ball": (-7, 0), 1: (1, 0)}, {"ball": (-8.1, 0), "touch": OURS, "goal": THEIRS}]),
    (rules.cleared, True, 1, [OWN_END, {"ball": (-2.6, 0), "touch": OURS}]),
    (rules.cleared, False, 1, [OWN_END, {"ball": (-2.7, 0), "touch": OURS}]),
    (rules.cleared, False, 1, [OWN_END, {"ball": (-2.6, 0), "touch": THEIRS}]),
    (rules.cleared, False, 1, [OWN_END, {"ball": (-8.1, 0), "touch": OURS, "goal": THEIRS}]),
    (rules.scored_apart, True, 2, [START, *[{"ball": (2, 0), 0: (1, 0)}] * 9, GOAL]),
    (rules.scored_apart, False, 2, [START, *[{"ball": (2, 0), 0: (1, 0)}] * 9]),  # no goal
    (rules.scored_apart, False, 2, [START, *[{"ball": (2, 0), 0: (1, 0), 1: (2, 2.9)}] * 9, GOAL]),  # two at it
    (rules.scored_apart, True, 2, [*[{"ball": (2, 0), 0: (1, 0), 1: (2, 2)}] * 5, *[{1: (2, 4)}] * 4, GOAL]),  # in time
    (rules.ahead, True, 1, [START, {"ball": (0.1, 0)}]),
    (rules.ahead, True, 1, [START, {"ball": (-1, 0)}, GOAL]),
    (rules.ahead, False, 1, [START, {"ball": (3, 0)}, {"ball": (-0.1, 0)}]),
    (rules.ahead, False, 1, [START, {"ball": (3, 0)}, LOST]),
    (rules.ahead, False, 1, [START, START]),
]


@pytest.mark.parametrize(("rule", "passes", "size", "moments"), PLAYS)
@pytest.mark.parametrize("team", [0, 1])
def test_rules_judge_plays_that_were_made_up(rule, passes, size, moments, team):
    assert rule(told(size, *moments, team=team)).tolist() == [passes]


def test_every_rule_was_judged_both_ways():
    for drill in DRILLS:
        assert {passes for rule, passes, _, _ in PLAYS if rule is drill.rule} == {True, False}, drill.name


# Running


class Passer:
    """Two a side: passes to the mate, who then plays as the chaser does. Shows that the drill can be passed."""

    name = "passer"

    def __init__(self, game):
        self._chaser = make_agent("scripted:L3", game)

    def act(self, states, players, rng):
        every, forward = np.arange(len(players)), np.where(players < 2, 1, -1)[:, None]
        mates = players ^ 1
        me, mate = (forward * states["position"][every, seats] for seats in (players, mates))
        ball = forward * states["position"][:, -1]
        way = mate + np.array([0.5, 0]) - ball
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        gap = np.linalg.norm(ball - me, axis=1)
        aimed = ((ball - me) * way).sum(axis=1) > math.cos(math.radians(25)) * gap
        run = ball - 0.95 * way - me - 0.2 * forward * states["velocity"][every, players]
        actions = np.where(aimed & (gap < 1.15), _octant(way) + DIRECTIONS, _octant(run))
        actions = np.where(gap < np.linalg.norm(ball - mate, axis=1), actions, 0)
        ready = states["kick_ready_at"]
        kicked = (ready[every, players] > 0) | (ready[every, mates] > 0)
        chased = np.where(ready[every, mates] > 0, self._chaser.act(states, players, rng), 0)
        return np.where(kicked, chased, actions).astype(np.int32)

    def reset(self, rows):
        pass


def _octant(way):
    return 1 + np.round(np.arctan2(way[:, 1], way[:, 0]) / (np.pi / 4)).astype(int) % 8


def rates(name: str, size: int, seeds: int = 64) -> dict[str, float]:
    game = ball_game(size)
    return {tag.removeprefix("drill/"): rate for tag, rate in
            run_drills(make_agent(name, game), game, seeds, seed=1).scalars().items()}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_standing_still_and_playing_at_random_pass_next_to_nothing(size):
    for name, most in (("scripted:L0", 0.1), ("scripted:L1", 0.25)):
        found = rates(name, size)
        assert max(found.values()) <= most, (name, found)
    assert sum(found.values()) / len(found) < 0.1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_chaser_can_do_what_it_was_made_for(size):
    found = rates("scripted:L3", size)
    for name, least in (("empty_goal", 0.4), ("still_goalie", 0.4), ("intercept", 0.6), ("own_net", 0.75)):
        assert found[name] > least, (name, found)
    if size > 1:
        assert found["spacing"] < 0.3  # its whole team runs at the ball
        assert found["pass_and_shoot"] < 0.5  # nobody passes on purpose


def test_passing_and_shooting_can_be_done():
    game = ball_game(2)
    drill = find_drill("pass_and_shoot")
    assert drill.rule(play_drill(drill, Passer(game), game, 64, 1)).mean() > 0.7


def test_the_same_seed_gives_the_same_result_and_another_another():
    game = ball_game(2)
    first, same, other = (run_drills(make_agent("random", game), game, 32, seed) for seed in (4, 4, 5))
    assert first == same
    places = [starting(DRILLS[0], game, 4, seed)[0].states["position"] for seed in (4, 5)]
    assert (places[0] != places[1]).any()
    assert first.scalars() != other.scalars()


def test_a_drills_result_does_not_depend_on_the_others(monkeypatch):
    game = ball_game(2)
    random = make_agent("random", game)
    whole = run_drills(random, game, 32, seed=4).scalars()
    monkeypatch.setattr("agents.drills.run.DRILLS", (find_drill("goalie_angle"),))
    alone = run_drills(random, game, 32, seed=4).scalars()
    assert alone == {"drill/goalie_angle": whole["drill/goalie_angle"]}
    assert whole["drill/goalie_angle"] > 0


def test_the_agent_plays_its_team_and_the_drill_the_other():
    """Seats, teams and rows fit: whoever is asked runs forward, everybody else stands."""
    game = ball_game(3)

    class Forward:
        name = "forward"

        def act(self, states, players, rng):
            return np.ones(len(states), np.int32)

        def reset(self, rows):
            assert rows.tolist() == list(range(24))

    drill = replace(find_drill("empty_goal"), seconds=0.4)
    play = play_drill(drill, Forward(), game, 8, 0)
    assert play.position.shape == (3, 8, 7, 2)
    moved = play.position[-1] - play.position[0]
    assert (moved[:, :3, 0] > 0.1).all()
    assert (moved[:, 3:6] == 0).all()


def test_opponents_sit_on_their_seats():
    game = ball_game(3)
    against = opposition(find_drill("three_against_keeper"), game)
    states = np.repeat(starting(find_drill("three_against_keeper"), game, 2, 0)[0].states[:1], 3)
    actions = against.act(states, np.array([3, 4, 5]), np.random.default_rng(0))
    assert (actions == 0).tolist() == [True, False, True]  # keeper, chaser, one who is not needed
    dribbler = opposition(find_drill("tackle"), game)
    states = Batch(game, 500, 0).states
    seats = np.full(500, 3)
    chased = make_agent("scripted:L3", game).act(states, seats, np.random.default_rng(0))
    np.testing.assert_array_equal(dribbler.act(states, seats, np.random.default_rng(0)), chased % DIRECTIONS)
    assert (chased >= DIRECTIONS).any()


def test_a_ball_that_nobody_fetches_is_not_brought_to_the_centre():
    game = with_settings(ball_game(1), {"stuck_time": 1.0, "mode": "match"})
    drill = find_drill("own_net")
    play = play_drill(drill, make_agent("scripted:L0", game), game, 16, 0)
    assert (play.from_own_line[-1] < 4).all()


def test_small_pitches_and_teams_are_told():
    game = ball_game(1, pitch_length=8.0)
    found = {result.drill.name: result for result in run_drills(make_agent("random", game), game, 2).results}
    assert found["tackle"].missing == "needs a larger pitch"
    assert found["three_against_keeper"].missing == "needs 3 a side"
    assert found["empty_goal"].tried == 2
    tags = run_drills(make_agent("random", game), game, 2).scalars()
    assert "drill/tackle" not in tags
    assert "drill/empty_goal" in tags


def test_the_interval_is_wilsons():
    """(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), worked out for 48 of 64."""
    assert DrillResult(DRILLS[0], 48, 64).interval == pytest.approx((0.63182, 0.83985), abs=1e-4)
    assert DrillResult(DRILLS[0], 0, 64).interval == pytest.approx((0, 0.05662), abs=1e-4)


def test_there_are_twelve_and_other_names_are_refused():
    assert len({drill.name for drill in DRILLS}) == 12
    with pytest.raises(ValueError, match="no drill 'dribble'; known: empty_goal, "):
        find_drill("dribble")
    from envs import make

    game = make("tic_tac_toe")
    with pytest.raises(ValueError, match="of the ball games, not of tic_tac_toe"):
        run_drills(make_agent("random", game), game)
    with pytest.raises(ValueError, match="seeds is 3; it must be even"):
        run_drills(make_agent("random", ball_game(1)), ball_game(1), 3)


@pytest.mark.parametrize("game_id", ["ball_1v1_continuous", "ball_2v2_heading"])
def test_drills_are_for_every_control(game_id):
    game = make(game_id)
    rates = run_drills(make_agent("scripted:L3", game), game, seeds=32).scalars()
    assert rates["drill/empty_goal"] > 0.4
    assert rates["drill/intercept"] > 0.4
    assert run_drills(make_agent("scripted:L0", game), game, seeds=32).scalars()["drill/empty_goal"] == 0
