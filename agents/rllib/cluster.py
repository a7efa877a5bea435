"""Starting and stopping Ray: private, quiet, small, or joining the cluster that the user names."""

import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agents.cpu import TUNED, tune_environment

OBJECT_STORE_BYTES = 300 * 1024**2  # a few rollouts in flight; Ray's default of 30% of memory breaks small /dev/shm
PREFIX = "bitterball-ray-"  # of the temporary folder
LONGEST_PARENT = 12  # characters: Ray's sockets lie up to 94 characters deeper, and a socket's path has 107 at most
CONNECT_SECONDS = 10.0  # for the head node to answer
STALE_SECONDS = 60.0  # a folder is made a moment before it is locked
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # 0: Ray takes 127.0.0.1 for its address, and listens there alone


class RayUnavailable(RuntimeError):
    """Ray did not start, or the cluster was not found; the message says why in a line or two."""


def quiet_environment() -> None:
    """Set before ray is imported: no usage reports, no dashboards, one math thread a process, no log lines in between.

    What goes wrong in a runner comes back as an exception with its own traceback (env_runner.py); Ray's own words about
    it, and RLlib's, would only hide that. `RAY_BACKEND_LOG_LEVEL=info` in the environment brings them back.
    """
    defaults = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "RAY_DEDUP_LOGS": "1",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
        "RAY_worker_niceness": "0",  # Ray's default of 15 starves the runners as soon as anything else runs
        "PYTHONWARNINGS": "ignore",
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


@contextmanager
def ray_session(num_cpus: int | None = None, address: str | None = None) -> Iterator[None]:
    """Ray while the block runs. Without an address a private one on loopback, in a temporary folder that goes with it.

    The runners import what the driver can import (a game of one's own), and use one thread each. Handlers of signals
    stay the caller's. Raises RayUnavailable.
    """
    quiet_environment()
    tune_environment()
    own = sys.prefix, sys.base_prefix, sys.exec_prefix  # the runners' Python has its own of these
    paths = [path or os.getcwd() for path in sys.path if not path.startswith(own)]
    tuned = {name: os.environ[name] for name in TUNED if name in os.environ}
    environment = {"PYTHONPATH": os.pathsep.join(paths), **tuned}
    common = {"runtime_env": {"env_vars": environment}, "logging_level": "ERROR", "log_to_driver": False}
    if address:
        try:
            _check_address(address)
            _start(address=address, **common)
            yield
        finally:
            _stop()
        return
    with _temporary_folder() as folder, _on_loopback():
        try:
            _start(
                address="local",  # whatever RAY_ADDRESS says: a cluster is joined only where the config names it
                num_cpus=num_cpus,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=str(folder / "r"),  # Ray opens its own folder to everybody
                **common,
            )
            yield
        finally:
            _stop()


def _check_address(address: str) -> None:
    """Ray itself waits for minutes where nobody answers."""
    found = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    host, _, port = found.rpartition(":")
    if "/" in host or (address != "auto" and not host):
        raise RayUnavailable(f"no Ray cluster at '{address}': wanted auto, or host:port of the head node")
    if host:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except (OSError, ValueError) as error:
            raise RayUnavailable(f"no Ray cluster at '{host}:{port}': {error}") from None


def _start(**options: Any) -> None:
    """ray.init, silent, its files for nobody else, and without its handler of SIGTERM."""
    import ray
    from ray._private import utils

    set_handler, utils.set_sigterm_handler = utils.set_sigterm_handler, lambda handler: None
    mask = os.umask(0o077)  # ~/.ray/auth_token would be readable by all
    try:
        with _silent():
            ray.init(**options)
        token = Path.home() / ".ray" / "auth_token"
        if token.exists():
            token.chmod(0o600)  # an older one
    except Exception as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        what = f"no Ray cluster at '{options['address']}'" if options["address"] != "local" else "Ray did not start"
        raise RayUnavailable(f"{what}: {cause[:500]}") from error
    finally:
        os.umask(mask)
        utils.set_sigterm_handler = set_handler
        handler = signal.getsignal(signal.SIGTERM)
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray's C++ part has put a handler of its own under Python's


def _stop() -> None:
    import ray

    ray.shutdown()


@contextmanager
def _silent() -> Iterator[None]:
    """While Ray starts: its C++ part announces on stderr that it was told to be quiet, and a thread is to print every
    death of a worker on stdout. What Python raises is not touched."""
    from ray._private import worker

    if os.environ["RAY_BACKEND_LOG_LEVEL"] != "fatal":
        yield
        return
    for name in ("ray.rllib", "ray.tune"):  # importing ray sets their levels
        logging.getLogger(name).setLevel(logging.CRITICAL)
    listen, worker.listen_error_messages = worker.listen_error_messages, lambda *_: None
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        worker.listen_error_messages = listen


@contextmanager
def _on_loopback() -> Iterator[None]:
    """For a private Ray; one that joins a cluster must be reachable. Ray reads the variable when it is imported."""
    before = os.environ.get(LOOPBACK)
    os.environ[LOOPBACK] = "0"
    from ray._private import ray_constants

    flag, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = flag
        os.environ.pop(LOOPBACK)
        if before is not None:
            os.environ[LOOPBACK] = before


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A locked folder, removed afterwards; those of processes that were killed are removed before."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > LONGEST_PARENT:
        parent = Path("/tmp")
    for stale in parent.glob(f"{PREFIX}????????"):
        _remove_if_stale(stale)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_if_stale(folder: Path) -> None:
    """Whoever made it holds its lock for as long as it lives."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        status = os.fstat(lock)
        if status.st_uid == os.getuid() and time.time() - status.st_mtime > STALE_SECONDS:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass
    finally:
        os.close(lock)
