"""Where a result comes from: command, time, commit, versions, machine."""

import os
import platform
import socket
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "bitterball", "gymnasium", "numba", "numpy", "pettingzoo", "pydantic", "pygame-ce", "ray", "safetensors", "scipy",
    "tensorboard", "torch",
)  # fmt: skip


def provenance(command: Sequence[str]) -> dict[str, Any]:
    """Everything that a later reader needs to make the result again, as JSON can hold it."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "git": _git(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "machine": {
            "host": socket.gethostname(),
            "system": platform.platform(),
            "processor": _processor(),
            "cores": usable_cores(),
        },
    }


def usable_cores() -> int:
    """Cores that this process may use: fewer than the machine's under taskset or in a container with a CPU set."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git() -> dict[str, Any] | None:
    """Commit and whether the tree differs from it; None where the program does not run from a repository of its own."""
    here = Path(__file__).resolve()

    def git(*arguments: str) -> str:
        answer = subprocess.run(
            ["git", *arguments], cwd=here.parent, capture_output=True, text=True, timeout=10, check=True
        )
        return answer.stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)  # else it is somebody else's repository around an install
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as opened:
            names = [line.partition(":")[2].strip() for line in opened if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or "unknown"
