"""Where numba keeps compiled code: one folder per version of the rules, outside the package.

Numba notices an edit of the file that a cached function stands in, but not of the files that it calls into, so an
edited rule would leave a stale driver. Therefore the folder is named after a hash of every source file of `envs/` but
the faces, renderers and notations; rules from elsewhere put the hash of their sources into their State's dtype
(`register`). It also serves read-only installs. `NUMBA_CACHE_DIR` moves the parent folder; folders unused for two weeks
are removed.

Numba also names the files of a function's versions by what its index lists, and does not lock. Two processes that
compile it at once, for two games, could take the same name; then a third would find one game's code under the other's
types, and write past the end of its States. So here they save one after the other.
"""

import ast
import fcntl
import hashlib
import importlib.util
import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

RULES = Path(__file__).resolve().parent
INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]
UNUSED_SECONDS = 14 * 24 * 3600


def fingerprint(paths: Iterable[Path]) -> str:
    """16 hex digits over names and contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def sources_outside(modules: Iterable[str]) -> list[Path]:
    """The files of these imported modules, and of all that they import, which lie neither in `envs/` nor in an
    installed package other than their own: functions and constants in them are compiled into the rules.
    """
    waiting = list(modules)
    families = {name.partition(".")[0] for name in waiting}
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if name in found or module is None or not file or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        installed = any(path.is_relative_to(folder) for folder in INSTALLED)
        if path.is_relative_to(RULES) or (installed and name.partition(".")[0] not in families):
            continue
        found[name] = path
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                relative = "." * node.level + (node.module or "")
                base = importlib.util.resolve_name(relative, module.__package__) if node.level else relative
                waiting += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return sorted(set(found.values()))


def _parent() -> Path:
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bitterball"


def _prune(parent: Path, keep: Path) -> None:
    for folder in parent.glob("rules_*"):
        if folder != keep and time.time() - folder.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _use_folder() -> Path:
    """Point numba at this version's folder, in this process only: a child process finds it for itself."""
    import numba

    sources = [
        path
        for path in RULES.rglob("*.py")
        if path.parent.name not in ("render", "notation") and not path.stem.endswith("_env")
    ]
    parent = _parent()
    folder = parent / f"rules_{fingerprint(sorted(sources))}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _prune(parent, folder)
    except OSError:  # a read-only home: numba then falls back to the temporary folder
        import tempfile

        folder = Path(tempfile.gettempdir()) / f"bitterball-{os.getuid()}" / folder.name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    _save_one_at_a_time(folder / ".lock")
    return folder


def _save_one_at_a_time(lock: Path) -> None:
    """Let numba choose a file's name, write its index and the file as one, as other processes see it."""
    from numba.core.caching import IndexDataCacheFile

    save = IndexDataCacheFile.save

    def locked(self: Any, key: Any, data: Any) -> None:
        with open(lock, "w") as opened:
            with suppress(OSError):  # a file system without locks: saving goes on as numba does it
                fcntl.flock(opened, fcntl.LOCK_EX)
            save(self, key, data)

    IndexDataCacheFile.save = locked  # type: ignore[method-assign]


FOLDER = _use_folder()
