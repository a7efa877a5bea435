"""Conservation in crowds: of momentum in contacts and kicks; energy, without kicks and drive, never rises."""

import numpy as np
import pytest

from tests.envs.ball.crowds import crowd, in_several_contacts
from tests.envs.ball.scenes import FREE, KICK, SIZES, ball_game, decide, masses, move

pytestmark = pytest.mark.parametrize("size", SIZES)


def momentum(states: np.ndarray) -> np.ndarray:
    """[B, 2] kg m/s."""
    return (masses(states)[..., None] * states["velocity"]).sum(axis=1)


def energy(states: np.ndarray) -> np.ndarray:
    """[B] J."""
    return 0.5 * (masses(states) * (states["velocity"] ** 2).sum(axis=-1)).sum(axis=1)


@pytest.mark.parametrize(
    "changes",
    [{}, {"ball_mass_factor": (0.2, 5.0), "restitution_factor": (0.0, 2.0), "kick_angle_noise": (0.0, 40.0)}],
    ids=["plain", "randomised"],
)
def test_momentum_is_conserved_in_contacts_and_kicks(size, changes):
    """Kicks of 4 m/s, of which the six round the ball may add up to 24 if they go astray, and a wide pitch."""
    fast = {"player_max_speed": 20.0, "ball_max_speed": 40.0, "physics_interval": 0.005, "pitch_length": 80.0}
    states = crowd(ball_game(size, kick_speed=4.0, **FREE, **fast, **changes), 200, 3.0)
    before, start = momentum(states), states["velocity"].copy()
    several = np.zeros(len(states), np.int64)
    decide(states, KICK)
    for _ in range(40):
        move(states)
        assert (np.linalg.norm(states["velocity"], axis=2) < states["world"]["max_speed"]).all()  # no cap has cut any
        np.testing.assert_allclose(momentum(states), before, rtol=0, atol=1e-12)
        several = np.maximum(several, in_several_contacts(states))
    changed = (np.abs(states["velocity"] - start).max(axis=(1, 2)) > 0.3).mean()
    assert changed > 0.95 if changes else changed == 1
    assert (states["kick_ready_at"] > 0).any(axis=1).mean() > 0.9
    assert (several[::2] > 0).mean() > 0.1


@pytest.mark.parametrize(
    ("changes", "losing"),
    [({}, 0.9), ({"ball_mass_factor": (0.2, 5.0), "restitution_factor": (0.0, 5.0)}, 0.5)],
    ids=["plain", "randomised"],
)
def test_energy_never_rises_without_drive_and_kicks(size, changes, losing):
    """Of the factors of restitution a third make it 1, between players, too: then nothing is lost."""
    states = crowd(ball_game(size, **FREE, **changes), 200, 2.0)
    start = energy(states)
    for _ in range(20):
        decide(states, 0)
        for _ in range(10):
            before = energy(states)
            move(states)
            assert (energy(states) <= before * (1 + 1e-14)).all()
    assert (energy(states) < 0.9 * start).mean() > losing
