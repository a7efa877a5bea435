"""The games that the contract's tests and the faces' tests go through, and the warnings that cannot be avoided."""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from envs import make
from envs.game import Dynamics, Game
from envs.ids import GAMES

OWN_GAME = "tests.own_game.nim:nim"  # lies outside the package
IDS = [*GAMES, OWN_GAME]
RANDOMISED: dict[str, Any] = {  # the ball game with all that an episode can draw, the noise of a decision included
    "ball_mass_factor": (0.5, 2.0),
    "ball_drag_factor": (0.5, 2.0),
    "restitution_factor": (0.5, 1.5),
    "pitch_size_factor": (0.9, 1.2),
    "player_speed_factor": (0.6, 1.1),
    "player_drive_factor": (0.6, 1.2),
    "kick_speed_factor": (0.6, 1.2),
    "kick_angle_noise": (0.0, 10.0),
    "action_delay": (0, 2),
    "observation_noise": (0.0, 0.05),
    "observation_dropout": (0.0, 0.2),
    "push_rate": (0.0, 0.5),
}
VARIANTS = [
    *((game_id, {}) for game_id in IDS),
    ("ball_1v1", {"mode": "match"}),
    ("ball_2v2", {"observation": "entities"}),
    ("ball_2v2", {**RANDOMISED, "statistics": True}),
    ("ball_11v11", {"mode": "match"}),
    ("ball_11v11", {"observation": "entities"}),
    ("ball_11v11", {**RANDOMISED, "statistics": True}),
    (OWN_GAME, {"misere": True}),
]
NUMBERS = [game_id for game_id in IDS if make(game_id).action_shape]  # where an action is numbers, without masks
DISCRETE = [game_id for game_id in IDS if game_id not in NUMBERS]
SEQUENTIAL = [game_id for game_id in IDS if make(game_id).dynamics is Dynamics.SEQUENTIAL]
SIMULTANEOUS = [game_id for game_id in IDS if game_id not in SEQUENTIAL]

# A family of board games is one module, its smallest board named first: that one is tested always, larger ones slowly;
# so with the ball from four against four on, and with one size of each control.
SMALLEST = {module: game_id for game_id, module in reversed(GAMES.items())}.values()
LARGER = {game_id for game_id, module in GAMES.items() if ".board." in module} - set(SMALLEST)
ALWAYS = {"ball_1v1", "ball_2v2", "ball_3v3", "ball_1v1_continuous", "ball_2v2_heading"}
LARGER |= {game_id for game_id in GAMES if game_id.startswith("ball_")} - ALWAYS


def marked(ids: Iterable[str]) -> list:
    """Parameters of a test, one an id, the larger boards marked as slow."""
    return [pytest.param(game_id, marks=pytest.mark.slow if game_id in LARGER else ()) for game_id in ids]


# Warnings of PettingZoo's api_test that a right environment of ours gives. It keeps lists of its own environments for
# which it does not warn, so the same faults are none there.
UNAVOIDABLE_WARNINGS = (
    "Observation is not a NumPy array",  # it is the Dict with the mask that PettingZoo's own board games have
    "Observation space for each agent probably should be gymnasium.spaces.box",  # the same Dict
    "Observation numpy array is all zeros.",  # an empty board
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, ids in (("game", IDS), ("discrete_game", DISCRETE)):
        if name in metafunc.fixturenames:
            variants = [
                pytest.param(
                    (game_id, settings),
                    id=" ".join([game_id, *(["randomised"] if len(settings) > 1 else map(str, settings.values()))]),
                    marks=pytest.mark.slow if game_id in LARGER else (),
                )
                for game_id, settings in VARIANTS
                if game_id in ids
            ]
            metafunc.parametrize(name, variants, indirect=True)
    for name, ids in (("sequential_id", SEQUENTIAL), ("simultaneous_id", SIMULTANEOUS)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, marked(ids))


@pytest.fixture
def game(request: pytest.FixtureRequest) -> Game:
    game_id, settings = request.param
    return make(game_id, **settings)


discrete_game = game


@pytest.fixture
def warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for message in UNAVOIDABLE_WARNINGS:
            warnings.filterwarnings("ignore", message)
        yield
