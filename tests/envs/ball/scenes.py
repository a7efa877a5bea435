"""Scenes of the ball game set up by hand, and drivers that play many of them one physics step at a time."""

import numpy as np
import pytest
from numba import njit

from envs import make
from envs.ball.actions import CONTINUOUS, CONTINUOUS_SHAPE, DIRECTIONS, control_of
from envs.ball.match import begin_decision, end_decision, physics_step
from envs.ball.pitch import TEAM_SIZES
from envs.batch import Batch
from envs.game import Game

# Teams of 1 to 3 are tested always, larger ones slowly.
SIZES = (1, 2, 3, *(pytest.param(size, marks=pytest.mark.slow) for size in TEAM_SIZES[3:]))
STAND, FORWARD, LEFT, BACK = 0, 1, 3, 5  # directions
KICK = DIRECTIONS  # added to a direction
FREE = {
    "player_drag": 0.0,
    "ball_drag": 0.0,
    "ball_rolling": 0.0,
    "player_drive": 0.0,
}  # nothing but contacts and kicks


def ball_game(size: int, control: str = "", **settings) -> Game:
    """`control` is the suffix of the id."""
    return make(f"ball_{size}v{size}{control}", **settings)


def scenes(game: Game, count: int = 1, seed: int = 0) -> np.ndarray:
    """States [count], initialised; in training mode every one with other places."""
    return Batch(game, count, seed).states


def scene(game: Game, ball: tuple, *players: tuple) -> np.ndarray:
    """States [1] with the bodies at (x, y) or (x, y, vx, vy); players not given stand along the side."""
    states = scenes(game)
    size = game.num_players // 2
    half_length, half_width = states["world"]["half_length"][0], states["world"]["half_width"][0]
    states["velocity"] = 0
    for seat in range(2 * size):
        states["position"][0, seat] = (seat % size * 1.2 - half_length + 1) * (1 if seat < size else -1), 1 - half_width
    for index, body in ((-1, ball), *enumerate(players)):
        states["position"][0, index] = body[:2]
        states["velocity"][0, index] = body[2:] or (0, 0)
    states["stuck_anchor"] = states["position"][:, -1]
    if game.settings["statistics"]:
        states["statistics"]["before"] = states["position"]
    return states


def decide(states: np.ndarray, actions) -> None:
    """Every seat's action, broadcast to [B, P], or [B, P, 3] where it is numbers; no time passes."""
    shape, dtype = states["kick_asked"].shape, np.int32
    if control_of(states[0]) == CONTINUOUS:
        shape, dtype = (*shape, *CONTINUOUS_SHAPE), np.float32
    _begin(states, np.ascontiguousarray(np.broadcast_to(np.asarray(actions, dtype), shape)))


def towards_ball(states: np.ndarray) -> np.ndarray:
    """The direction, [B, P], that takes every seat nearest to the ball: what makes scrums."""
    size = states["kick_asked"].shape[1] // 2
    forward = np.where(np.arange(2 * size) < size, 1, -1)[:, None]
    way = forward * (states["position"][:, -1:] - states["position"][:, :-1])
    return 1 + np.round(np.arctan2(way[..., 1], way[..., 0]) / (np.pi / 4)).astype(np.int32) % 8


@njit(cache=True)
def _begin(states, actions):
    for b in range(states.shape[0]):
        begin_decision(states[b], actions[b])


@njit(cache=True)
def move(states):
    """One physics step in every state."""
    for b in range(states.shape[0]):
        physics_step(states[b])


@njit(cache=True)
def finish(states):
    for b in range(states.shape[0]):
        end_decision(states[b])


def play(states: np.ndarray, actions, decisions: int = 1) -> None:
    """Whole decisions with the same actions."""
    for _ in range(decisions):
        decide(states, actions)
        for _ in range(states["world"]["physics_steps"][0]):
            move(states)
        finish(states)


def reseated(states: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """The same scenes with others in the seats: `bodies` [N] names who takes each of them, and the ball last."""
    seated, seats = states.copy(), bodies[:-1]
    for name in ("position", "velocity"):
        seated[name] = states[name][:, bodies]
    for name in ("drive", "kick_ready_at", "kick_asked", "heading", "delayed"):
        seated[name] = states[name][:, seats]
    for record in ("world", "draws"):  # what is an array there belongs to bodies or to players
        for name in states[record].dtype.names:
            if shape := states[record].dtype[name].shape:
                seated[record][name] = states[record][name][:, bodies[: shape[0]]]
    return seated


def rotated(states: np.ndarray) -> np.ndarray:
    """The same scenes turned by 180° with the teams swapped; headings and intents are in the own frame."""
    turned = reseated(states, swapped_seats(states, ball=True))
    for name in ("position", "velocity", "drive", "stuck_anchor"):
        turned[name] = -turned[name]
    turned["last_touch_team"] = np.where(states["last_touch_team"] < 0, -1, 1 - states["last_touch_team"])
    for name in ("score", "own_goals"):
        turned[name] = states[name][:, ::-1]
    turned["statistics"] = rotated_statistics(states)
    return turned


def rotated_statistics(states: np.ndarray) -> np.ndarray:
    """What is counted of the rotated game, [B]."""
    counted, turned = states["statistics"], states["statistics"].copy()
    bodies = swapped_seats(states, ball=True)
    for name in counted.dtype.names:
        if counted.dtype[name].shape == (2,):
            turned[name] = counted[name][:, ::-1]
    for name in ("touching", "touched_at"):
        turned[name] = counted[name][:, bodies[:-1]]
    turned["before"] = -counted["before"][:, bodies]
    turned["holder"] = np.where(counted["holder"] < 0, -1, bodies[counted["holder"]])
    return turned


def swapped_seats(states: np.ndarray, ball: bool = False) -> np.ndarray:
    """Seat indices with the teams swapped, followed by the ball's if asked."""
    players = states["kick_asked"].shape[1]
    seats = np.roll(np.arange(players), players // 2)
    return np.append(seats, players) if ball else seats


def masses(states: np.ndarray) -> np.ndarray:
    """[B, N] kg."""
    return 1 / states["world"]["inverse_mass"]


def gaps(states: np.ndarray) -> np.ndarray:
    """[B, N, N] m between the surfaces of bodies; infinite on the diagonal."""
    position, radius = states["position"], states["world"]["radius"]
    between = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1)
    between -= radius[:, :, None] + radius[:, None]
    between[:, np.arange(between.shape[1]), np.arange(between.shape[1])] = np.inf
    return between


def fixed_gaps(states: np.ndarray) -> np.ndarray:
    """[B, N, 3] m from a body's surface to the side wall, the end wall (infinite for a ball in the mouth), the post."""
    position, world = np.abs(states["position"]), states["world"]
    length, width, goal = (world[name][:, None] for name in ("half_length", "half_width", "half_goal"))
    radius = world["radius"]
    end = length - position[..., 0] - radius
    end[:, -1] = np.where(position[:, -1, 1] < goal[:, 0], np.inf, end[:, -1])
    post = np.hypot(length - position[..., 0], goal - position[..., 1]) - radius - world["post_radius"][:, None]
    return np.stack([width - position[..., 1] - radius, end, post], axis=-1)
