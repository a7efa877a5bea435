"""What holds whatever is played: conservation, walls that hold, symmetry to the last bit, and bytes that repeat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.ball.actions import COMPASS_CONTROL, control_of
from envs.batch import Batch, observe_rows
from envs.game import Game
from envs.random_stream import seed_streams
from tests.envs.ball.scenes import (
    FREE,
    KICK,
    SIZES,
    ball_game,
    decide,
    finish,
    fixed_gaps,
    gaps,
    masses,
    move,
    play,
    rotated,
    rotated_statistics,
    scene,
    scenes,
    swapped_seats,
    towards_ball,
)
from tests.envs.conftest import RANDOMISED
from tests.envs.test_contract import bits

pytestmark = pytest.mark.parametrize("size", SIZES)
plain_and_randomised = pytest.mark.parametrize("changes", [{}, RANDOMISED], ids=["plain", "randomised"])


def momentum(states: np.ndarray) -> np.ndarray:
    """[B, 2] kg m/s."""
    return (masses(states)[..., None] * states["velocity"]).sum(axis=1)


def energy(states: np.ndarray) -> np.ndarray:
    """[B] J."""
    return 0.5 * (masses(states) * (states["velocity"] ** 2).sum(axis=-1)).sum(axis=1)


def crowd(size: int, count: int, speed: float, **changes) -> np.ndarray:
    """Bodies in a bunch round the centre spot, moving at random; nothing else acts on them."""
    states = scenes(ball_game(size, **FREE, **changes), count)
    rng = np.random.default_rng(size)
    columns = np.arange(2 * size)
    grid = np.stack([1.05 * (columns - size + 0.5), np.where(columns % 2, 0.9, -0.9)], axis=1)
    states["position"][:, :-1] = grid + rng.uniform(-0.02, 0.02, (count, 2 * size, 2))
    states["position"][:, -1] = rng.uniform(-0.03, 0.03, (count, 2))
    states["velocity"] = rng.uniform(-speed, speed, states["velocity"].shape)
    states["velocity"][::2] -= 2 * states["position"][::2]  # every other bunch runs together
    return states


@pytest.mark.parametrize(
    "changes",
    [{}, {"ball_mass_factor": (0.2, 5.0), "restitution_factor": (0.0, 2.0), "kick_angle_noise": (0.0, 40.0)}],
    ids=["plain", "randomised"],
)
def test_momentum_is_conserved_in_contacts_and_kicks(size, changes):
    fast = {"player_max_speed": 20.0, "ball_max_speed": 40.0, "physics_interval": 0.005, "pitch_length": 80.0}
    states = crowd(size, 200, 3.0, **fast, **changes)
    before, start = momentum(states), states["velocity"].copy()
    decide(states, KICK)
    for _ in range(40):
        move(states)
        assert (np.linalg.norm(states["velocity"], axis=2) < states["world"]["max_speed"]).all()  # no cap has cut any
        np.testing.assert_allclose(momentum(states), before, rtol=0, atol=1e-12)
    changed = (np.abs(states["velocity"] - start).max(axis=(1, 2)) > 0.3).mean()
    assert changed > 0.95 if changes else changed == 1
    assert (states["kick_ready_at"] > 0).any(axis=1).mean() > 0.9


@pytest.mark.parametrize(
    ("changes", "losing"),
    [({}, 0.9), ({"ball_mass_factor": (0.2, 5.0), "restitution_factor": (0.0, 5.0)}, 0.5)],
    ids=["plain", "randomised"],
)
def test_energy_never_rises_without_drive_and_kicks(size, changes, losing):
    """Of the factors of restitution a third make it 1, between players, too: then nothing is lost."""
    states = crowd(size, 200, 2.5, **changes)
    start = energy(states)
    for _ in range(20):
        decide(states, 0)
        for _ in range(10):
            before = energy(states)
            move(states)
            assert (energy(states) <= before * (1 + 1e-14)).all()
    assert (energy(states) < 0.9 * start).mean() > losing


@plain_and_randomised
def test_only_bodies_in_several_contacts_overlap_visibly_and_walls_hold(size, changes):
    """Random play. A body may be in several contacts if more than one thing is in reach of it within the step."""
    states = scenes(ball_game(size, mode="match", kickoff_offset=0.3, **changes), 256)
    rng = np.random.default_rng(0)
    world = states["world"]
    radius, fastest = world["radius"][0].min(), world["max_speed"]
    farthest = (fastest[:, :, None] + fastest[:, None]) * world["dt"][0] + 1e-3  # [B, N, N] m closed in a step
    pairs = walls = 0
    for _ in range(80):
        decide(states, rng.integers(0, 18, states["kick_asked"].shape))
        for _ in range(10):
            others, fixed = gaps(states), fixed_gaps(states)
            reachable = (others < farthest).sum(axis=2) + (fixed < farthest[:, -1:, :1]).sum(axis=2)
            before = states["position"].copy()
            move(states)
            overlap = np.where((reachable[:, :, None] <= 1) & (reachable[:, None] <= 1), gaps(states), 1)
            assert overlap.min() > -0.02 * radius
            fixed, playing = fixed_gaps(states), states["goal"] < 0
            assert fixed[playing][..., :2].min() > -1e-9
            assert fixed[playing][..., 2][reachable[playing] <= 1].min() > -0.02 * radius
            assert (np.linalg.norm(states["velocity"], axis=-1) <= fastest * (1 + 1e-12)).all()
            pairs += (others.min(axis=(1, 2)) < 0.01).sum()
            walls += (fixed[..., :2].min(axis=(1, 2)) < 0.01).sum()
            check_goals(states, before)
        finish(states)
    assert pairs > 300
    assert walls > 1000
    assert states["score"].sum() > (3 if changes else 10)


def check_goals(states: np.ndarray, before: np.ndarray) -> None:
    """A goal is noted exactly where the ball's centre lies behind a goal line, and it went there between the posts."""
    world, ball, start = states["world"], states["position"][:, -1], before[:, -1]
    length, goal = world["half_length"], world["half_goal"]
    behind = np.abs(ball[:, 0]) > length
    np.testing.assert_array_equal(states["goal"], np.where(behind, (ball[:, 0] < 0).astype(int), -1))
    fresh = behind & (np.abs(start[:, 0]) <= length)
    if fresh.any():
        share = (length - np.abs(start[:, 0]))[fresh] / (np.abs(ball[:, 0]) - np.abs(start[:, 0]))[fresh]
        crossing = start[fresh, 1] + share * (ball[fresh, 1] - start[fresh, 1])
        # the ball's surface may have met a post on the way, which bends the way a little
        assert (np.abs(crossing) < goal[fresh]).all()


@plain_and_randomised
def test_a_ball_leaves_only_through_a_goal(size, changes):
    """3000 shots at cap speed from all over the pitch, half of them at the posts and corners, for a second each."""
    states = scenes(ball_game(size, ball_drag=0.0, ball_rolling=0.0, **changes), 3000)
    rng = np.random.default_rng(1)
    world = states["world"]
    count = len(states)
    across = np.where(rng.integers(0, 2, count), world["half_goal"], world["half_width"])
    targets = np.stack([world["half_length"], across], axis=1)
    targets = targets * rng.choice([-1, 1], (count, 2)) + rng.uniform(-0.7, 0.7, (count, 2))
    angle = rng.uniform(0, 2 * np.pi, count)
    aimed = targets - states["position"][:, -1]
    angle = np.where(np.arange(count) % 2, angle, np.arctan2(aimed[:, 1], aimed[:, 0]))
    states["velocity"][:, -1] = world["max_speed"][:, -1:] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    states["stuck_anchor"] = 1e9
    goals, posts, corners = np.zeros(count, bool), np.zeros(count, bool), np.zeros(count, bool)
    for _ in range(5):
        states["goal"] = np.where(goals, 0, -1)
        playing = states[~goals]
        decide(playing, 0)
        for _ in range(10):
            before = playing["position"].copy()
            move(playing)
            check_goals(playing, before)
            inside, alone = fixed_gaps(playing)[:, -1], gaps(playing)[:, -1].min(axis=1) > 0.4
            assert inside[playing["goal"] < 0, :2].min() > -1e-9
            if changes:  # a heavy player may squeeze it into a post
                assert inside[alone & (playing["goal"] < 0), 2].min() > -1e-9
            else:
                assert inside[playing["goal"] < 0, 2].min() > -1e-9
            posts[~goals] |= fixed_gaps(playing)[:, -1, 2] < 0.02
            corners[~goals] |= np.sort(fixed_gaps(playing)[:, -1], axis=1)[:, 1] < 0.1
        states[~goals] = playing
        goals |= states["goal"] >= 0
    assert goals.sum() > 50
    assert posts.sum() > 50
    assert corners.sum() > 50


def test_a_fast_grazing_ball_is_deflected(size):
    """Ball and player closing at 15 m/s, all offsets and phases: the impulse of a smooth collision where they meet."""
    game = ball_game(size, **FREE)
    states = np.repeat(scene(game, (0, 0)), 2000, axis=0)
    rng = np.random.default_rng(2)
    reach, count = 0.85, len(states)
    offset = rng.uniform(-reach, reach, count)
    distance = rng.uniform(1.0, 1.6, count)
    states["position"][:, -1] = np.stack([distance, offset], axis=1)
    states["velocity"][:, -1] = (-11, 0)
    states["position"][:, 0] = 0
    states["velocity"][:, 0] = (4, 0)
    normal = np.stack([np.sqrt(reach**2 - offset**2), offset], axis=1) / reach  # from the player to the ball
    closing = 15 * normal[:, 0]
    impulse = (1.5 * closing / (1 / 0.45 + 1 / 5))[:, None] * normal
    decide(states, 0)
    for _ in range(10):
        move(states)
        assert gaps(states)[:, 0, -1].min() > -0.02 * 0.35
    np.testing.assert_allclose(states["velocity"][:, -1], (-11, 0) + impulse / 0.45, atol=1e-9)
    np.testing.assert_allclose(states["velocity"][:, 0], (4, 0) - impulse / 5, atol=1e-9)


@plain_and_randomised
def test_the_rotated_game_with_swapped_teams_goes_the_rotated_way(size, changes):
    batch = check_rotation(ball_game(size, statistics=True, **changes))
    assert batch.states["ball_resets"].sum() > 50
    assert batch.states["score"].sum() > 5


def check_rotation(game: Game) -> Batch:
    """Exactly: positions, velocities, what every seat sees (to the bit), what is counted, and the opposite rewards.

    Returns the batch of what was played: at random, and in half of the games, where directions are chosen, in scrums.
    """
    batch = Batch(game, 128, 3, autoreset=False)
    other = Batch(batch.game, 128, 3, autoreset=False)
    other.states[:] = rotated(batch.states)
    other.refresh()
    seats, bodies = swapped_seats(batch.states), swapped_seats(batch.states, ball=True)
    rng = np.random.default_rng(0)
    for _ in range(batch.game.max_steps):
        if game.action_shape:
            actions = rng.uniform(-1, 1, (128, game.num_players, *game.action_shape)).astype(np.float32)
        else:
            actions = rng.integers(0, 18, (128, game.num_players))
        if control_of(batch.states[0]) == COMPASS_CONTROL:
            actions[::2] = towards_ball(batch.states)[::2]
        batch.step(actions)
        other.step(actions[:, seats])
        for name in ("position", "velocity"):
            np.testing.assert_array_equal(other.states[name], -batch.states[name][:, bodies])
        assert batch.observations[:, seats].tobytes() == other.observations.tobytes()
        np.testing.assert_array_equal(other.rewards, batch.rewards[:, seats])
        np.testing.assert_array_equal(other.rewards, -batch.rewards)
        np.testing.assert_array_equal(other.states["own_goals"], batch.states["own_goals"][:, ::-1])
        expected = rotated_statistics(batch.states)
        for name in expected.dtype.names:
            np.testing.assert_array_equal(other.states["statistics"][name], expected[name], name)
    return batch


def test_it_does_not_matter_who_of_a_team_is_who(size):
    """Team-mates swapped: exact up to two a team, rounding beyond, since sums are then taken in another order."""
    game = ball_game(size)
    states = crowd(size, 300, 3.0)
    states["settings"] = scenes(game)["settings"]
    states["world"] = scenes(game)["world"]
    rng = np.random.default_rng(4)
    order = np.r_[np.arange(size)[::-1], size + np.arange(size)[::-1]]
    bodies = np.r_[order, 2 * size]
    for _ in range(10):
        other = states.copy()
        for name in ("position", "velocity"):
            other[name] = states[name][:, bodies]
        for name in ("kick_ready_at",):
            other[name] = states[name][:, order]
        actions = rng.integers(0, 18, (len(states), 2 * size))
        play(states, actions)
        play(other, actions[:, order])
        for name in ("position", "velocity"):
            error = np.abs(other[name] - states[name][:, bodies]).max()
            assert error == 0 if size <= 2 else error < 1e-9
        if size <= 2:
            assert observe_rows(game, states, np.zeros(300)).tobytes() == (
                observe_rows(game, other, np.full(300, order[0])).tobytes()
            )


@plain_and_randomised
def test_rewards_are_zero_sum(size, changes):
    batch = Batch(ball_game(size, human_knowledge="ball_progress", **changes), 256, 5)
    paid = 0
    for _ in range(200):
        batch.step(batch.random_actions())
        teams = batch.rewards.reshape(256, 2, size)
        np.testing.assert_array_equal(teams[:, 0], -teams[:, 1])
        np.testing.assert_array_equal(teams, np.broadcast_to(teams[..., :1], teams.shape))
        paid += (teams[:, 0, 0] != 0).sum()
    assert paid > 1000


@settings(deadline=None, max_examples=15, derandomize=True)
@given(
    seed=st.integers(0, 2**63),
    mode=st.sampled_from(["training", "match"]),
    changes=st.sampled_from([{}, RANDOMISED, {**RANDOMISED, "same_draw": False, "statistics": True}]),
)
def test_the_same_seed_gives_the_same_bytes_and_a_batch_is_its_games(size, seed, mode, changes):
    game = ball_game(size, mode=mode, **changes)
    batch, again = Batch(game, 8, seed), Batch(game, 8, seed)
    single = Batch(game, 1)
    single.states["rng"] = seed_streams(seed, 8)[5]
    single.reset()
    for _ in range(60):
        actions = batch.random_actions().copy()
        np.testing.assert_array_equal(again.random_actions(), actions)
        np.testing.assert_array_equal(single.random_actions()[0], actions[5])
        for other in (batch, again):
            other.step(actions)
        single.step(actions[5:6])
        assert bits(batch.states) == bits(again.states)
        assert bits(batch.states[5:6]) == bits(single.states)
        assert batch.observations[5].tobytes() == single.observations[0].tobytes()


@plain_and_randomised
def test_physics_steps_one_by_one_are_a_decision(size, changes):
    """So that a renderer that draws every physics step shows the game that was played."""
    batch = Batch(ball_game(size, mode="match", statistics=bool(changes), **changes), 64, 6)
    states = batch.states.copy()
    for _ in range(150):
        actions = batch.random_actions().copy()
        states["rng"] = batch.states["rng"]
        batch.step(actions)
        play(states, actions)
        assert bits(states) == bits(batch.states)


def test_half_the_physics_step_rolls_as_far(size):
    """From 8 m/s for 2 s; the closed form of dv/dt = -0.8 v - 0.3 is 7.47 m."""
    far = []
    for interval in (0.02, 0.01):
        states = scene(ball_game(size, physics_interval=interval, pitch_length=40.0), (-5, 0, 8, 0))
        play(states, 0, decisions=10)
        far.append(states["position"][0, -1, 0] + 5)
    exact = (8 + 0.3 / 0.8) * (1 - np.exp(-0.8 * 2)) / 0.8 - 0.3 / 0.8 * 2
    assert abs(far[0] - far[1]) < 0.01 * far[1]
    assert abs(far[1] - exact) < 0.01 * exact
