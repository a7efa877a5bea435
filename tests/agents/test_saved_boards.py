"""Saved agents over boards: what is saved comes back, a resnet on every size of its game; forgeries are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.artifact import CorruptArtifact
from agents.names import make_agent
from agents.network import PolicyValueNetwork, arguments_of
from agents.saved import WrongGame, describe_agent, load_agent, plays, save_agent
from envs import make
from envs.batch import Batch
from envs.game import Game
from tests.agents.forgery import edit

OWN = {
    "windows": {"hidden": (12, 12), "activation": "relu", "window": 2, "filters": 5},
    "resnet": {"hidden": (6,), "activation": "relu", "blocks": 1, "filters": 4},
}


def network(kind: str, game: Game) -> PolicyValueNetwork:
    torch.manual_seed(3)
    return PolicyValueNetwork(**OWN[kind], **arguments_of(kind, game))


def save(folder: Path, kind: str, game_id: str) -> Path:
    save_agent(folder / kind, network(kind, make(game_id)), make(game_id), {"env_steps": 7})
    return folder / kind


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("game_id", ["connect_four", "go_5x5", "chess", "hex_3"])
def test_what_is_saved_comes_back(tmp_path, kind, game_id):
    game = make(game_id)
    folder, saved = save(tmp_path, kind, game_id), network(kind, game)
    loaded, record = load_agent(folder, game)
    assert record == {"env_steps": 7}
    assert (loaded.network_type, loaded.config) == (kind, saved.config)
    observations = torch.rand(4, *game.observation_shape)
    assert torch.equal(loaded(observations)[0], saved(observations)[0])
    assert describe_agent(folder)["network"] == {"type": kind, **saved.config}


@pytest.mark.parametrize(
    ("trained", "played"),
    [("go_5x5", "go_7x7"), ("hex_5", "hex_3"), ("othello_6x6", "othello"), ("othello", "othello_6x6")],
)
def test_a_resnet_plays_every_size_of_the_board(tmp_path, trained, played):
    folder, game = save(tmp_path, "resnet", trained), make(played)
    assert plays(describe_agent(folder), played)
    loaded, _ = load_agent(folder, game)
    assert loaded.config["board"] == list(game.observation_shape)
    for name, value in network("resnet", make(trained)).state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])
    batch = Batch(game, 5, seed=1)
    agent = make_agent(str(folder), game, greedy=True)
    for _ in range(6):
        actions = agent.act(batch.states, batch.states["current_player"].astype(np.int64), np.random.default_rng(0))
        batch.step(actions)  # refuses what is illegal


@pytest.mark.parametrize(
    ("kind", "trained", "other"),
    [("windows", "go_5x5", "go_7x7"), ("resnet", "connect_four", "connect_four_5x4"), ("resnet", "go_5x5", "hex_5"),
     ("resnet", "gomoku_9", "tic_tac_toe"), ("windows", "hex_5", "go_5x5")],
)  # fmt: skip
def test_another_game_is_refused(tmp_path, kind, trained, other):
    folder = save(tmp_path, kind, trained)
    assert not plays(describe_agent(folder), other)
    with pytest.raises(WrongGame, match=f"plays '{trained}', not '{other}'"):
        load_agent(folder, make(other))


@pytest.mark.parametrize(
    ("kind", "path", "value", "error", "said"),
    [
        ("windows", ("network", "board"), [11, 7, 7], CorruptArtifact, r"network.board must be \[11, 5, 5\]"),
        ("windows", ("network", "board"), [275], CorruptArtifact, r"network.board must be"),
        ("windows", ("network", "board"), "abc", CorruptArtifact, "widths of 1 or more"),
        ("windows", ("network", "window"), 6, CorruptArtifact, "has a window of 6, which does not fit"),
        ("windows", ("network", "window"), 0, CorruptArtifact, "window must be a whole number, 1 or more"),
        ("windows", ("network", "window"), 2.0, CorruptArtifact, "window must be a whole number"),
        ("windows", ("network", "filters"), True, CorruptArtifact, "filters must be a whole number"),
        ("windows", ("network", "filters"), 1 << 27, CorruptArtifact, "more than 268,435,456 parameters"),
        ("windows", ("network", "filters"), 6, CorruptArtifact, "the network wants float32"),
        ("windows", ("network", "type"), "resnet", CorruptArtifact, "other keys"),
        ("resnet", ("network", "blocks"), 1 << 27, CorruptArtifact, "network.blocks must be at most 64"),
        ("resnet", ("network", "blocks"), -1, CorruptArtifact, "blocks must be a whole number, 0 or more"),
        ("resnet", ("network", "blocks"), 2, CorruptArtifact, "is missing or too many"),
        ("resnet", ("network", "filters"), 1 << 20, CorruptArtifact, "more than 268,435,456 parameters"),
        ("resnet", ("network", "policy"), "everything", CorruptArtifact, "one of planes, cells, dense|not .go_7x7."),
        ("resnet", ("network", "policy"), ["planes"], CorruptArtifact, "one of planes, cells, dense|not .go_7x7."),
        ("resnet", ("network", "policy"), "cells", CorruptArtifact, "network.policy must be planes"),
        ("resnet", ("network", "board"), [11, 9, 9], CorruptArtifact, r"network.board must be \[11, 5, 5\]"),
        ("resnet", ("network", "observation_size"), 276, CorruptArtifact, "network.observation_size must be 275"),
        ("resnet", ("network", "num_actions"), 1 << 40, CorruptArtifact, "network.num_actions must be 26"),
        ("resnet", ("num_actions",), 27, WrongGame, "num_actions is '1 a cell and 2', here '1 a cell and 1'"),
        ("resnet", ("observation", "shape"), [10, 5, 5], WrongGame, "another version of go"),
        ("resnet", ("observation", "shape"), [11, 0, 5], WrongGame, "another version of go"),
        ("resnet", ("observation", "shape"), [11, 5], WrongGame, "another version of go"),
        ("resnet", ("observation", "shape"), [11, "5", 5], WrongGame, "another version of go"),
    ],
)
@pytest.mark.parametrize("played", ["go_5x5", "go_7x7"])
def test_a_forged_description_is_refused(tmp_path, kind, path, value, error, said, played):
    folder = save(tmp_path, kind, "go_5x5")
    edit(folder, *path, value=value)
    with pytest.raises(error, match=said):
        load_agent(folder, make("go_5x5" if kind == "windows" else played))


def test_a_resnet_cannot_be_forged_into_a_game_without_a_board(tmp_path):
    save_agent(tmp_path / "agent", PolicyValueNetwork(30, 2, (4,)), make("leduc_poker"), {})
    edit(tmp_path / "agent", "network", value={"type": "resnet", **network("resnet", make("go_5x5")).config})
    with pytest.raises(WrongGame, match=r"of type resnet, which wants the planes of a board"):
        load_agent(tmp_path / "agent", make("leduc_poker"))
