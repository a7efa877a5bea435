"""What `python -m experiments.run` says to bad input: one line and the right exit code, before anything heavy loads."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.config import Config
from experiments.run_folder import RunFolder


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "experiments.run", *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["selfplay.yaml", "training.lrr=1"], "command line: unknown key 'training.lrr'; did you mean 'training.lr'?"),
        (["selfply.yaml"], "selfply.yaml: no such config in the working folder or among the shipped ones; did you mean "
         "'selfplay.yaml'?"),
        (["selfplay.yaml", "training.lr=fast"], "command line: training.lr is the text 'fast'; wanted a number"),
        (["selfplay.yaml", "game.id=bal_2v2"], "command line: game.id is 'bal_2v2', an unknown game; did you mean "
         "'ball_2v2'?"),
        (["mine.yaml"], "mine.yaml:3: unknown key 'training.lrr'; did you mean 'training.lr'?"),
    ],
)  # fmt: skip
def test_a_wrong_config(tmp_path: Path, arguments: list[str], message: str):
    (tmp_path / "mine.yaml").write_text("name: mine\ntraining:\n  lrr: 1\n")
    assert run(tmp_path, *arguments) == (2, "", message + "\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]  # nothing half-written


def test_no_config_and_no_run(tmp_path: Path):
    for arguments in ([], ["--resume", "latest"], ["--resume", "nowhere"], ["--nonsense"]):
        code, _, error = run(tmp_path, *arguments)
        assert code == 2
        assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_a_printed_config_can_be_run_again(tmp_path: Path):
    code, out, _ = run(tmp_path, "connect_four.yaml", "training.seed=3", "--print-config")
    assert code == 0
    (tmp_path / "again.yaml").write_text(out)
    assert run(tmp_path, "again.yaml", "--print-config") == (0, out, "")


def test_a_run_that_is_in_use_or_has_no_checkpoint(tmp_path: Path):
    with RunFolder.create(Config(name="mine"), [], tmp_path / "runs") as held:
        code, _, error = run(tmp_path, "--resume", "latest")
        assert code == 3
        assert "in use by process" in error
        assert error.count("\n") == 1
    code, _, error = run(tmp_path, "--resume", str(held.path))
    assert code == 4
    assert "no checkpoint was saved here yet; start a new run" in error
    assert error.count("\n") == 1


def test_help_is_fast():
    """0.3 s is promised; the best of three counts, as other programs share the machine."""
    seconds = []
    for _ in range(3):
        before = time.monotonic()
        code, out, _ = run(Path.cwd(), "--help")
        seconds.append(time.monotonic() - before)
        assert code == 0
        assert "example: python -m experiments.run selfplay.yaml" in out
    assert min(seconds) < 0.3
