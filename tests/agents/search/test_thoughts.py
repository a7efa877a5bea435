"""What a searching agent tells: the line that it expects, the move that it plays, and what that is worth."""

import numpy as np
import pytest
import torch

from agents.agent import Thinker
from agents.best_response import exploitability
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.network_agent import NetworkAgent, searching
from agents.search.agent import SearchAgent
from agents.search.line import principal_variation
from agents.search.search import PUCT, SearchSettings
from agents.search.tree import NODE, OPEN
from envs import make
from envs.batch import Batch
from envs.game import is_terminal, step
from tests.agents.search.test_search import after, indifferent


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def tree(*nodes: tuple) -> np.ndarray:
    """Of (action, visits, value for seat 0, seat to move, proven, first child, children)."""
    made = np.zeros(len(nodes), NODE)
    fields = ["action", "visits", "value", "seat", "proven", "first_child", "num_children"]
    for node, values in zip(made, nodes, strict=True):
        for field, value in zip(fields, values, strict=True):
            node[field] = value
    return made


@pytest.mark.parametrize(
    ("replies", "wanted"),
    [
        ([(3, 5, -1, OPEN), (4, 9, 8, OPEN), (5, 8, -8, OPEN)], 4),  # visits, not values
        ([(3, 6, 2, OPEN), (4, 6, -2, OPEN)], 4),  # as many visits: the better for seat 1
        ([(3, 9, 0, OPEN), (4, 1, -1, -1)], 4),  # a win of seat 1's before all
        ([(3, 9, 9, 1), (4, 2, 1, OPEN)], 4),  # a loss after all
        ([(3, 0, 0, OPEN), (4, 1, 1, 1)], 4),  # but what was not visited is not known
        ([(3, 0, 0, OPEN), (4, 0, 0, OPEN)], None),
    ],
)
def test_the_line_follows_what_was_visited_most_and_what_is_proven(replies, wanted):
    nodes = tree(
        (0, 40, 0, 0, OPEN, 1, 2),
        (7, 30, 0, 1, OPEN, 0, 0),  # visited most, but not the action asked for
        (8, 10, 0, 1, OPEN, 3, len(replies)),
        *((action, visits, value, 0, proven, 0, 0) for action, visits, value, proven in replies),
    )
    assert principal_variation(nodes, 8) == ([8] if wanted is None else [8, wanted])
    assert principal_variation(nodes, 7) == [7]
    with pytest.raises(ValueError, match="no action 6"):
        principal_variation(nodes, 6)


@pytest.mark.parametrize("network", [False, True])
def test_a_win_in_one_is_what_is_thought(network):
    # x x .   X wins by 2
    # o o .
    game = make("tic_tac_toe")
    agent = SearchAgent(game, SearchSettings(60, gumbel_scale=0), indifferent(game) if network else None)
    state = after(game, "0314")[0]
    thoughts = agent.think(state, rng())
    assert thoughts.action == thoughts.policy.argmax() == 2
    assert thoughts.line == (2,)
    assert thoughts.value == 1
    assert thoughts.visits.sum() == thoughts.simulations > 0
    assert thoughts.state.tobytes() == state.tobytes()


def test_a_forced_line_is_played_to_its_end():
    # x o .   X wins by 4 or 6, which leave O one answer each, or by 3
    # . . .
    game = make("tic_tac_toe")
    agent = SearchAgent(game, SearchSettings(4000))
    thoughts = agent.think(after(game, "01")[0], rng())
    assert thoughts.value == 1
    states = thoughts.state.reshape(1).copy()
    for action in thoughts.line:
        assert not is_terminal(states[0])
        assert states["board"][0][action] == 0
        step(states[0], np.int32(action))
    assert states["winner"][0] == 0


@pytest.mark.parametrize("name", ["mcts:50", "network", "greedy", "searching"])
def test_what_is_thought_is_what_is_played_with_as_much_chance(name):
    game = make("connect_four")
    batch = Batch(game, 24, seed=1)
    for _ in range(5):
        batch.step(batch.random_actions())
    if name == "mcts:50":
        agent = make_agent(name, game)
    elif name == "searching":
        agent = searching(small_network(game), game, 16)
    else:
        agent = NetworkAgent(small_network(game), game, greedy=name == "greedy")
    assert isinstance(agent, Thinker)
    assert not isinstance(make_agent("random", game), Thinker)
    for row in range(24):
        state, one, other = batch.states[row], rng(row), rng(row)
        players = np.array([state["current_player"]], np.int64)
        thoughts = agent.think(state, one)
        assert thoughts.action == agent.act(state.reshape(1), players, other)[0]
        assert one.random() == other.random()
        assert thoughts.policy.sum() == pytest.approx(1, abs=1e-5)
        if name != "mcts:50":
            assert thoughts.value == pytest.approx(agent.values(state.reshape(1), players)[0], abs=1e-5)


def test_a_search_without_chance_tells_its_probabilities_and_one_with_chance_does_not():
    game = make("connect_four")
    batch = Batch(game, 16, seed=2)
    for _ in range(6):
        batch.step(batch.random_actions())
    players = batch.states["current_player"].astype(np.int64)
    agent = SearchAgent(game, SearchSettings(16, gumbel_scale=0), indifferent(game))
    told = agent.probabilities(batch.states, players)
    assert (told.argmax(axis=1) == agent.act(batch.states, players, rng())).all()
    assert (np.sort(told, axis=1)[:, -2:] == [0, 1]).all()
    quiet = SearchAgent(game, SearchSettings(16, root=PUCT, noise_share=0), indifferent(game))
    assert quiet.probabilities(batch.states, players).max(axis=1).tolist() == [1] * 16
    by_chance = [
        SearchAgent(game, SearchSettings(16), None, "playing out"),
        SearchAgent(game, SearchSettings(16), indifferent(game), "gumbel"),
        SearchAgent(game, SearchSettings(16, root=PUCT), indifferent(game), "noise"),
    ]
    for other in by_chance:
        with pytest.raises(ValueError, match=f"'{other.name}' cannot tell how likely it plays each action"):
            other.probabilities(batch.states, players)


@pytest.mark.parametrize("network", [False, True])
def test_a_proven_position_has_its_value_from_either_side(network):
    game = make("tic_tac_toe")
    agent = SearchAgent(game, SearchSettings(100, gumbel_scale=0), indifferent(game) if network else None)
    states = np.concatenate([after(game, "0314")] * 2 + [after(game, "04286")] * 2)  # X to move wins; O to move lost
    assert agent.values(states, np.array([0, 1, 1, 0])).tolist() == [1, -1, -1, 1]


def test_what_a_searching_network_can_be_made_to_lose_is_known_exactly():
    game = make("tic_tac_toe")
    network = small_network(game)
    found = exploitability(searching(network, game, 8), game)
    # nothing is left to chance: each number is a won, drawn or lost game
    assert {*found.policy_values, *found.best_response_values} <= {-1, 0, 1}
    assert found.policy_values[0] == -found.policy_values[1]
    assert min(found.best_response_values) >= 0


def small_network(game) -> PolicyValueNetwork:
    torch.manual_seed(0)
    return PolicyValueNetwork(int(np.prod(game.observation_shape)), game.num_actions, (16,))
