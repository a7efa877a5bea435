"""Free space, looked at before something is written."""

import shutil
from pathlib import Path

from experiments.errors import ExitCode, UserError

RUN_BYTES = 200 << 20  # a run with the default network: checkpoints 20 MB, agents and events as much again, and room


def free_bytes(folder: Path) -> int:
    """Of the file system that `folder`, which need not exist yet, is or will be on."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_free(folder: Path, needed: int) -> None:
    """Raises UserError (exit code 3) where fewer than `needed` bytes are free."""
    free = free_bytes(folder)
    if free < needed:
        raise UserError(
            f"{folder}: {free >> 20:,} MB free on this disk, {max(needed >> 20, 1):,} MB needed; free some space "
            "(old folders in runs/ can be deleted) or work on another disk",
            ExitCode.ENVIRONMENT,
        )
