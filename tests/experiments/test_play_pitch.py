"""Playing the ball game by keys, in real time."""

import numpy as np
import pytest

from agents.records import read_record
from envs import make
from envs.ball.actions import COMPASS_CONTROL, CONTINUOUS, HEADING
from experiments.hands import LEFT_HAND, LEFT_KICKS, BallHand
from tests.experiments.table import kept


@pytest.mark.parametrize(("game_id", "control"), [("ball_1v1", COMPASS_CONTROL), ("ball_1v1_continuous", CONTINUOUS)])
@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(("keys", "way"), [
    ("d", (1, 0)), ("a", (-1, 0)), ("w", (0, 1)), ("s", (0, -1)),
    ("dw", (1, 1)), ("aw", (-1, 1)), ("as", (-1, -1)), ("ds", (1, -1)), ("", (0, 0)), ("ad", (0, 0)),
])  # fmt: skip
def test_keys_run_where_they_point_on_the_screen(game_id, control, team, keys, way):
    from envs.batch import Batch
    from envs.render.controls import Key

    game = make(game_id, mode="match")
    batch = Batch(game, 1, seed=1, autoreset=False)
    hand = BallHand(team, LEFT_HAND, LEFT_KICKS, control)
    for key in keys:
        hand.feel(Key(key))
    start = batch.states["position"][0, team].copy()
    for _ in range(2):
        actions = np.zeros((1, 2, *game.action_shape), game.action_dtype)
        actions[0, team] = hand.take()
        batch.step(actions)
    moved = batch.states["position"][0, team] - start
    assert np.sign(np.round(moved, 3)).tolist() == list(way)


@pytest.mark.parametrize(("keys", "action"), [
    ("d", [1, 0, -1]), ("w", [0, 1, -1]), ("aw", [-(0.5**0.5), 0.5**0.5, -1]), ("", [0, 0, -1]),
    (["space"], [0, 0, 1]), (["s", "space"], [0, -1, 1]),
])  # fmt: skip
def test_keys_are_a_force_of_length_one_and_a_kick_where_actions_are_numbers(keys, action):
    from envs.render.controls import Key

    hand = BallHand(0, LEFT_HAND, LEFT_KICKS, CONTINUOUS)
    for key in keys:
        hand.feel(Key(key))
    taken = hand.take()
    assert taken.dtype == np.float32
    assert taken == pytest.approx(action)


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize(("keys", "action"), [
    ("", 0), ("w", 1), ("s", 2), ("a", 3), ("d", 6), ("aw", 4), ("ds", 8), ("ad", 0), (["d", "w", "space"], 9 + 7),
])  # fmt: skip
def test_keys_turn_and_thrust_where_players_have_headings(team, keys, action):
    """As the player sees it, whichever way its team plays."""
    from envs.render.controls import Key

    hand = BallHand(team, LEFT_HAND, LEFT_KICKS, HEADING)
    for key in keys:
        hand.feel(Key(key))
    assert hand.take() == action


def test_a_tap_between_two_decisions_counts_once():
    from envs.render.controls import Key, Release

    hand = BallHand(0, LEFT_HAND, LEFT_KICKS, COMPASS_CONTROL)
    for event in (Key("space"), Release("space"), Key("d"), Release("d")):
        hand.feel(event)
    assert hand.take() == 10  # a kick, forward
    assert hand.take() == 0
    for event in (Key("w"), Key("w"), Key("w")):  # held, it repeats
        hand.feel(event)
    assert hand.take() == 3
    hand.feel(Key("w"))
    hand.feel(Release("w"))
    assert hand.take() == 0


def test_a_match_is_played_by_keys_in_real_time(seated, tmp_path):
    """Ten pictures a decision at 50 a second, whatever the person does; the other seats are agents'."""
    import pygame

    table = seated("ball_2v2", "--against", "random", time_limit=3.0)
    table.pass_by(100)
    assert table.sitting.match.moves == 0  # waits for a key
    assert "press a key" in table.line
    table.seen()
    table.hold(pygame.K_d, "d")
    table.pass_by(25 + 1)  # half a second to look
    for number in range(1, 4):
        assert table.sitting.match.moves == number
        table.pass_by(10)
    assert [int(action[0]) for action in table.sitting.match.actions[:3]] == [1, 1, 1]
    table.let_go(pygame.K_d)
    table.hold(pygame.K_SPACE, " ")
    table.pass_by(10)
    assert table.sitting.match.actions[-1][0] == 9
    table.let_go(pygame.K_SPACE)
    table.hold(pygame.K_LEFT)
    for _ in range(400):
        table.pass_by()
    table.seen()
    assert table.sitting.match.over
    assert table.sitting.match.moves == 15
    record = read_record(*kept(tmp_path))
    assert record.result.ended == "truncated"
    assert [seat.kind for seat in record.seats] == ["person", "agent", "agent", "agent"]
    assert [seat.name for seat in record.seats] == ["You", "scripted:L3", "random", "random"]
    assert (record.decisions(of="person")[2] == np.array(table.sitting.match.actions)[:, 0]).all()


def test_pause_help_and_swap_on_the_pitch(seated):
    import pygame

    table = seated("ball_1v1")
    table.press(pygame.K_d, "d")
    table.pass_by(40)
    moves = table.sitting.match.moves
    assert moves > 0
    for stop, go_on in (("pause", "pause"), ("help", "help")):
        table.button(stop)
        table.seen()
        table.pass_by(50)
        assert table.sitting.match.moves == moves
        table.button(go_on)
        table.pass_by(10)
        assert table.sitting.match.moves > moves
        moves = table.sitting.match.moves
    table.button("swap")
    assert table.sitting.match.names == ("scripted:L2", "You")
    assert table.sitting.seats_of_people == (1,)
    table.hold(pygame.K_d, "d")
    table.pass_by(40)
    assert table.sitting.match.actions[-1][1] == 5  # to the right is backwards for team 1


def test_two_people_on_the_pitch(seated):
    import pygame

    table = seated("ball_1v1", "--seat", "both")
    table.hold(pygame.K_w, "w")
    table.hold(pygame.K_DOWN)
    table.hold(pygame.K_RETURN, "\r")
    table.pass_by(40)
    assert table.sitting.match.actions[-1].tolist() == [3, 9 + 3]  # up; down is its left for team 1, which plays left


def test_a_player_with_a_heading_is_steered_by_turning(seated):
    """A decision turns by 45°, to the left as the player sees it; then it runs that way."""
    import pygame

    table = seated("ball_2v2_heading")
    assert (table.sitting.company.rival_name, table.sitting.company.mates_name) == ("scripted:L2", "scripted:L3")
    assert "turn" in table.window.controls.help
    assert any("turn, 45°" in meaning for _, meaning in table.playing.panel.rows)
    table.seen()
    table.hold(pygame.K_LEFT)
    table.pass_by(26)
    table.let_go(pygame.K_LEFT)
    table.hold(pygame.K_UP)
    table.pass_by(20)
    assert [int(action[0]) for action in table.sitting.match.actions[:3]] == [3, 1, 1]
    assert table.state["heading"][0] == pytest.approx(np.pi / 4, abs=1e-3)
    velocity = table.state["velocity"][0]
    assert velocity[0] == pytest.approx(velocity[1], rel=1e-2)
    assert velocity[0] > 0.5


def test_numbers_are_played_and_kept(seated, tmp_path):
    """What was played by hand with continuous actions is in the record, bit for bit."""
    import pygame

    table = seated("ball_1v1_continuous")
    table.hold(pygame.K_d, "d")
    table.pass_by(26 + 20)
    table.sitting.keep()
    record = read_record(*kept(tmp_path))
    assert record.actions.dtype == np.float32
    assert record.actions.shape == (3, 2, 3)
    assert record.actions[:, 0].tolist() == [[1, 0, -1]] * 3
    assert (record.actions == np.array(table.sitting.match.actions)).all()
    *_, last = record.positions()
    table.pass_by(8)  # to the end of the third decision
    assert last["position"].tobytes() == table.state["position"].tobytes()
