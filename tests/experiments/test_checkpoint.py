"""A checkpoint comes back exactly, or is refused with the way out; killed, damaged and poisoned ones included."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from agents.artifact import MANIFEST, read_folder, remove_leftovers, write_folder
from experiments import checkpoint, disk
from experiments.checkpoint import KIND, load, newest, save
from experiments.errors import ExitCode, UserError

SETTINGS = np.dtype([("komi", np.float64), ("swap", np.int8)], align=True)
STATE = np.dtype([("rng", np.uint64), ("settings", SETTINGS), ("board", np.int8, (2, 3)), ("over", np.bool_)])
OTHER = np.dtype([("rng", np.uint64), ("settings", SETTINGS), ("board", np.int8, (3, 2)), ("over", np.bool_)])


def boards(count: int) -> np.ndarray:
    states = np.zeros(count, STATE)
    states["rng"] = 2**64 - 1 - np.arange(count, dtype=np.uint64)
    states["settings"]["komi"] = 7.5
    states["board"] = np.arange(6).reshape(2, 3)
    states["over"] = np.arange(count) % 2
    return states


def example(step: int) -> dict[str, dict[str, np.ndarray]]:
    return {"network": {"w": np.full((32, 16), step, np.float32)}, "runner_0": {"states": boards(4)}}


def refusal(folder: Path, dtypes: tuple[np.dtype, ...] = (STATE,)) -> str:
    with pytest.raises(UserError) as caught:
        load(folder, dtypes)
    assert caught.value.exit_code == ExitCode.CHECKPOINT
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_comes_back_exactly(tmp_path: Path):
    arrays = {
        "a": {
            "floats": np.array([[1.5, -0.0], [np.nan, np.inf]], np.float32),
            "streams": np.array([2**64 - 1, 0], np.uint64),
            "mask": np.array([True, False]),
            "scalar": np.array(3.25),
            "empty": np.zeros((0, 4), np.int16),
            "strided": np.arange(24, dtype=np.int32).reshape(4, 6)[::2, ::3],
            "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
            "big_endian": np.arange(3, dtype=">i4"),
        },
        "b": {"states": boards(5).reshape(5, 1), "one": boards(1)[0], "none": boards(0), "strided": boards(6)[::2]},
        "empty_group": {},
    }  # fmt: skip
    state = {"updates": 3, "lr": 1e-3, "random": np.random.default_rng(1).bit_generator.state, "log": [None, True, "é"]}
    save(tmp_path / "120000", arrays, state)
    loaded = load(tmp_path / "120000", [OTHER, STATE])
    assert (loaded.env_steps, loaded.state) == (120000, state)
    assert {group: set(named) for group, named in loaded.arrays.items()} == {g: set(n) for g, n in arrays.items()}
    for group, named in arrays.items():
        for name, array in named.items():
            found = loaded.arrays[group][name]
            assert found.dtype == np.asarray(array).dtype.newbyteorder("="), name
            assert found.shape == array.shape
            native = np.asarray(array).astype(found.dtype)
            assert found.tobytes() == native.tobytes()
            assert found.flags.writeable


def test_a_generator_goes_on_where_it_was(tmp_path: Path):
    rng = np.random.default_rng(7)
    rng.integers(10, size=3)  # leaves half a draw in its buffer
    save(tmp_path / "1", {}, {"rng": rng.bit_generator.state})
    other = np.random.default_rng()
    other.bit_generator.state = load(tmp_path / "1").state["rng"]
    assert rng.integers(2**32, size=5).tolist() == other.integers(2**32, size=5).tolist()


@pytest.mark.parametrize("state", [{1: "a"}, {"a": {2: 3}}, {"a": np.float32(1)}, {"a": np.zeros(2)}, {"a": [{1, 2}]}])
def test_what_json_would_change_is_not_saved(tmp_path: Path, state: dict):
    with pytest.raises(TypeError, match="state"):
        save(tmp_path / "1", {}, state)
    assert not list(tmp_path.iterdir())


def test_objects_are_not_saved(tmp_path: Path):
    with pytest.raises(TypeError, match="Python objects"):
        save(tmp_path / "1", {"a": {"x": np.zeros(1, [("o", object)])}}, {})
    with pytest.raises(Exception, match="object"):
        save(tmp_path / "1", {"a": {"x": np.array([{}], object)}}, {})
    assert not list(tmp_path.iterdir())


def test_records_of_another_layout_are_refused(tmp_path: Path):
    save(tmp_path / "1", example(1), {})
    message = refusal(tmp_path / "1", (OTHER,))
    assert "runner_0.safetensors: does not hold what it should (its records are of another game" in message
    assert "records" in refusal(tmp_path / "1", ())
    padded = np.dtype(STATE.descr, align=True)
    assert "records" in refusal(tmp_path / "1", (padded,))


def test_only_the_last_are_kept(tmp_path: Path):
    (tmp_path / "notes").mkdir()
    for step in (5, 40, 300, 2000):
        save(tmp_path / str(step), example(step), {}, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2000", "300", "notes"]
    assert newest(tmp_path).name == "2000"


def test_no_checkpoint_yet(tmp_path: Path):
    with pytest.raises(UserError, match="no checkpoint was saved here yet; start a new run") as caught:
        newest(tmp_path / "checkpoints")
    assert caught.value.exit_code == ExitCode.CHECKPOINT


def test_flipped_bits_anywhere_are_refused_with_the_way_out(tmp_path: Path):
    save(tmp_path / "1", example(1), {"a": 1})
    save(tmp_path / "2", example(2), {"a": 2})
    generator = random.Random(0)
    for file in sorted((tmp_path / "2").iterdir()):
        whole = file.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole)
            damaged[generator.randrange(len(whole))] ^= 1 << generator.randrange(8)
            file.write_bytes(damaged)
            message = refusal(tmp_path / "2")
            assert message.startswith(str(tmp_path / "2"))
            assert file.name in message or file.name == MANIFEST  # a damaged manifest blames what it no longer lists
            assert message.endswith(f"{tmp_path / '1'} is whole: delete {tmp_path / '2'} to go on from there")
        file.write_bytes(whole)
    assert load(tmp_path / "2", [STATE]).state == {"a": 2}


@pytest.mark.parametrize("name", ["network.safetensors", "runner_0.safetensors", "state.json", MANIFEST])
def test_a_missing_file_is_refused(tmp_path: Path, name: str):
    save(tmp_path / "1", example(1), {})
    (tmp_path / "1" / name).unlink()
    assert name in refusal(tmp_path / "1")
    assert "no other checkpoint of the run is whole: start a new run" in refusal(tmp_path / "1")


def test_a_renamed_or_foreign_folder_is_refused(tmp_path: Path):
    save(tmp_path / "1", example(1), {})
    (tmp_path / "1").rename(tmp_path / "9")
    assert "was renamed: it was saved as 1" in refusal(tmp_path / "9")
    write_folder(tmp_path / "3", {"agent.json": b"{}"}, kind="agent")
    assert "is an agent, not a checkpoint" in refusal(tmp_path / "3")
    (tmp_path / "4").mkdir()
    assert "is not a checkpoint" in refusal(tmp_path / "4")
    write_folder(tmp_path / "5", {"state.json": b"[]"}, kind=KIND)
    assert "state.json: was not written by this program" in refusal(tmp_path / "5")


def test_a_newer_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = checkpoint.VERSION
    monkeypatch.setattr(checkpoint, "VERSION", own + 1)
    save(tmp_path / "1", {}, {})
    monkeypatch.undo()
    assert f"has version {own + 1}; this program reads version {own}" in refusal(tmp_path / "1")


class Poison:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_poisoned_file_never_runs(tmp_path: Path):
    touched = tmp_path / "touched"
    payload = pickle.dumps(Poison(touched))
    pickle.loads(payload)
    assert touched.exists()  # the poison works
    touched.unlink()

    save(tmp_path / "1", example(1), {})
    files = read_folder(tmp_path / "1", kind=KIND)
    for name in files:  # with right hashes, as a stranger would send it
        write_folder(tmp_path / "1", {**files, name: payload}, kind=KIND, replace=True)
        refusal(tmp_path / "1")
    write_folder(tmp_path / "1", files, kind=KIND, replace=True)
    (tmp_path / "1" / "class_and_ctor_args.pkl").write_bytes(payload)
    assert "class_and_ctor_args.pkl: does not belong there" in refusal(tmp_path / "1")
    assert not touched.exists()


def test_lies_about_records_are_refused(tmp_path: Path):
    save(tmp_path / "1", example(1), {})
    files = read_folder(tmp_path / "1", kind=KIND)
    content = json.loads(files["state.json"])
    for lie in ({"network": {"w": content["records"]["runner_0"]["states"]}}, {"runner_0": {"nothing": "<f4"}},
                {"runner_0": 3}, []):  # fmt: skip
        changed = {**files, "state.json": json.dumps({**content, "records": lie}).encode()}
        write_folder(tmp_path / "1", changed, kind=KIND, replace=True)
        refusal(tmp_path / "1")


def test_too_little_space_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save(tmp_path / "1", example(1), {})
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 5 << 20)
    with pytest.raises(UserError, match="5 MB free on this disk, 16 MB needed; free some space") as caught:
        save(tmp_path / "2", example(2), {}, keep=1)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


SAVER = """
import sys
from pathlib import Path
import numpy as np
from experiments.checkpoint import save
folder, step = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while True:
    step += 1
    arrays = {group: {"w": np.full((64, 1024), step, np.float32)} for group in ("network", "optimizer", "pool")}
    save(folder / str(step), arrays, {"step": step}, keep=2)
"""


def test_a_save_killed_at_any_moment_leaves_a_checkpoint_that_loads(tmp_path: Path):
    generator = random.Random(1)
    folder, step, leftovers = tmp_path / "checkpoints", 0, 0
    save(folder / "0", {}, {"step": 0})
    for _ in range(12):
        saver = subprocess.Popen([sys.executable, "-c", SAVER, str(folder), str(step)], stdout=subprocess.PIPE)
        assert saver.stdout is not None
        saver.stdout.readline()
        time.sleep(generator.uniform(0.0, 0.08))
        os.kill(saver.pid, signal.SIGKILL)
        saver.wait()
        saver.stdout.close()
        leftovers += len(list(folder.glob(".*.tmp")))
        remove_leftovers(folder)
        found = load(newest(folder))
        assert found.env_steps >= step
        step = found.env_steps
        assert found.state == {"step": step}
        assert all((named["w"] == step).all() for named in found.arrays.values())
        assert all(path.name.isdecimal() for path in folder.iterdir())
    assert step > 0
    assert leftovers > 0  # some were killed in the middle of a save
