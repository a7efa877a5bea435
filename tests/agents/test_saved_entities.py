"""A saved agent over entities plays every team size of its game, and nothing else; whatever is forged is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.artifact import CorruptArtifact
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.saved import WrongGame, describe_agent, load_agent, needed_settings, save_agent
from envs import make
from envs.batch import Batch
from envs.game import Game
from tests.agents.forgery import edit

CHASE = "tests.own_game.chase:chase"


def chase(team_size: int, observation: str = "entities") -> Game:
    return make(f"{CHASE}_{team_size}v{team_size}", observation=observation)


@pytest.fixture
def network() -> PolicyValueNetwork:
    torch.manual_seed(3)
    return PolicyValueNetwork(7, 4, (8,), "relu", entity_hidden=(6, 5))


@pytest.fixture
def folder(tmp_path, network) -> Path:
    save_agent(tmp_path / "agent", network, chase(2), {"env_steps": 7})
    return tmp_path / "agent"


@pytest.mark.parametrize("team_size", [1, 2, 3])
def test_what_is_saved_at_one_size_comes_back_at_every_size(folder, network, team_size):
    loaded, record = load_agent(folder, chase(team_size))
    assert record == {"env_steps": 7}
    assert loaded.config == network.config
    for name, value in network.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    game = chase(team_size)
    batch = Batch(game, 20)
    states, players = np.repeat(batch.states, 2 * team_size), np.tile(np.arange(2 * team_size), 20)
    actions = make_agent(str(folder), game, greedy=True).act(states, players, np.random.default_rng(0))
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(batch.observations.reshape(-1, 2 * team_size + 1, 7)))
    assert actions.tolist() == logits.argmax(1).tolist()


def test_it_says_what_it_is(folder):
    described = describe_agent(folder)
    assert described["network"] == {
        "type": "entities", "observation_size": 7, "num_actions": 4, "hidden": [8], "activation": "relu",
        "entity_hidden": [6, 5],
    }  # fmt: skip
    assert described["observation"]["shape"] == [5, 7]
    assert needed_settings(described) == {"observation": "entities"}


def test_a_game_that_shows_something_else_is_refused_with_the_setting(folder):
    with pytest.raises(WrongGame, match="with the setting observation: entities, but here chase_3v3 has observation: "):
        load_agent(folder, chase(3, "vector"))


def test_an_agent_of_the_other_observation_is_refused_where_rows_are_shown(tmp_path):
    """Its shape alone would fit: 35 numbers are 35 numbers."""
    save_agent(tmp_path / "mlp", PolicyValueNetwork(35, 4, (4,)), chase(2, "vector"), {})
    assert load_agent(tmp_path / "mlp", chase(2, "vector"))
    with pytest.raises(WrongGame, match="with the setting observation: vector, but here"):
        load_agent(tmp_path / "mlp", chase(2))


def test_an_agent_older_than_the_setting_saw_the_usual_observation(tmp_path):
    save_agent(tmp_path / "mlp", PolicyValueNetwork(35, 4, (4,)), chase(2, "vector"), {})
    edit(tmp_path / "mlp", "settings", value={})
    assert load_agent(tmp_path / "mlp", chase(2, "vector"))
    with pytest.raises(WrongGame, match="observation: vector"):
        load_agent(tmp_path / "mlp", chase(2))


def test_an_mlp_plays_its_own_size_alone(tmp_path):
    save_agent(tmp_path / "mlp", PolicyValueNetwork(35, 4, (4,)), chase(2), {})
    assert load_agent(tmp_path / "mlp", chase(2))
    with pytest.raises(WrongGame, match="plays 'chase_2v2', not 'chase_3v3'"):
        load_agent(tmp_path / "mlp", chase(3))


def test_another_game_and_other_columns_are_refused(folder):
    with pytest.raises(WrongGame, match="plays 'chase_2v2', not 'connect_four'"):
        load_agent(folder, make("connect_four"))
    edit(folder, "observation", "shape", value=[5, 9])
    with pytest.raises(WrongGame, match=r"another version of chase_3v3: observation is .*\['n', 9\].*\['n', 7\]"):
        load_agent(folder, chase(3))


@pytest.mark.parametrize(
    ("path", "value", "error", "said"),
    [
        (("num_actions",), 5, WrongGame, "num_actions is 5, here 4"),
        (("observation", "shape"), 7, WrongGame, "another version"),
        (("observation", "shape"), [], WrongGame, "another version"),
        (("observation",), {}, WrongGame, "another version"),
        (("settings", "observation"), ["entities"], WrongGame, "with the setting observation"),
        (("network", "type"), "mlp", CorruptArtifact, "other keys"),
        (("network", "entity_hidden"), [], CorruptArtifact, "entity_hidden must be at least 1 and at most 64 widths"),
        (("network", "entity_hidden"), [8] * 65, CorruptArtifact, "at most 64 widths"),
        (("network", "entity_hidden"), [6, 0], CorruptArtifact, "widths of 1 or more"),
        (("network", "entity_hidden"), None, CorruptArtifact, "widths of 1 or more"),
        (("network", "entity_hidden"), [6, 1 << 40], CorruptArtifact, "more than 268,435,456 parameters"),
        (("network", "hidden"), [1 << 40], CorruptArtifact, "more than 268,435,456 parameters"),
        (("network", "entity_hidden"), [6, 7], CorruptArtifact, "the network wants float32"),
        (("network", "observation_size"), 9, CorruptArtifact, "does not lead from 7 numbers to 4 actions"),
    ],
)
def test_a_forged_description_is_refused(folder, path, value, error, said):
    edit(folder, *path, value=value)
    with pytest.raises(error, match=said):
        load_agent(folder, chase(2))


def test_a_network_of_rows_cannot_be_forged_into_a_game_without(tmp_path):
    save_agent(tmp_path / "agent", PolicyValueNetwork(18, 9, (4,)), make("tic_tac_toe"), {})
    network = {"type": "entities", "observation_size": 7, "num_actions": 9, "hidden": [4], "activation": "tanh",
               "entity_hidden": [4]}  # fmt: skip
    edit(tmp_path / "agent", "network", value=network)
    with pytest.raises(WrongGame, match="of type entities, which wants an observation of rows"):
        load_agent(tmp_path / "agent", make("tic_tac_toe"))
