"""Advantages: geometric series with known sums, the seats' own time, and a slow computation by the definition."""

import numpy as np
import pytest

from agents.advantages import advantages_sequential, advantages_simultaneous

GAMMA, LAMBDA = np.float32(0.5), np.float32(0.5)


def simultaneous(rewards, values, last, terminated, truncated, final, gamma=GAMMA, gae_lambda=LAMBDA):
    """(advantages, targets) [T, B, P]."""
    out = np.full(rewards.shape, np.nan, np.float32), np.full(rewards.shape, np.nan, np.float32)
    advantages_simultaneous(rewards, values, last, terminated, truncated, final, gamma, gae_lambda, *out)
    return out


def sequential(
    rewards, values, players, last, last_players, terminated, truncated, final, gamma=GAMMA, gae_lambda=LAMBDA,
    teams=(0, 1),
):  # fmt: skip
    """(advantages, targets) [T, B]."""
    out = np.full(values.shape, np.nan, np.float32), np.full(values.shape, np.nan, np.float32)
    advantages_sequential(
        rewards, values, players, np.array(teams, np.int8), last, last_players, terminated, truncated, final, gamma,
        gae_lambda, *out,
    )  # fmt: skip
    return out


class Table:
    """A rollout of one sequential game, written down step by step: seat, reward of seat 0 (seat 1 gets minus it)."""

    def __init__(self, seats: str, rewards: list[float], values: list[float] | None = None, last_value: float = 0.0):
        steps = len(seats)
        self.players = np.array([int(seat) for seat in seats], np.int8)[:, None]
        self.rewards = np.array([[[r, -r]] for r in rewards], np.float32)
        self.values = np.zeros((steps, 1), np.float32)
        if values is not None:
            self.values[:, 0] = values
        self.last = np.array([last_value], np.float32)
        self.last_players = np.array([1 - int(seats[-1])], np.int8)
        self.terminated, self.truncated = np.zeros((2, steps, 1), np.bool_)
        self.final = np.zeros((steps, 1, 2), np.float32)

    def advantages(self, **options) -> tuple[list[float], list[float]]:
        found = sequential(
            self.rewards, self.values, self.players, self.last, self.last_players, self.terminated, self.truncated,
            self.final, **options,
        )  # fmt: skip
        return found[0][:, 0].tolist(), found[1][:, 0].tolist()


def test_a_reward_of_one_a_step_sums_to_a_geometric_series():
    """With values 0 and a reward of 1 a step, A_t = sum of (γλ)^l over the steps left: 1, 1 + 1/4, 1 + 1/4 + 1/16."""
    steps = 5
    rewards = np.ones((steps, 2, 3), np.float32)
    rewards[:, :, 1] = 2  # the second seat is paid double
    zeros = np.zeros_like(rewards)
    ended = np.zeros((steps, 2), np.bool_)
    ended[-1] = True
    found, targets = simultaneous(rewards, zeros, zeros[0], ended, np.zeros_like(ended), zeros)
    series = [(1 - 0.25 ** (steps - t)) / 0.75 for t in range(steps)]
    for b in range(2):
        assert found[:, b, 0].tolist() == pytest.approx(series)
        assert found[:, b, 1].tolist() == pytest.approx([2 * a for a in series])
    assert np.array_equal(found, targets)  # the values are 0


def test_a_reward_of_one_an_own_step_sums_to_the_same_series_in_a_game_with_turns():
    """Seat 0 moves at 0, 2, 4 and is paid 1 each time; its series counts its own steps, not those of the game."""
    table = Table("010101", [1, 0, 1, 0, 1, 0])
    table.terminated[-1] = True
    found, _ = table.advantages()
    assert found[0::2] == pytest.approx([1 + 1 / 4 + 1 / 16, 1 + 1 / 4, 1])
    assert found[1::2] == pytest.approx([-1 - 1 / 4, -1, 0])  # seat 1 is paid -1 between its steps


def test_the_opponent_s_winning_move_is_my_loss():
    """x . x .  Seat 0 wins with the move at t = 2: +1 for it at once, -1 for seat 1's move at t = 1."""
    table = Table("010", [0, 0, 1])
    table.terminated[-1] = True
    found, targets = table.advantages(gamma=np.float32(1), gae_lambda=np.float32(1))
    assert found == [1, -1, 1]
    assert targets == [1, -1, 1]


def test_the_loss_is_not_discounted_within_one_own_step():
    """What happens until the own next turn is one step: gamma = lambda = 1/2 leave both last moves whole."""
    table = Table("010", [0, 0, 1])
    table.terminated[-1] = True
    assert table.advantages()[0] == [0.25, -1, 1]


def test_values_are_linked_by_seat():
    """lambda = 0 leaves gamma V(own next turn) - V_t: seat 0 has values 1, 3, 5 and seat 1 has 2, 4, 6."""
    table = Table("010101", [0] * 6, [1, 2, 3, 4, 5, 6])
    table.terminated[-1] = True
    found, targets = table.advantages(gae_lambda=np.float32(0))
    assert found == [3 / 2 - 1, 4 / 2 - 2, 5 / 2 - 3, 6 / 2 - 4, -5, -6]
    assert targets == [3 / 2, 4 / 2, 5 / 2, 6 / 2, 0, 0]


def test_a_seat_that_moves_twice_running_is_linked_to_its_own_next_move():
    """A passed turn: seats 0 0 1 0 1. Nothing assumes that turns alternate."""
    table = Table("00101", [0] * 5, [1, 2, 3, 4, 5])
    table.terminated[-1] = True
    assert table.advantages(gae_lambda=np.float32(0))[1] == [1, 2, 5 / 2, 0, 0]


@pytest.mark.parametrize(("seats", "wanted"), [("010", [-4, 4, -4]), ("101", [-4, 4, -4])])
def test_the_bootstrap_takes_the_sign_of_the_team(seats: str, wanted: list[float]):
    """The seat to move next expects 8: its own last move is worth gamma 8, the opponent's last -gamma 8."""
    table = Table(seats, [0, 0, 0], last_value=8)
    found, _ = table.advantages(gae_lambda=np.float32(0))
    assert found[1:] == wanted[1:]
    assert found[0] == 0  # its own next step is inside the rollout
    assert table.advantages(gamma=np.float32(1), gae_lambda=np.float32(1))[0] == [2 * a for a in wanted]


def test_team_mates_share_the_bootstrap():
    """Four seats in two teams: next to move is seat 1 of team 1, which expects 8; its partner, seat 3, does too."""
    players = np.array([[0], [1], [2], [3], [0]], np.int8)
    none, zeros = np.zeros((5, 1), np.bool_), np.zeros((5, 1), np.float32)
    found, _ = sequential(
        np.zeros((5, 1, 4), np.float32), zeros, players, np.array([8], np.float32), np.array([1], np.int8), none, none,
        np.zeros((5, 1, 4), np.float32), teams=(0, 1, 0, 1),
    )  # fmt: skip
    assert found[:, 0].tolist() == [-1, 4, -4, 4, -4]  # seat 0's first step leads to its second: γλ (-4)


def test_a_truncated_game_with_turns_is_bootstrapped_for_every_seat():
    table = Table("0101", [0] * 4, last_value=99)
    table.truncated[1] = True
    assert table.advantages()[0][:2] == [0, 0]  # not bootstrapped: 0 after the clock
    table.final[1, 0] = 6, -6
    found, targets = table.advantages()
    assert found[:2] == [3, -3]
    assert targets[:2] == [3, -3]
    assert found[2:] == [pytest.approx(99 / 2), pytest.approx(-99 / 2)]  # the next game, cut by the rollout's end


def test_a_truncated_simultaneous_game():
    rewards = np.zeros((3, 1, 2), np.float32)
    truncated = np.array([[False], [True], [False]])
    none, final = np.zeros_like(truncated), np.zeros_like(rewards)
    last = np.array([[8, -8]], np.float32)
    without, _ = simultaneous(rewards, rewards, last, none, truncated, final)
    assert without[:, 0].tolist() == [[0, 0], [0, 0], [4, -4]]
    final[1, 0] = 6, -6
    bootstrapped, _ = simultaneous(rewards, rewards, last, none, truncated, final)
    assert bootstrapped[:, 0].tolist() == [[0.75, -0.75], [3, -3], [4, -4]]


def test_nothing_leaks_from_one_game_into_the_one_before():
    """A game ends at t = 1; what is paid from t = 2 on, and the values there, belong to the next game."""
    table = Table("01010", [0, 1, 5, 5, 5], [0, 0, 7, 7, 7], last_value=7)
    table.terminated[1] = True
    assert table.advantages()[0][:2] == [1, -1]


def by_definition(times, ends, paid, values, ended_value, gamma, gae_lambda):
    """A_k = sum over l of (γλ)^l δ_{k+l} along one seat's own steps, summed term by term in float64.

    times: the seat's steps; ends: whether its game is over before its next step; paid[k]: what it got from step k on
    until then; ended_value[k]: the value that follows step k where there is no next step.
    """
    deltas = []
    for k in range(len(times)):
        follows = ended_value[k] if ends[k] else values[k + 1]
        deltas.append(paid[k] + gamma * follows - values[k])
    advantages = []
    for k in range(len(times)):
        total, weight = 0.0, 1.0
        for j in range(k, len(times)):
            total += weight * deltas[j]
            if ends[j]:
                break
            weight *= gamma * gae_lambda
        advantages.append(total)
    return advantages


def reference_sequential(rewards, values, players, teams, last, last_players, terminated, truncated, final, gamma, lam):
    steps, games, seats = rewards.shape
    found = np.full((steps, games), np.nan)
    for b in range(games):
        for seat in range(seats):
            times = [t for t in range(steps) if players[t, b] == seat]
            ends, paid, after = [], [], []
            for k, t in enumerate(times):
                until = times[k + 1] if k + 1 < len(times) else steps
                over = [u for u in range(t, until) if terminated[u, b] or truncated[u, b]]
                last_of_game = over[0] if over else until - 1
                paid.append(float(rewards[t : last_of_game + 1, b, seat].sum(dtype=np.float64)))
                ends.append(bool(over) or k + 1 == len(times))
                if over:
                    after.append(float(final[over[0], b, seat]) if truncated[over[0], b] else 0.0)
                else:
                    sign = 1 if teams[seat] == teams[last_players[b]] else -1
                    after.append(sign * float(last[b]))
            own = [float(values[t, b]) for t in times]
            for t, advantage in zip(times, by_definition(times, ends, paid, own, after, gamma, lam), strict=True):
                found[t, b] = advantage
    return found


@pytest.mark.parametrize("seats", [2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_turns_agree_with_the_definition_on_random_data(seats: int, seed: int):
    rng = np.random.default_rng(seed)
    steps, games = 23, 7
    rewards = rng.normal(size=(steps, games, seats)).astype(np.float32)
    values = rng.normal(size=(steps, games)).astype(np.float32)
    final = rng.normal(size=rewards.shape).astype(np.float32)
    players = rng.integers(seats, size=(steps, games)).astype(np.int8)  # in any order
    teams = np.arange(seats) % 2
    terminated = rng.random((steps, games)) < 0.15
    truncated = ~terminated & (rng.random((steps, games)) < 0.15)
    last, last_players = rng.normal(size=games).astype(np.float32), rng.integers(seats, size=games).astype(np.int8)
    gamma, lam = np.float32(0.9), np.float32(0.8)
    found, targets = sequential(
        rewards, values, players, last, last_players, terminated, truncated, final, gamma, lam, teams
    )
    wanted = reference_sequential(
        rewards, values, players, teams, last, last_players, terminated, truncated, final, float(gamma), float(lam)
    )
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    np.testing.assert_allclose(targets, wanted + values, atol=2e-5)


@pytest.mark.parametrize("seed", range(5))
def test_simultaneous_agrees_with_the_definition_on_random_data(seed: int):
    rng = np.random.default_rng(seed)
    steps, games, seats = 19, 5, 4
    rewards, values, final = rng.normal(size=(3, steps, games, seats)).astype(np.float32)
    last = rng.normal(size=(games, seats)).astype(np.float32)
    terminated = rng.random((steps, games)) < 0.15
    truncated = ~terminated & (rng.random((steps, games)) < 0.15)
    gamma, lam = np.float32(0.95), np.float32(0.9)
    found, targets = simultaneous(rewards, values, last, terminated, truncated, final, gamma, lam)
    for b in range(games):
        for p in range(seats):
            ends = [bool(terminated[t, b] or truncated[t, b] or t == steps - 1) for t in range(steps)]
            after = [
                0.0 if terminated[t, b] else float(final[t, b, p]) if truncated[t, b] else float(last[b, p])
                for t in range(steps)
            ]
            wanted = by_definition(
                range(steps), ends, rewards[:, b, p].tolist(), values[:, b, p].tolist(), after, float(gamma), float(lam)
            )
            np.testing.assert_allclose(found[:, b, p], wanted, atol=2e-5)
            np.testing.assert_allclose(targets[:, b, p], np.array(wanted) + values[:, b, p], atol=2e-5)
