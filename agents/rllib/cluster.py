"""Starting and stopping Ray: private, quiet, small, or joining the cluster that the user names."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.cpu import TUNED, tune_environment

OBJECT_STORE_BYTES = 300 * 1024**2  # a few rollouts in flight; Ray's default of 30% of memory breaks small /dev/shm


def quiet_environment() -> None:
    """Set before ray is imported: no usage reports, no dashboards, one math thread a process."""
    defaults = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "RAY_DEDUP_LOGS": "1",
        "PYTHONWARNINGS": "ignore",
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


@contextmanager
def ray_session(num_cpus: int | None = None, address: str | None = None) -> Iterator[None]:
    """Ray while the block runs. Without an address a private one on loopback, in a temporary folder that goes with it.

    Raises RuntimeError with the cause where Ray does not start.
    """
    quiet_environment()
    import ray

    # the runners import what the driver can import (a game of one's own), and use one thread each
    tune_environment()
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    environment = {
        "env_vars": {"PYTHONPATH": paths, **{name: os.environ[name] for name in TUNED if name in os.environ}}
    }
    if address:
        ray.init(address=address, runtime_env=environment, logging_level="ERROR", log_to_driver=False)
        try:
            yield
        finally:
            ray.shutdown()
        return
    folder = Path(tempfile.mkdtemp(prefix="bb-"))  # short: Ray's sockets live here, and their paths are limited to 107
    try:
        ray.init(
            num_cpus=num_cpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            runtime_env=environment,
            logging_level="ERROR",
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(folder),
        )
        token = Path.home() / ".ray" / "auth_token"
        if token.exists():
            token.chmod(0o600)  # Ray writes it with the plain umask
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
