"""The pitch: bodies are drawn where they are, a rotated position gives the rotated picture, goals are celebrated."""

import math

import numpy as np
import pytest

from envs import make
from envs.batch import Batch
from envs.game import rewards
from envs.render import FRAMES_PER_SECOND, animate, draw
from envs.render.ball_figures import roll
from envs.render.ball_motion import CELEBRATION_SECONDS, bearing, gaze
from envs.render.ball_pitch import LIFT, View
from envs.render.palette import TEAMS
from tests.envs.render.test_boards import is_like, nearest_colour, same

SIZE = (960, 600)


def kick_off(game_id: str = "ball_2v2", **settings):
    game = make(game_id, mode="match", **settings)
    return game, Batch(game, 1, seed=1, autoreset=False).states[0]


def view_of(state: np.void) -> View:
    world = state["world"]
    return View(SIZE, 2 * world["half_length"], 2 * world["half_width"], 2 * world["half_goal"])


def rotated(state: np.void, players: int) -> np.void:
    """The position turned by 180°, and the teams with it."""
    turned = state.copy()
    k = players // 2
    order = [*range(k, players), *range(k), players]
    for field in ("position", "velocity"):
        turned[field] = -state[field][order]
    return turned


@pytest.mark.parametrize("game_id", ["ball_1v1", "ball_2v2", "ball_3v3"])
def test_every_player_stands_where_the_state_says(game_id):
    game, state = kick_off(game_id)
    picture, view = draw(game, state, size=SIZE), view_of(state)
    grass = draw(game, far_away(state), size=SIZE)
    for seat in range(game.num_players):
        x, y = state["position"][seat]
        # the front side of the cube, below the top: nothing is drawn on it
        place = view.at(x, y - 0.78 * 0.5)
        side = nearest_colour(picture, place, 1)
        assert not is_like(side, tuple(nearest_colour(grass, place, 1)))
        strongest = int(np.argmax(side))
        assert strongest == (2 if game.teams[seat] == 0 else 0)  # blue, orange
    ball = nearest_colour(picture, view.at(*state["position"][-1]), 9)
    assert abs(ball - ball.mean()).max() < 25  # grey: white with dark patches


def far_away(state: np.void) -> np.void:
    """The same pitch, everybody standing outside the picture."""
    empty = state.copy()
    empty["position"] = 1000.0
    return empty


def test_a_rotated_position_gives_the_rotated_picture():
    """Turned by 180° with the teams swapped, each body is found at the opposite place, in the other colour."""
    game, state = kick_off()
    state["position"][:] = [(-3.0, 1.2), (-6.0, -2.5), (0.6, -2.0), (5.5, 1.9), (1.0, 0.4)]
    other = rotated(state, 4)
    view = view_of(state)
    here, there = draw(game, state, size=SIZE), draw(game, other, size=SIZE)
    empty = draw(game, far_away(state), size=SIZE)
    for picture, position in ((here, state["position"]), (there, other["position"])):
        changed = np.abs(picture.astype(int) - empty).max(axis=2) > 60
        for body, (x, y) in enumerate(position):
            column, row = view.at(x, y)
            reach = round((0.9 if body < 4 else 0.5) * view.scale)
            rows, columns = np.nonzero(
                changed[round(row) - reach : round(row) + reach, round(column) - reach : round(column) + reach]
            )
            assert len(rows) > 100
            assert abs(columns.mean() - reach) < 0.1 * view.scale  # centred on the place, but for the shadow
            assert abs(rows.mean() - reach) < 0.2 * view.scale
    blue, orange = (np.abs(a.astype(int) - TEAMS[t]).max(axis=2) < 30 for a, t in ((here, 0), (there, 1)))
    # Both pictures show the tops above the true places, by as much.
    lifted = 2 * 0.62 * 0.5 * LIFT * view.scale
    top, left = 80, 70  # without the strip and the goals' pockets
    sum_of_means = sum(np.argwhere(mask[top:, left:890]).mean(axis=0) for mask in (blue, orange))
    centre = np.array(view.at(0, 0))[::-1] - (top, left)
    assert np.abs(sum_of_means - 2 * centre).max() < lifted + 12


def test_players_look_where_they_go_and_at_the_ball_when_still():
    _, state = kick_off()
    state["position"][:] = [(-3, 0), (-3, 3), (3, 0), (3, 3), (0, 0)]
    state["velocity"][:] = 0
    state["velocity"][1] = (0, -3)
    assert gaze(state) == pytest.approx([0, -math.pi / 2, math.pi, math.atan2(-3, -3)])


def test_pupils_are_drawn_towards_the_look():
    game, state = kick_off("ball_1v1")
    state["position"][:] = [(-3, 0), (5, 4), (0, -4)]
    view = view_of(state)
    x, y = (round(value) for value in view.at(-3, 0))
    reach = round(0.8 * view.scale)

    def pupils(angle: float) -> np.ndarray:
        """The mean place (x, y) of what is nearly black about the player."""
        look = np.array([angle, 0.0])
        patch = draw(game, state, size=SIZE, facing=np.zeros(2), look=look)[
            y - reach : y + reach, x - reach : x + reach
        ]
        rows, columns = np.nonzero(patch.max(axis=2) < 75)
        return np.array([columns.mean(), rows.mean()])

    right, up, left = pupils(0), pupils(math.pi / 2), pupils(math.pi)
    assert right[0] > left[0] + 2
    assert up[1] < right[1] - 1  # up on the picture


@pytest.mark.parametrize("game_id", ["ball_2v2", "ball_1v1_continuous", "ball_2v2_heading"])
def test_a_decision_is_shown_in_every_physics_step_and_ends_where_step_ends(game_id):
    game, state = kick_off(game_id)
    batch = Batch(game, 1, seed=1, autoreset=False)
    animation = animate(game)
    animation.begin(state)
    for _ in range(5):
        actions = batch.random_actions().copy()
        state["rng"] = batch.states["rng"][0]
        places = []
        for _ in animation.play(state, actions[0]):
            places.append(state["position"].copy())
        batch.step(actions)
        assert len(places) == 10  # 0.2 s of 0.02 s
        assert same(state, batch.states[0])
        assert len({place.tobytes() for place in places}) == 10  # something moved in each


LEFT, RIGHT, THRUST = 3, 6, 1  # turns and thrust of ball_*_heading


def test_bodies_turn_to_their_heading_evenly_over_a_decision():
    """45° a decision; team 1's headings are in its own frame, which is rotated by 180°."""
    game, state = kick_off("ball_2v2_heading")
    animation = animate(game)
    animation.begin(state)
    assert animation.still["facing"] == pytest.approx([0, 0, math.pi, math.pi])  # kick-off: everybody straight ahead
    turns = np.array([LEFT, RIGHT + THRUST, LEFT + THRUST, 0], np.int32)
    eighth = math.pi / 4
    for number in (0, 1):
        facing = [moment["facing"] for moment in animation.play(state, turns)]
        for step in range(10):
            turned = eighth * (number + (step + 1) / 10)
            assert facing[step] == pytest.approx([turned, -turned, math.pi + turned, math.pi], abs=1e-3)
    assert state["heading"] == pytest.approx([2 * eighth, -2 * eighth, 2 * eighth, 0], abs=1e-3)
    assert bearing(state) == pytest.approx(facing[-1])


def test_players_with_headings_keep_their_eyes_on_the_ball():
    _, state = kick_off("ball_2v2_heading")
    state["position"][:] = [(-3, 0), (-3, 3), (3, 0), (3, 3), (0, 0)]
    state["velocity"][1] = (0, -3)
    assert gaze(state) == pytest.approx([0, -math.pi / 4, math.pi, math.atan2(-3, -3)])
    assert bearing(state) == pytest.approx([0, 0, math.pi, math.pi])


def test_a_chevron_on_the_ground_shows_where_a_player_is_heading():
    game, state = kick_off("ball_2v2_heading")
    state["position"][:] = [(-3, 0), (6, 4), (6, -4), (-6, 4), (0, -4)]
    view = view_of(state)
    for heading in (0.0, math.pi / 2):
        state["heading"][0] = heading
        picture, empty = draw(game, state, size=SIZE), draw(game, far_away(state), size=SIZE)
        changed = np.abs(picture.astype(int) - empty).max(axis=2) > 30
        for angle in (0.0, math.pi / 2):
            x, y = view.at(-3 + 0.82 * math.cos(angle), 0.82 * math.sin(angle))  # just below its tip
            reach = round(0.07 * view.scale)
            seen = changed[round(y) - reach : round(y) + reach, round(x) - reach : round(x) + reach].any()
            if angle == 0.0 or heading == angle:  # upwards the body itself reaches as far
                assert seen == (heading == angle)


def test_slow_physics_still_gives_fifty_pictures_a_second():
    game = make("ball_1v1", physics_interval=0.01)
    state = Batch(game, 1, seed=2, autoreset=False).states[0]
    animation = animate(game)
    animation.begin(state)
    shown = sum(sum(1 for _ in animation.play(state, np.array([1, 1]))) for _ in range(5))
    assert shown == FRAMES_PER_SECOND  # 5 decisions of 0.2 s


def on_the_banner(picture: np.ndarray, team: int) -> int:
    """Pixels of the team's flat colour where banners are, above the middle."""
    band = picture[150:240, 200:760].reshape(-1, 3)
    return int((np.abs(band.astype(int) - TEAMS[team]).max(axis=1) < 12).sum())


def about_to_score(own_goal: bool = False):
    game, state = kick_off()
    state["position"][:] = [(0, 4), (0, -4), (-4, 4), (-4, -4), (7.6, 0.3)]
    state["velocity"][:] = 0
    state["velocity"][4] = (9, 0)
    state["last_touch_team"] = 1 if own_goal else 0
    return game, state


@pytest.mark.parametrize("own_goal", [False, True])
def test_a_goal_is_celebrated_before_the_kick_off(own_goal):
    game, state = about_to_score(own_goal)
    animation = animate(game)
    animation.begin(state)
    moments, scores = [], []
    for moment in animation.play(state, np.zeros(4, np.int32)):
        moments.append(moment)
        scores.append(state["score"].tolist())
        if len(moments) == 60:
            picture = draw(game, state, size=SIZE, **moment)
    cheering = [moment for moment in moments if "goal" in moment]
    assert len(cheering) == round(CELEBRATION_SECONDS * FRAMES_PER_SECOND)
    assert cheering[0]["goal"] == (0, "Own goal!" if own_goal else "Goal!")
    assert scores[-1] == [0, 0]  # the rules have not yet counted it ...
    assert state["score"].tolist() == [1, 0]  # ... and then did
    assert (state["position"][4] == 0).all()  # kicked off
    world = state["world"]
    assert all(moment["ball_at"][0] <= world["half_length"] + 0.95 for moment in cheering)  # the net holds it
    assert cheering[-1]["ball_at"][0] > world["half_length"] + 0.2
    assert max(moment["hop"][0] for moment in cheering) > 0.3
    assert all(moment["hop"][2] == 0 for moment in cheering)
    assert on_the_banner(picture, 0) > 1500
    assert on_the_banner(picture, 1) < 300
    assert (animation.still["facing"] == gaze(state)).all()


def test_the_end_of_a_match_says_who_won():
    game, state = kick_off()
    state["decision"] = state["world"]["max_decisions"] - 1
    state["score"][:] = (1, 3)
    animation = animate(game)
    animation.begin(state)
    list(animation.play(state, np.zeros(4, np.int32)))
    paid = np.zeros(4, np.float32)
    rewards(state, paid)
    picture = draw(game, state, size=SIZE, names=("Ada", "Bo"), **animation.still)
    assert on_the_banner(picture, 1) > 1500  # "Bo wins 1 : 3" in Bo's colour
    assert on_the_banner(picture, 0) < 300


def test_a_ball_rolls_without_slipping():
    turned = roll(np.eye(3), np.array([0.35 * math.pi / 2, 0]), 0.35)  # a quarter turn to the right
    assert turned @ (0, 0, 1) == pytest.approx([1, 0, 0])
    assert turned @ (0, 1, 0) == pytest.approx([0, 1, 0])
    back = roll(turned, np.array([-0.35 * math.pi / 2, 0]), 0.35)
    assert back == pytest.approx(np.eye(3))
    assert np.linalg.det(roll(turned, np.array([0.3, -0.7]), 0.35)) == pytest.approx(1)
