"""Ball progress (`human_knowledge`) pays on the way, and changes neither what happens nor who is the better player."""

import numpy as np
import pytest

from agents.names import make_agent
from envs import make
from envs.batch import Batch

GAMMA, WEIGHT, GAMES = 0.985, 0.5, 256


def returns(level: str, human_knowledge: str) -> tuple[np.ndarray, ...]:
    """Team 0's discounted return in games against L2, as the rung of that name, all from the same starts; of each game
    the potential at the start, discounted at the end, and the ball's last place [GAMES, 2]."""
    game = make(
        "ball_1v1", human_knowledge=human_knowledge, ball_progress_weight=WEIGHT, ball_progress_gamma=GAMMA
    )  # fmt: skip
    batch = Batch(game, GAMES, seed=8, autoreset=False)
    players, rng = [make_agent(name, game) for name in (level, "scripted:L2")], np.random.default_rng(1)
    first = batch.states["position"][:, -1, 0] / batch.states["world"]["half_length"]
    total, left, discount = np.zeros(GAMES), np.zeros(GAMES), 1.0
    for _ in range(game.max_steps):
        live = ~(batch.terminated | batch.truncated)
        actions = [player.act(batch.states, np.full(GAMES, seat), rng) for seat, player in enumerate(players)]
        batch.step(np.stack(actions, axis=1))
        total += discount * batch.rewards[:, 0]
        discount *= GAMMA
        cut = live & batch.truncated
        left[cut] = discount * (batch.states["position"][:, -1, 0] / batch.states["world"]["half_length"])[cut]
    return total, first, left, batch.states["position"][:, -1]


def test_shaping_moves_no_ranking():
    """Ng, Harada and Russell 1999: a policy's return changes by minus the potential of the start, whatever it does
    (and by what the clock left it with). So all three rungs keep their distances, and their order."""
    plain, shaped = {}, {}
    for level in ("scripted:L0", "scripted:L1", "scripted:L3"):
        plain[level], first, left, ends = returns(level, "none")
        shaped[level], *_, same_ends = returns(level, "ball_progress")
        np.testing.assert_array_equal(ends, same_ends)
        np.testing.assert_allclose(shaped[level] - plain[level], WEIGHT * (left - first), atol=1e-4)
    for values in (plain, shaped):
        means = {level: total.mean() for level, total in values.items()}
        assert max(means, key=means.get) == "scripted:L3"
    distance = {
        name: values["scripted:L3"].mean() - values["scripted:L1"].mean()
        for name, values in (("plain", plain), ("shaped", shaped))
    }
    assert distance["plain"] > 0.2
    assert distance["shaped"] == pytest.approx(distance["plain"], abs=0.1)
