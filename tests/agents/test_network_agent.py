"""A network in play: never illegal, the same policy as in training, whatever the batch."""

import numpy as np
import pytest
import torch

import agents.network_agent
from agents.network import PolicyValueNetwork
from agents.network_agent import NetworkAgent
from envs import make
from envs.batch import Batch, mask_rows, observe_rows


def _network(game, seed: int = 0, sharp: float = 1.0) -> PolicyValueNetwork:
    torch.manual_seed(seed)
    network = PolicyValueNetwork(int(np.prod(game.observation_shape)), game.num_actions, hidden=(32,))
    network.heads.weight.data.normal_(0, sharp)
    return network


def _positions(game, count: int, plies: int) -> tuple[np.ndarray, np.ndarray]:
    batch = Batch(game, count, seed=1, autoreset=True)
    for _ in range(plies):
        batch.step(batch.random_actions())
    return batch.states, batch.states["current_player"].astype(np.int64)


@pytest.mark.parametrize("greedy", [False, True])
def test_a_million_choices_are_legal(greedy):
    game = make("tic_tac_toe")
    rng = np.random.default_rng(0)
    agent = NetworkAgent(_network(game, sharp=30.0), game, greedy=greedy)  # sharp: most probabilities round to 0
    chosen = 0
    for plies in range(8):
        states, players = _positions(game, 125_000, plies)
        actions = agent.act(states, players, rng)
        assert actions.dtype == np.int32
        assert mask_rows(game, states, players)[np.arange(len(states)), actions].all()
        chosen += len(actions)
    assert chosen == 1_000_000


def test_values_are_the_value_head_s_for_whoever_is_asked(monkeypatch):
    monkeypatch.setattr(agents.network_agent, "CHUNK", 30)
    game = make("connect_four")
    network = _network(game)
    states, players = _positions(game, 100, 5)
    players[::2] = 1 - players[::2]
    with torch.no_grad():
        wanted = network(torch.from_numpy(observe_rows(game, states, players)))[1].numpy()
    found = NetworkAgent(network, game).values(states, players)
    assert found.shape == (100,)
    assert found == pytest.approx(wanted, abs=1e-4)


def test_frequencies_are_the_softmax_over_the_legal_actions():
    game = make("connect_four")
    network = _network(game, sharp=0.5)
    batch = Batch(game, 1)
    for column in (0, 0, 0, 0, 0, 0):  # column 0 is full
        batch.step(np.array([column], np.int32))
    with torch.no_grad():
        logits = network(torch.from_numpy(observe_rows(game, batch.states, np.zeros(1, np.int64))))[0][0].double()
    logits[0] = -torch.inf
    expected = torch.softmax(logits, 0).numpy()
    count = 200_000
    agent = NetworkAgent(network, game)
    actions = agent.act(np.repeat(batch.states, count), np.zeros(count, np.int64), np.random.default_rng(5))
    counts = np.bincount(actions, minlength=7)
    assert counts[0] == 0
    chi_square = ((counts[1:] - count * expected[1:]) ** 2 / (count * expected[1:])).sum()
    assert chi_square < 20.5  # 5 degrees of freedom: passes 99.9%
    greedy = NetworkAgent(network, game, greedy=True).act(batch.states, np.zeros(1, np.int64), np.random.default_rng(0))
    assert greedy[0] == expected.argmax()


def test_chunks_do_not_change_the_choices(monkeypatch):
    game = make("connect_four")
    network = _network(game)
    states, players = _positions(game, 1000, 6)
    whole = NetworkAgent(network, game).act(states, players, np.random.default_rng(7))
    monkeypatch.setattr(agents.network_agent, "CHUNK", 130)
    parts = NetworkAgent(network, game).act(states, players, np.random.default_rng(7))
    assert (whole != parts).mean() < 0.002  # matrix products of other sizes may round otherwise


def test_it_sees_what_training_does_to_its_network():
    game = make("connect_four")
    network = _network(game)
    agent = NetworkAgent(network, game, greedy=True)
    batch = Batch(game, 1)
    for action in (4, 2):
        with torch.no_grad():
            network.heads.bias[action] += 1000.0 * (10 - action)
        assert agent.act(batch.states, np.zeros(1, np.int64), np.random.default_rng(0))[0] == action


def test_a_network_of_another_game_is_refused():
    with pytest.raises(ValueError, match="cannot play connect_four"):
        NetworkAgent(_network(make("tic_tac_toe")), make("connect_four"))
