"""A folder of files that is either whole or refused: what checkpoints and shared agents are kept in.

    write_folder(path, {"weights.safetensors": data, "agent.json": text}, kind="agent")
    files = read_folder(path, kind="agent")              # verified, or CorruptArtifact

The folder appears under its name in one rename, after everything in it reached the disk, so a process killed at any
moment leaves the old folder, the new one, or a hidden leftover that nobody reads. `manifest.json` holds the SHA-256 and
size of every file, the kind of folder and the format's version. Reading executes nothing and unpickles nothing. A hash
shows damage; it does not vouch for whoever made the folder.
"""

import ctypes
import hashlib
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Mapping
from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 1 << 20  # bytes; a manifest is about 100 bytes a file
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")  # flat, visible, the same on every file system
_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")


class CorruptArtifact(Exception):
    """A folder that is missing, altered, incomplete or of another kind. `path` is the folder or file at fault."""

    def __init__(self, path: Path, problem: str):
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


def sha256(data: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def write_folder(path: Path, files: Mapping[str, bytes], *, kind: str, replace: bool = False) -> None:
    """Write `files` (name -> content) and their manifest as the folder `path`, in one step as readers see it.

    Raises FileExistsError where `path` exists, unless `replace`, and OSError (no space, no permission) having left
    nothing behind.
    """
    path = Path(path)
    for name in files:
        if not _FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise ValueError(f"{name!r} cannot be the name of a file in {path}")
    if not replace and path.exists():
        raise FileExistsError(f"{path} already exists")
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.parent / f".{path.name}.{uuid.uuid4().hex}.tmp"
    try:
        hidden.mkdir()
        for name, data in (*files.items(), (MANIFEST, _manifest(files, kind))):
            _write_file(hidden / name, data)
        _sync_folder(hidden)
        if replace and path.exists():
            _exchange(hidden, path)
        else:
            hidden.rename(path)
        _sync_folder(path.parent)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)  # after an exchange it holds the old folder


def read_folder(path: Path, *, kind: str) -> dict[str, bytes]:
    """Every file of a folder made by `write_folder` with the same kind, verified before anything is returned."""
    path = Path(path)
    if not path.is_dir():
        raise CorruptArtifact(path, f"no such folder (looked for {_article(kind)})")
    if not (path / MANIFEST).is_file():
        raise CorruptArtifact(path, f"is not {_article(kind)}: it has no {MANIFEST}")
    listed = _read_manifest(path / MANIFEST, kind)
    present = {entry.name for entry in path.iterdir()} - {MANIFEST}
    for name in sorted(set(listed) - present):
        raise CorruptArtifact(path / name, "is missing")
    for name in sorted(present - set(listed)):
        raise CorruptArtifact(path / name, f"does not belong there (it is not in {MANIFEST})")
    files = {}
    for name, (size, digest) in listed.items():
        data = _read_file(path / name, size)
        if len(data) != size:
            raise CorruptArtifact(path / name, f"has another size than {MANIFEST} says ({size:,} bytes)")
        if sha256(data) != digest:
            raise CorruptArtifact(path / name, f"was altered: its SHA-256 is not the one in {MANIFEST}")
        files[name] = data
    return files


def write_whole(path: Path, data: bytes) -> None:
    """One file, whole or not at all, in place of an older one. Raises OSError having left nothing behind."""
    path = Path(path)
    hidden = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        _write_file(hidden, data)
        hidden.replace(path)
        _sync_folder(path.parent)
    finally:
        hidden.unlink(missing_ok=True)


def read_plain(path: Path, limit: int) -> bytes:
    """What a regular file holds, no more than `limit` bytes; CorruptArtifact for anything else."""
    data = _read_file(Path(path), limit)
    if len(data) > limit:
        raise CorruptArtifact(path, f"is larger than {limit >> 20} MB")
    return data


def remove_leftovers(parent: Path) -> None:
    """Delete what killed writers left in `parent`. Only for whoever is the only writer there."""
    for entry in parent.glob(".*.tmp"):
        if _LEFTOVER.fullmatch(entry.name):
            shutil.rmtree(entry, ignore_errors=True)


def _manifest(files: Mapping[str, bytes], kind: str) -> bytes:
    return _encode(kind, {name: (len(data), sha256(data)) for name, data in files.items()})


def _encode(kind: str, listed: Mapping[str, tuple[int, str]]) -> bytes:
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in sorted(listed.items())}
    return (json.dumps({"format": FORMAT, "kind": kind, "files": files}, indent=1) + "\n").encode()


def _read_manifest(file: Path, kind: str) -> dict[str, tuple[int, str]]:
    """{name: (bytes, SHA-256)}"""
    data = _read_file(file, _MANIFEST_LIMIT)
    try:
        manifest = json.loads(data)
        version, found = manifest["format"], manifest["kind"]
        listed = {name: (entry["bytes"], entry["sha256"]) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CorruptArtifact(file, "is not a manifest that this program wrote, or was altered") from None
    if found != kind and isinstance(found, str) and len(found) < 40:
        raise CorruptArtifact(file.parent, f"is {_article(found)}, not {_article(kind)}")
    if isinstance(version, int) and version > FORMAT:
        raise CorruptArtifact(file, f"has format {version}, written by a newer version; this one reads up to {FORMAT}")
    try:  # one way to write a manifest, so that no byte of it can be altered unseen
        whole = data == _encode(kind, listed)
    except (ValueError, TypeError):
        whole = False
    if not whole or not all(_FILE_NAME.fullmatch(name) for name in listed):
        raise CorruptArtifact(file, "was altered")
    for name, (size, digest) in listed.items():
        if type(size) is not int or size < 0 or not isinstance(digest, str):
            raise CorruptArtifact(file, f"was altered: nonsense about {name}")
    return listed


def _read_file(file: Path, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a regular file; links and devices are refused."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CorruptArtifact(file, "is not a plain file")
            return opened.read(limit + 1)
    except OSError as error:
        raise CorruptArtifact(file, f"cannot be read ({error.strerror or error})") from None


def _write_file(file: Path, data: bytes) -> None:
    with open(file, "xb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fs.h


def _exchange(new: Path, old: Path) -> None:
    """Swap two folders' names: atomically where the system can (Linux), else in two renames."""
    try:
        swap = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        swap = None
    if swap and swap(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE) == 0:
        return
    aside = new.with_name(f".{old.name}.{uuid.uuid4().hex}.tmp")
    old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside, ignore_errors=True)


def _article(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"
