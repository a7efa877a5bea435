"""Shareable agents: what is saved comes back exactly; whatever is missing, altered, foreign or malicious is refused."""

import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from agents.artifact import CorruptArtifact, read_folder, write_folder
from agents.network import PolicyValueNetwork
from agents.saved import KIND, WrongGame, describe_agent, load_agent, save_agent
from envs import make
from tests.agents.forgery import edit

RECORD = {"env_steps": 120_000, "measured": {"rating/elo": 312.5}, "seeds": [1, 2], "note": None}


@pytest.fixture
def game():
    return make("connect_four")


@pytest.fixture
def network() -> PolicyValueNetwork:
    torch.manual_seed(3)
    return PolicyValueNetwork(84, 7, hidden=(16, 8), activation="relu")


@pytest.fixture
def folder(tmp_path, network, game) -> Path:
    save_agent(tmp_path / "agent", network, game, RECORD)
    return tmp_path / "agent"


def _rewrite(folder: Path, **files: bytes) -> None:
    """Replace contents and make the manifest fit again, as a forger would: hashes alone do not protect."""
    content = read_folder(folder, kind=KIND)
    write_folder(
        folder, content | {name.replace("_", "."): data for name, data in files.items()}, kind=KIND, replace=True
    )


def _reweigh(folder: Path, **changes: torch.Tensor | None) -> None:
    """Change, add or (None) remove tensors; in names '__' stands for '.'."""
    from safetensors.torch import load

    weights = load((folder / "weights.safetensors").read_bytes())
    for name, value in changes.items():
        weights.pop(name.replace("__", "."), None)
        if value is not None:
            weights[name.replace("__", ".")] = value
    _rewrite(folder, weights_safetensors=save(weights))


def test_what_is_saved_comes_back(folder, network, game):
    torch_stream = torch.get_rng_state()
    loaded, record = load_agent(folder, game)
    assert torch.equal(torch_stream, torch.get_rng_state()), "loading must not touch the training's random stream"
    assert record == RECORD
    assert loaded.config == network.config
    assert list(loaded.state_dict()) == list(network.state_dict())
    for name, value in network.state_dict().items():
        assert loaded.state_dict()[name].dtype == torch.float32
        assert torch.equal(value, loaded.state_dict()[name])
    observations = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (5, 2, 6, 7)).astype(np.uint8))
    assert torch.equal(network(observations)[0], loaded(observations)[0])
    for parameter in loaded.parameters():
        assert parameter.requires_grad
        assert parameter.device.type == "cpu"


def test_what_it_is_can_be_read_without_the_game(folder, game):
    described = describe_agent(folder)
    assert described["game"] == "connect_four"
    assert described["settings"] == game.settings
    assert described["observation"] == {"shape": [2, 6, 7], "dtype": "uint8", "normalisation": "none"}
    assert described["record"] == RECORD


def test_the_folder_is_safetensors_and_json_only(folder):
    assert sorted(file.name for file in folder.iterdir()) == ["agent.json", "manifest.json", "weights.safetensors"]


@pytest.mark.parametrize("name", ["agent.json", "manifest.json", "weights.safetensors"])
def test_a_missing_file_is_named(folder, game, name):
    (folder / name).unlink()
    with pytest.raises(CorruptArtifact, match=name):
        load_agent(folder, game)


@pytest.mark.parametrize("name", ["agent.json", "manifest.json", "weights.safetensors"])
def test_any_altered_byte_is_refused(folder, game, name):
    data = (folder / name).read_bytes()
    for position in np.linspace(0, len(data) - 1, 25).astype(int):
        changed = bytearray(data)
        changed[position] ^= 1
        (folder / name).write_bytes(changed)
        with pytest.raises(CorruptArtifact):
            load_agent(folder, game)
    (folder / name).write_bytes(data)
    load_agent(folder, game)


@pytest.mark.parametrize("name", ["agent.json", "weights.safetensors"])
@pytest.mark.parametrize("size", [0, 1, 9, 200])
def test_a_truncated_file_is_refused_even_if_the_manifest_agrees(folder, game, name, size):
    _rewrite(folder, **{name.replace(".", "_"): (folder / name).read_bytes()[:size]})
    with pytest.raises(CorruptArtifact, match=name):
        load_agent(folder, game)


def test_a_missing_folder_or_another_kind_is_refused(tmp_path, game):
    with pytest.raises(CorruptArtifact, match="no such folder"):
        load_agent(tmp_path / "nothing", game)
    write_folder(tmp_path / "checkpoint", {"agent.json": b"{}"}, kind="checkpoint")
    with pytest.raises(CorruptArtifact, match="is a checkpoint, not an agent"):
        load_agent(tmp_path / "checkpoint", game)


def test_another_game_is_refused_by_name(folder):
    with pytest.raises(WrongGame, match="plays 'connect_four', not 'ball_2v2'; name an agent of ball_2v2"):
        load_agent(folder, make("ball_2v2"))


@pytest.mark.parametrize(
    ("path", "value"),
    [(("observation", "shape"), [3, 6, 7]), (("observation", "dtype"), "float32"), (("num_actions",), 8),
     (("observation", "normalisation"), "mean 0, variance 1")],
)  # fmt: skip
def test_another_version_of_the_game_is_refused(folder, game, path, value):
    edit(folder, *path, value=value)
    with pytest.raises(WrongGame, match="another version of connect_four"):
        load_agent(folder, game)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), 2, "has format 2"),
        (("format",), "1", "lacks one of"),
        (("game",), ["connect_four"], "lacks one of"),
        (("record",), [], "lacks one of"),
        (("network", "type"), "transformer", "type 'transformer'"),
        (("network", "type"), {"__reduce__": "os.system"}, "network of type"),
        (("network", "activation"), "exec", "one of tanh, relu"),
        (("network", "activation"), [], "one of tanh, relu"),
        (("network", "hidden"), [16, 0], "widths of 1 or more"),
        (("network", "hidden"), [16.0, 8], "widths of 1 or more"),
        (("network", "hidden"), [True, 8], "widths of 1 or more"),
        (("network", "hidden"), "16", "widths of 1 or more"),
        (("network", "hidden"), [2] * 65, "at most 64 widths"),
        (("network", "hidden"), [1 << 40, 8], "more than 268,435,456 parameters"),
        (("network", "num_actions"), 9, "from 84 numbers to 7 actions"),
        (("network", "surprise"), 1, "other keys"),
    ],
)
def test_a_forged_description_is_refused(folder, game, path, value, said):
    edit(folder, *path, value=value)
    with pytest.raises(CorruptArtifact, match=said):
        load_agent(folder, game)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"format": NaN}', "[" * 100_000, "\x80", '{"format": 1}'], ids=range(8)
)
def test_nonsense_in_place_of_the_description_is_refused(folder, game, text):
    _rewrite(folder, agent_json=text.encode("latin-1"))
    with pytest.raises(CorruptArtifact, match=r"agent\.json"):
        load_agent(folder, game)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heads__bias": None}, "'heads.bias' is missing or too many"),
        ({"extra": torch.zeros(1)}, "'extra' is missing or too many"),
        ({"heads__bias": torch.zeros(9)}, r"'heads.bias' is float32 \[9\]; the network wants float32 \[8\]"),
        ({"heads__bias": torch.zeros(8, dtype=torch.float64)}, r"'heads.bias' is float64 \[8\]"),
        ({"heads__bias": torch.full((8,), torch.nan)}, "not finite"),
        ({"heads__bias": torch.full((8,), torch.inf)}, "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder, game, changes, said):
    _reweigh(folder, **changes)
    with pytest.raises(CorruptArtifact, match=said):
        load_agent(folder, game)


class _Poison:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_poisoned_file_is_never_executed(folder, game, tmp_path):
    mark = tmp_path / "executed"
    sound = (folder / "agent.json").read_bytes()
    for payload in (pickle.dumps(_Poison(mark)), _torch_file(_Poison(mark), tmp_path)):
        _rewrite(folder, weights_safetensors=payload)
        with pytest.raises(CorruptArtifact, match="is not a safetensors file"):
            load_agent(folder, game)
        _rewrite(folder, agent_json=payload)
        with pytest.raises(CorruptArtifact, match="is not JSON"):
            load_agent(folder, game)
        _rewrite(folder, agent_json=sound)
    assert not mark.exists()
    pickle.loads(pickle.dumps(_Poison(mark)))
    assert mark.exists(), "the poison itself must work, or the test shows nothing"


def _torch_file(value, folder: Path) -> bytes:
    torch.save(value, folder / "poison.pt")
    return (folder / "poison.pt").read_bytes()


def test_a_header_that_promises_too_much_is_refused(folder, game):
    header = json.dumps({"heads.bias": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}}).encode()
    for data in (struct.pack("<Q", len(header)) + header, struct.pack("<Q", 1 << 62) + header):
        _rewrite(folder, weights_safetensors=data)
        with pytest.raises(CorruptArtifact, match="is not a safetensors file"):
            load_agent(folder, game)


def test_a_file_beyond_the_limit_is_not_read(folder, game):
    with open(folder / "weights.safetensors", "ab") as opened:
        opened.truncate(5 << 30)  # sparse: takes no disk
    with pytest.raises(CorruptArtifact, match="are not read"):
        load_agent(folder, game)


def test_nothing_is_saved_that_could_not_be_loaded(tmp_path, network, game):
    with pytest.raises(ValueError, match="is not JSON"):
        save_agent(tmp_path / "a", network, game, {"loss": float("nan")})
    with pytest.raises(ValueError, match="is not JSON"):
        save_agent(tmp_path / "a", network, game, {"game": game})
    network.heads.bias.data[0] = torch.nan
    with pytest.raises(ValueError, match=r"heads\.bias has values that are not finite"):
        save_agent(tmp_path / "a", network, game, {})
    assert list(tmp_path.iterdir()) == []


def test_an_agent_is_not_overwritten_by_accident(folder, network, game):
    with pytest.raises(FileExistsError):
        save_agent(folder, network, game, {})
    save_agent(folder, network, game, {"second": True}, replace=True)
    assert load_agent(folder, game)[1] == {"second": True}
