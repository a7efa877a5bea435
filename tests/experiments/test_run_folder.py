"""A run's folder: what is in it, who may write it, and that going on from a checkpoint forgets what came later."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from experiments import disk
from experiments.animation import encode_gif
from experiments.config import Config
from experiments.config_file import extend, load_resolved
from experiments.errors import ExitCode, UserError
from experiments.provenance import provenance
from experiments.run_folder import RunFolder, latest_run

CONFIG = Config(name="mine", training={"seed": 5})
COMMAND = ["python", "-m", "experiments.run", "mine.yaml"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def events(run: RunFolder) -> EventAccumulator:
    found = EventAccumulator(str(run.events), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    found.Reload()
    return found


def test_what_a_new_run_holds(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        assert run.path.parent == root / "mine"
        assert load_resolved(run.path / "config.yaml") == CONFIG
        manifest = json.loads((run.path / "manifest.json").read_text())
        assert manifest["seed"] == 5
        assert manifest["made"]["command"] == COMMAND
        assert set(manifest["made"]) == {"time", "command", "git", "versions", "machine"}
        assert manifest["made"]["versions"]["numpy"] == np.__version__
        assert manifest["made"]["machine"]["cores"] >= 1
        names = {path.name for path in run.path.iterdir()}
        assert names == {"config.yaml", "manifest.json", "events", "checkpoints", "agents", "replays", ".lock"}
    assert [path.name for path in root.iterdir()] == ["mine"]


def test_the_commit_is_known():
    here = Path(__file__).parent
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("not in a repository")
    found = provenance([])["git"]
    assert found["commit"] == git.stdout.strip()
    assert isinstance(found["dirty"], bool)


def test_two_runs_of_one_second_do_not_meet(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as one, RunFolder.create(CONFIG, COMMAND, root) as two:
        assert one.path != two.path


def test_the_latest_run_is_the_one_made_last_whatever_its_name(root: Path, monkeypatch: pytest.MonkeyPatch):
    with RunFolder.create(CONFIG, COMMAND, root) as old, RunFolder.create(Config(name="a"), COMMAND, root) as new:
        pass
    old.path.rename(old.path.with_name("20260102T030405Z-bbbbbb"))
    new.path = new.path.rename(new.path.with_name("20260102T030406Z-aaaaaa"))
    with RunFolder.open("latest", root) as run:
        assert run.path == new.path
        assert run.config.name == "a"
    monkeypatch.chdir(root.parent)
    assert latest_run() == new.path


def test_numbers_go_to_both_logs(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        run.log(1000, {"loss/policy": np.float32(0.5), "eval/win_rate/scripted:L3": 0.25}, training_seconds=2.5)
        run.log(2000, {"loss/policy": float("nan")})
    first, second = map(json.loads, run.metrics.read_text().splitlines())
    assert (first["step"], first["training_seconds"]) == (1000, 2.5)
    assert (first["loss/policy"], first["eval/win_rate/scripted_L3"]) == (0.5, 0.25)
    assert second["loss/policy"] is None
    found = events(run)
    assert [(event.step, event.value) for event in found.Scalars("eval/win_rate/scripted_L3")] == [(1000, 0.25)]
    assert np.isnan(found.Scalars("loss/policy")[1].value)
    assert len(list(run.events.iterdir())) == 1


def test_going_on_from_a_checkpoint_forgets_what_came_later(root: Path):
    frames = np.zeros((2, 8, 8, 3), np.uint8)
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        for step in (100, 200, 300):
            run.log(step, {"loss/policy": step})
        run.log_video("clip", frames, 10, 300)
        with open(run.metrics, "a") as opened:
            opened.write('{"step": 2')  # as a kill leaves it
    (file,) = run.events.iterdir()
    with open(file, "ab") as opened:
        opened.write(bytes(7))  # half a record
    before = file.stat().st_size
    with RunFolder.open(run.path) as run:
        run.resume(200, [*COMMAND, "--resume"], extend(CONFIG, ["training.minutes=20"]))
        run.log(400, {"loss/policy": 400})
    assert [json.loads(line)["step"] for line in run.metrics.read_text().splitlines()] == [100, 200, 400]
    assert file.stat().st_size < before
    found = events(run)  # reads the files one after the other, as TensorBoard's data server does
    assert [event.step for event in found.Scalars("loss/policy")] == [100, 200, 400]
    assert found.Tags()["images"] == []
    manifest = json.loads((run.path / "manifest.json").read_text())
    assert [(entry["env_steps"], entry["command"][-1]) for entry in manifest["resumed"]] == [(200, "--resume")]
    with RunFolder.open(run.path) as run:
        assert run.config.training.minutes == 20


def test_config_and_hyperparameters_are_in_the_run_s_own_events(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        run.log_text("config", "a:\n  b: 1")
        run.log_hparams(["rating/rating"])
    assert len(list(run.events.iterdir())) == 1  # no run of its own for the hyperparameters
    found = events(run)
    assert found.Tensors("config/text_summary")[0].tensor_proto.string_val[0] == b"    a:\n      b: 1\n"
    start = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    for part in (b"training.lr", b"network.hidden", b"[64, 64]", b"ball_2v2"):
        assert part in start
    assert b"rating/rating" in found.SummaryMetadata("_hparams_/experiment").plugin_data.content


def test_a_clip_is_an_animation(root: Path):
    frames = np.zeros((30, 24, 40, 3), np.uint8)
    frames[..., 1] = 90  # a green field with a ball that crosses it
    for t, frame in enumerate(frames):
        frame[10:14, t : t + 4] = 255
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        run.log_video("eval/clip/scripted:L3", frames, 15, 1000)
    (image,) = events(run).Images("eval/clip/scripted_L3")
    assert (image.step, image.width, image.height) == (1000, 40, 24)
    gif = Image.open(io.BytesIO(image.encoded_image_string))
    assert (gif.format, gif.n_frames, gif.info["loop"]) == ("GIF", 30, 0)
    length = 0
    for t in range(30):
        gif.seek(t)
        length += gif.info["duration"]
        assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - frames[t]).max() <= 8
    assert length == 2000  # 30 frames at 15 a second, though a GIF counts in hundredths


def test_a_picture_is_shown_as_it_is(root: Path):
    png = io.BytesIO()
    Image.new("RGB", (40, 24), (10, 20, 30)).save(png, "PNG")
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        run.log_image("league/x:y", png.getvalue(), 1000)
    (image,) = events(run).Images("league/x_y")
    assert (image.step, image.width, image.height) == (1000, 40, 24)
    assert image.encoded_image_string == png.getvalue()


def test_an_animation_faster_than_browsers_play_keeps_its_length():
    gif = Image.open(io.BytesIO(encode_gif(np.random.default_rng(0).integers(0, 255, (100, 4, 4, 3), np.uint8), 100)))
    assert gif.n_frames == 50
    with pytest.raises(ValueError, match="uint8"):
        encode_gif(np.zeros((3, 4, 4)), 10)


HOLDER = """
import sys
from pathlib import Path
from experiments.provenance import provenance
from experiments.run_folder import RunFolder, latest_run
run = RunFolder.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_run_in_use_is_refused_until_its_process_is_gone(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        pass
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()
    with pytest.raises(UserError, match=f"in use by process {holder.pid} on .*; wait for it or stop it") as caught:
        RunFolder.open(run.path)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    RunFolder.open(run.path).close()


def test_what_is_no_run(root: Path):
    with pytest.raises(UserError, match="runs: no run was started here yet") as caught:
        RunFolder.open("latest", root)
    assert caught.value.exit_code == ExitCode.USAGE
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        pass
    with pytest.raises(UserError, match=f"nowhere: no such run; the last one is {run.path}"):
        RunFolder.open(root / "nowhere", root)
    with pytest.raises(UserError, match=f"is not a run folder; did you mean {run.path}"):
        RunFolder.open(root / "mine")
    (run.path / "manifest.json").write_text('{"format": "something else"}')
    with pytest.raises(UserError, match="is not a run folder"):
        RunFolder.open(run.path)


def test_a_damaged_config_of_a_run_is_placed(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        (run.path / "config.yaml").write_text("name: mine\ntraining:\n  lrr: 1\n")
    with pytest.raises(UserError, match=r"config\.yaml:3: unknown key 'training\.lrr'"):
        RunFolder.open(run.path)
    (run.path / "config.yaml").write_text("name: mine\n")
    RunFolder.open(run.path).close()  # the lock was let go


def test_leftovers_of_a_killed_run_are_removed(root: Path):
    with RunFolder.create(CONFIG, COMMAND, root) as run:
        (run.checkpoints / f".7.{'a' * 32}.tmp").mkdir()
    with RunFolder.open(run.path):
        assert not list(run.checkpoints.iterdir())


def test_a_full_disk_stops_before_anything_is_made(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 1 << 20)
    with pytest.raises(UserError, match="1 MB free on this disk, 200 MB needed") as caught:
        RunFolder.create(CONFIG, COMMAND, root)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    assert not root.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UserError, match="cannot be made") as caught:
        RunFolder.create(CONFIG, COMMAND, tmp_path / "runs")
    assert caught.value.exit_code == ExitCode.ENVIRONMENT
