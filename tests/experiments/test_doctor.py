"""The doctor: a line a check, the fix beside what is wrong, and an exit code to act on."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments import disk, doctor
from experiments.doctor import FAIL, OK, WARN, Finding


def only(check: Callable[[], Iterator[Finding]]) -> Finding:
    (finding,) = check()
    return finding


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "experiments.doctor", *arguments], capture_output=True, text=True, timeout=200
    )


def test_a_line_for_every_check_without_ray():
    done = run("--quick")
    lines = done.stdout.splitlines()
    assert len(lines) >= len(doctor.CHECKS) - 1
    assert all(re.match(r"(ok  |warn|fail)  \S", line) for line in lines)
    assert done.returncode == (3 if any(line.startswith("fail") for line in lines) else 0)
    assert "Ray starts" not in done.stdout
    assert not done.stderr


@pytest.mark.slow
def test_ray_is_started_and_stopped():
    done = run()
    assert re.search(r"^ok    Ray starts and stops \(\d+ s\)$", done.stdout, re.MULTILINE)


def test_help_is_fast_and_shows_the_command():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "experiments.doctor", "--help"], capture_output=True, text=True
    )
    assert "python -m experiments.doctor [--quick]" in done.stdout
    assert not re.search(r"\| +(torch|ray|numpy|numba|pydantic|pygame)$", done.stderr, re.MULTILINE)


def test_two_pygames_are_told_apart(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "installed", lambda package: "2.5")
    finding = only(doctor.pygame_conflict)
    assert (finding.level, finding.fix) == (FAIL, "pip uninstall -y pygame pygame-ce && pip install pygame-ce")


def test_a_missing_and_an_untested_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# tested\nnumpy==1.0  # old\nnothing==2\nrich\n")
    monkeypatch.setattr(doctor, "CONSTRAINTS", constraints)
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda package: None if package == "safetensors" else real(package))
    found = list(doctor.packages())
    assert Finding(FAIL, "safetensors is not installed", doctor.REINSTALL) in found
    assert Finding(WARN, f"numpy {real('numpy')}, but 1.0 was tested", doctor.REINSTALL) in found
    assert not any("nothing" in finding.what for finding in found)


def test_an_unsuitable_version_fails(monkeypatch: pytest.MonkeyPatch):
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda package: "2.9.0" if package == "ray" else real(package))
    assert any(finding.level == FAIL and finding.what.startswith("ray 2.9.0, but") for finding in doctor.packages())


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm here")
def test_docker_s_64_mb_of_shared_memory(monkeypatch: pytest.MonkeyPatch):
    size = SimpleNamespace(f_frsize=4096, f_bavail=(60 << 20) // 4096, f_blocks=(64 << 20) // 4096)
    monkeypatch.setattr(os, "statvfs", lambda path: size)
    finding = only(doctor.shared_memory)
    assert finding.level == WARN
    wanted = re.search(r"`docker run --shm-size=(\d+)m`", finding.fix)
    assert wanted
    needed = int(wanted[1]) << 20
    size.f_bavail, size.f_blocks = (needed - (4 << 20)) // 4096, needed // 4096
    assert only(doctor.shared_memory).level == OK  # what it says is enough


def test_a_full_disk_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 10 << 20)
    assert [finding.level for finding in doctor.disk()] == [FAIL, FAIL]
    assert all("200 MB are needed" in finding.fix for finding in doctor.disk())


def test_no_display_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    finding = only(doctor.display)
    assert (finding.level, finding.what) == (WARN, "no display")
    assert "--record" in finding.fix


def test_a_cache_that_cannot_be_written_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("envs.compile_cache.FOLDER", tmp_path / "gone")
    finding = only(doctor.compiled_code)
    assert finding.level == FAIL
    assert "NUMBA_CACHE_DIR" in finding.fix


def test_ray_that_does_not_start_shows_its_last_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "_run", lambda *arguments: (1, "Traceback\nRuntimeError: no room\n"))
    assert only(doctor.ray_starts).what == "Ray does not start (RuntimeError: no room)"
    monkeypatch.setattr(doctor, "_run", lambda *arguments: (None, ""))
    assert "no answer in" in only(doctor.ray_starts).what


def test_a_hanging_program_is_ended():
    assert doctor._run(["sleep", "60"], 0.2, {}) == (None, "")


def test_a_check_that_breaks_is_a_finding():
    def lungs() -> Iterator[Finding]:
        raise ValueError("cough")
        yield

    assert list(doctor._guarded(lungs)) == [Finding(FAIL, "lungs could not be checked", "ValueError: cough")]
