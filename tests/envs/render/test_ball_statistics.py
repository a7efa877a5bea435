"""What the rules counted, on the picture: bars are as wide as the shares, heat lies where players stood."""

import numpy as np
import pytest

from envs.render import animate, draw, summed_up
from envs.render.ball_statistics import COLUMNS, ROWS, HeatMap, figures, heat_colours, notes, table
from envs.render.boards import strip_height
from envs.render.palette import EDGE, TEAMS
from tests.envs.render.test_ball import SIZE, kick_off, on_the_banner


def counted(possession=(30, 10), **sums: tuple[int, int]):
    """A match after 40 decisions whose sums are these."""
    game, state = kick_off(statistics=True)
    state["decision"] = 40
    for name, values in {"possession": possession, **sums}.items():
        state["statistics"][name] = values
    return game, state


def on_the_bar(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of that colour in the lowest row of the strip."""
    row = picture[round(strip_height(picture.shape[1::-1])) - 1].astype(int)
    return int((np.abs(row - colour).max(axis=1) < 8).sum())


@pytest.mark.parametrize("size", [(960, 600), (320, 200)])
@pytest.mark.parametrize(("possession", "share"), [((30, 10), 0.75), ((1, 3), 0.25), ((7, 0), 1.0)])
def test_the_possession_bar_is_as_wide_as_the_share(size, possession, share):
    game, state = counted(possession)
    picture = draw(game, state, size=size)
    gap = 0.01 * size[0]  # between the colours
    assert on_the_bar(picture, TEAMS[0]) == pytest.approx(share * size[0], abs=gap)
    assert on_the_bar(picture, TEAMS[1]) == pytest.approx((1 - share) * size[0], abs=gap)


def test_without_touches_or_counting_there_is_no_bar():
    for game, state in (counted((0, 0)), kick_off(statistics=False)):
        picture = draw(game, state, size=SIZE)
        assert on_the_bar(picture, TEAMS[0]) == on_the_bar(picture, TEAMS[1]) == 0
        assert on_the_bar(picture, EDGE) > 900
    assert figures(kick_off(statistics=False)[1]) is None


def test_the_lines_below_the_names():
    _, state = counted((2, 1), shots=(5, 1), shots_on_target=(3, 0))
    assert notes(figures(state)) == (
        ["possession 67%    5 shots, 3 on target", "ball 67%   5 shots, 3 on target", "67%   shots 5 (3)"],
        ["possession 33%    1 shot, 0 on target", "ball 33%   1 shot, 0 on target", "33%   shots 1 (0)"],
    )


def test_before_the_first_touch_nobody_has_possession():
    _, state = counted((0, 0))
    assert notes(figures(state))[0][0] == "0 shots, 0 on target"


def test_the_table_of_a_match():
    _, state = counted(
        (30, 10), shots=(5, 1), shots_on_target=(3, 0), passes=(20, 8), passes_completed=(12, 2), interceptions=(4, 6),
        saves=(0, 2), tackles=(7, 9), distance=(381.6, 290.2),
    )  # fmt: skip
    state["own_goals"] = (0, 1)
    assert [(own, label, other) for own, label, other, _ in table(figures(state))] == [
        ("75%", "possession", "25%"), ("5 (3)", "shots (on target)", "1 (0)"), ("12 of 20", "passes", "2 of 8"),
        ("4", "interceptions", "6"), ("0", "saves", "2"), ("7", "tackles", "9"), ("382 m", "distance", "290 m"),
        ("0", "own goals", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize("heat", [None, np.ones((2, ROWS, COLUMNS), np.int64)])
@pytest.mark.parametrize("size", [(960, 600), (480, 300), (64, 64)])
def test_a_match_ends_with_a_card_over_the_pitch(heat, size):
    game, state = counted()
    during = draw(game, state, size=size, heat=heat)
    assert not summed_up(game, state)
    state["decision"] = state["world"]["max_decisions"]
    assert summed_up(game, state)
    after = draw(game, state, size=size, heat=heat)
    top = round(strip_height(size)) + 1
    white = [float((picture[top:].min(axis=2) > 250).mean()) for picture in (during, after)]
    assert white[0] < 0.1
    assert white[1] > 0.2
    state["settings"]["statistics"] = False
    assert not summed_up(game, state)
    if size == SIZE:
        state["score"] = (1, 3)
        assert on_the_banner(draw(game, state, size=size, heat=heat), 1) > 1500  # the result alone, as ever


def test_every_player_is_counted_in_every_physics_step():
    """In corners and on the centre spot: the cells of the corners, and the one right below the middle."""
    game, state = kick_off(statistics=True)
    half = np.array([state["world"]["half_length"], state["world"]["half_width"]])
    state["position"][:4] = [half * (-0.99, 0.99), half * (-0.99, -0.99), half * (0.99, -0.99), (0, 0)]
    state["position"][4] = (0, 3)
    heat = HeatMap(game.teams)
    for _ in range(3):
        heat.add(state)
    wanted = np.zeros((2, ROWS, COLUMNS), int)
    wanted[0, 0, 0] = wanted[0, -1, 0] = wanted[1, -1, -1] = wanted[1, ROWS // 2, COLUMNS // 2] = 3
    assert (heat.counts == wanted).all()


def test_an_animation_collects_the_heat_of_its_game_only():
    game, state = kick_off(statistics=True)
    animation = animate(game)
    animation.begin(state)
    for _ in range(3):
        moments = list(animation.play(state, np.zeros(4, np.int32)))
    moment = moments[-1]
    assert moment["heat"].sum(axis=(1, 2)).tolist() == [3 * 10 * 2] * 2  # decisions, physics steps, players
    assert (moment["heat"] > 0).sum() == 4  # nobody moved
    animation.begin(state)
    assert animation.still["heat"].sum() == 0


@pytest.mark.parametrize("team", [0, 1])
def test_heat_is_the_teams_colour_where_it_was(team):
    counts = np.zeros((ROWS, COLUMNS), np.int64)
    counts[4, 20] = 100
    colours = heat_colours(counts, team).astype(int)
    assert np.unravel_index(colours.sum(axis=2).argmin(), counts.shape) == (4, 20)  # the darkest
    strongest = colours[4, 20].argmax()
    assert strongest == (2 if team == 0 else 0)  # blue, orange
    assert (colours[15:, :8] == colours[-1, 0]).all()  # pale, far away
    assert colours[-1, 0].min() > 180
    assert (heat_colours(np.zeros_like(counts), team) == colours[-1, 0]).all()
