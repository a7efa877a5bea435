"""python -m experiments.doctor [--quick]

Looks at the machine and says, a line a check, what works, what will be slow and what must be put right, with the fix.
--quick leaves out starting Ray. Exits 0, or 3 if something must be put right.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from experiments.errors import ExitCode, run_command

OK, WARN, FAIL = "ok", "warn", "fail"
MINIMUM_PYTHON = (3, 11)
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
REINSTALL = "pip install -c constraints.txt -e ."
RUN_MEMORY = 3 << 30  # bytes; the default run peaks below 2 GB, and the system wants some
OPEN_FILES = 4096  # Ray's processes hold hundreds each
_RAY_SECONDS, _PYGAME_SECONDS = 90, 30


class Finding(NamedTuple):
    level: str  # OK, WARN or FAIL
    what: str
    fix: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="do not start Ray")
    arguments = parser.parse_args()
    failed = False
    for check in CHECKS:
        if arguments.quick and check is ray_starts:
            continue
        for finding in _guarded(check):
            failed |= finding.level == FAIL
            print(f"{finding.level:4}  {finding.what}{': ' if finding.fix else ''}{finding.fix}", flush=True)
    return ExitCode.ENVIRONMENT if failed else ExitCode.DONE


def _guarded(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that breaks is itself a finding."""
    try:
        yield from check()
    except Exception as error:
        yield Finding(FAIL, f"{check.__name__} could not be checked", f"{type(error).__name__}: {error}")


def python_version() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MINIMUM_PYTHON:
        yield Finding(FAIL, f"Python {version}", "install Python 3.11 or newer")
    elif sys.platform == "win32":
        yield Finding(WARN, f"Python {version} on Windows", "playing and watching work; train under WSL or Linux")
    else:
        yield Finding(OK, f"Python {version}")


def packages() -> Iterator[Finding]:
    """What pyproject.toml asks for must be there; what constraints.txt names is what was tested."""
    from packaging.requirements import Requirement

    count = 0
    for line in metadata.requires("bitterball") or ():
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        count += 1
        version = installed(requirement.name)
        if version is None:
            yield Finding(FAIL, f"{requirement.name} is not installed", REINSTALL)
        elif not requirement.specifier.contains(version, prereleases=True):
            yield Finding(FAIL, f"{requirement.name} {version}, but {requirement.specifier} is needed", REINSTALL)
    tested = dict(_constraints(CONSTRAINTS))
    for name, wanted in tested.items():
        version = installed(name)
        if version is not None and version.partition("+")[0] != wanted.partition("+")[0]:
            yield Finding(WARN, f"{name} {version}, but {wanted} was tested", REINSTALL)
    yield Finding(OK, f"{count} packages needed, {len(tested)} tested versions known")


def _constraints(path: Path) -> Iterator[tuple[str, str]]:
    """(name, exact version) of each line `name==version`."""
    if path.is_file():
        for line in path.read_text().splitlines():
            name, equals, version = line.partition("#")[0].partition(";")[0].partition("==")
            if equals:
                yield name.strip(), version.strip()


def installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def pygame_conflict() -> Iterator[Finding]:
    if installed("pygame") and installed("pygame-ce"):
        fix = "pip uninstall -y pygame pygame-ce && pip install pygame-ce"
        yield Finding(FAIL, "pygame and pygame-ce are both installed and overwrite each other", fix)
    elif installed("pygame-ce"):
        yield Finding(OK, f"pygame-ce {installed('pygame-ce')}, without pygame")


def cores() -> Iterator[Finding]:
    from experiments.provenance import usable_cores

    count, all_cores = usable_cores(), os.cpu_count() or 1
    of = f" of {all_cores}" if count != all_cores else ""
    if count == 1:
        yield Finding(WARN, f"1 core{of}", "training works, playing and learning take turns; two or more overlap them")
    else:
        yield Finding(OK, f"{count} cores{of}")


def memory() -> Iterator[Finding]:
    import psutil

    free = psutil.virtual_memory().available
    limit = Path("/sys/fs/cgroup/memory.max")  # a container's, which psutil does not see
    if limit.is_file() and (text := limit.read_text().strip()).isdecimal():
        free = min(free, int(text) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    if free < RUN_MEMORY:
        yield Finding(WARN, f"{_gigabytes(free)} of memory free", "a default run wants 3 GB; close something")
    else:
        yield Finding(OK, f"{_gigabytes(free)} of memory free")


def shared_memory() -> Iterator[Finding]:
    from agents.rllib.cluster import OBJECT_STORE_BYTES

    shm = Path("/dev/shm")
    if not shm.is_dir():
        yield Finding(OK, "no /dev/shm on this system; Ray uses temporary files")
        return
    statistics = os.statvfs(shm)
    free, size = (statistics.f_frsize * blocks for blocks in (statistics.f_bavail, statistics.f_blocks))
    if free >= OBJECT_STORE_BYTES * 1.1:
        yield Finding(OK, f"/dev/shm has {_gigabytes(free)} free")
    else:
        need = math.ceil((OBJECT_STORE_BYTES * 1.1 + size - free) / (64 << 20)) * 64
        fix = f"Ray falls back to slow files; start the container with `docker run --shm-size={need}m`"
        yield Finding(WARN, f"/dev/shm has {_gigabytes(free)} free", fix)


def open_files() -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        yield Finding(WARN, f"at most {soft} open files", f"ulimit -n {OPEN_FILES} before a run with many runners")
    else:
        yield Finding(OK, f"{'any number of' if soft == resource.RLIM_INFINITY else soft} open files")


def disk() -> Iterator[Finding]:
    from experiments.disk import RUN_BYTES, free_bytes

    for folder, purpose in ((Path("runs").absolute(), "runs"), (Path(tempfile.gettempdir()), "Ray's sockets and logs")):
        free = free_bytes(folder)
        what = f"{_gigabytes(free)} free in {folder} ({purpose})"
        if free < RUN_BYTES:
            yield Finding(FAIL, what, f"free some space: {RUN_BYTES >> 20} MB are needed")
        elif not os.access(_nearest(folder), os.W_OK):
            yield Finding(FAIL, f"{folder} cannot be written", "work in another folder, or set TMPDIR")
        else:
            yield Finding(OK, what)


def _nearest(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def display() -> Iterator[Finding]:
    """In a process of its own: SDL may hang or abort, and it keeps the first driver it finds."""
    program = "import pygame; pygame.display.init(); print(pygame.display.get_driver())"
    environment = {**os.environ, "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    fix = "python -m experiments.watch --record game.mp4 works without one"
    code, output = _run([sys.executable, "-c", program], _PYGAME_SECONDS, environment)
    driver = output.strip().splitlines()[-1] if code == 0 and output.strip() else ""
    if driver and driver not in ("dummy", "offscreen"):
        yield Finding(OK, f"a display ({driver})")
    elif "No module named" in output:
        yield Finding(FAIL, "pygame cannot be imported", REINSTALL)
    else:
        yield Finding(WARN, "no display", fix)


def compiled_code() -> Iterator[Finding]:
    from envs.compile_cache import FOLDER

    try:
        with tempfile.TemporaryFile(dir=FOLDER):
            pass
    except OSError as error:
        fix = "set NUMBA_CACHE_DIR to a folder that can be written, or every start compiles for a minute"
        yield Finding(FAIL, f"compiled rules cannot be kept in {FOLDER} ({error.strerror})", fix)
        return
    if FOLDER.is_relative_to(tempfile.gettempdir()):
        yield Finding(WARN, f"compiled rules are kept in {FOLDER}, until it is cleaned", "set NUMBA_CACHE_DIR")
    else:
        yield Finding(OK, f"compiled rules are kept in {FOLDER}")


def torch_threads() -> Iterator[Finding]:
    import torch

    from experiments.provenance import usable_cores

    threads, count = torch.get_num_threads(), usable_cores()
    if threads > count:
        yield Finding(WARN, f"torch takes {threads} threads on {count} cores", "export OMP_NUM_THREADS=1")
    else:
        yield Finding(OK, f"torch {torch.__version__} takes {threads} thread{'s' if threads > 1 else ''}")
    if torch.cuda.is_available():
        yield Finding(OK, f"GPU: {torch.cuda.get_device_name()}")
    else:
        yield Finding(OK, "no GPU; none is needed")


def ray_starts() -> Iterator[Finding]:
    """Start and stop a private Ray, in a process of its own so that a hang can be ended."""
    program = "from agents.rllib.cluster import ray_session\nwith ray_session(num_cpus=1): pass"
    before = time.monotonic()
    code, output = _run([sys.executable, "-c", program], _RAY_SECONDS, dict(os.environ))
    if code == 0:
        yield Finding(OK, f"Ray starts and stops ({time.monotonic() - before:.0f} s)")
        return
    cause = f"no answer in {_RAY_SECONDS} s" if code is None else (output.strip().splitlines() or ["no message"])[-1]
    fix = "end leftovers with `ray stop --force`, and see the lines on disk, memory and open files above"
    yield Finding(FAIL, f"Ray does not start ({cause[:200]})", fix)


def _run(command: list[str], seconds: float, environment: dict[str, str]) -> tuple[int | None, str]:
    """(exit code, or None after the time limit; stdout and stderr). The whole process group ends with it."""
    import signal

    root = Path(__file__).resolve().parent.parent
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), environment.get("PYTHONPATH"))))
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def _gigabytes(count: float) -> str:
    return f"{count / (1 << 30):.1f} GB"


CHECKS = (
    python_version, packages, pygame_conflict, cores, memory, shared_memory, open_files, disk, display, compiled_code,
    torch_threads, ray_starts,
)  # fmt: skip

if __name__ == "__main__":
    run_command(main)
