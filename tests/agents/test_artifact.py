"""A folder is whole or it is refused, whatever happened to it."""

import json
import os
from pathlib import Path

import pytest

from agents import artifact
from agents.artifact import MANIFEST, CorruptArtifact, read_folder, remove_leftovers, write_folder

FILES = {"weights.safetensors": bytes(range(64)), "agent.json": b'{"game": "hex_11"}'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(tmp_path / "best", FILES, kind="agent")
    return tmp_path / "best"


def test_what_was_written_is_read(folder: Path):
    assert read_folder(folder, kind="agent") == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["best"]  # nothing hidden is left


def test_every_flipped_bit_of_every_file_is_refused(folder: Path):
    flipped = 0
    for file in folder.iterdir():
        whole = file.read_bytes()
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            file.write_bytes(damaged)
            with pytest.raises(CorruptArtifact, match="best"):
                read_folder(folder, kind="agent")
            flipped += 1
        file.write_bytes(whole)
    assert flipped > 8 * (64 + 18)
    assert read_folder(folder, kind="agent") == FILES


def test_a_missing_file_is_named(folder: Path):
    (folder / "agent.json").unlink()
    with pytest.raises(CorruptArtifact, match=r"agent\.json: is missing"):
        read_folder(folder, kind="agent")


def test_a_file_that_does_not_belong_is_named(folder: Path):
    (folder / "extra.pkl").write_bytes(b"x")
    with pytest.raises(CorruptArtifact, match=r"extra\.pkl: does not belong"):
        read_folder(folder, kind="agent")


def test_longer_and_shorter_files_are_refused(folder: Path):
    file = folder / "weights.safetensors"
    for content in (FILES[file.name] + b"\0", FILES[file.name][:-1], b""):
        file.write_bytes(content)
        with pytest.raises(CorruptArtifact, match="another size"):
            read_folder(folder, kind="agent")


def test_another_kind_of_folder_is_refused(folder: Path):
    with pytest.raises(CorruptArtifact, match="is an agent, not a checkpoint"):
        read_folder(folder, kind="checkpoint")


def test_no_folder_and_no_manifest(tmp_path: Path):
    with pytest.raises(CorruptArtifact, match="no such folder"):
        read_folder(tmp_path / "nothing", kind="agent")
    with pytest.raises(CorruptArtifact, match="is not an agent"):
        read_folder(tmp_path, kind="agent")


def test_a_newer_format_is_refused(folder: Path):
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["format"] += 1
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CorruptArtifact, match="newer version"):
        read_folder(folder, kind="agent")


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"format": 1, "kind": "agent", "files": {"a": 3}}',
     b'{"format": 1, "kind": "agent", "files": {"../../etc/passwd": {"bytes": 1, "sha256": ""}}}',
     b'{"format": 1, "kind": {}, "files": []}'],
)  # fmt: skip
def test_a_strange_manifest_is_refused(folder: Path, content: bytes):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(CorruptArtifact):
        read_folder(folder, kind="agent")


def test_a_manifest_cannot_reach_outside_its_folder(folder: Path):
    (folder.parent / "secret").write_bytes(b"s")
    entry = {"bytes": 1, "sha256": artifact.sha256(b"s")}
    manifest = {"format": artifact.FORMAT, "kind": "agent", "files": {"../secret": entry}}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    for name in FILES:
        (folder / name).unlink()
    with pytest.raises(CorruptArtifact, match="altered"):
        read_folder(folder, kind="agent")


def test_links_and_pipes_are_refused_at_once(folder: Path):
    file = folder / "agent.json"
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")
    with pytest.raises(CorruptArtifact, match=r"agent\.json: cannot be read"):
        read_folder(folder, kind="agent")
    file.unlink()
    os.mkfifo(file)  # opening one waits for a writer, unless one asks not to
    with pytest.raises(CorruptArtifact, match="not a plain file"):
        read_folder(folder, kind="agent")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "manifest.json", "x" * 200, "a\n"])
def test_names_that_could_lead_elsewhere_cannot_be_written(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="cannot be the name"):
        write_folder(tmp_path / "best", {name: b""}, kind="agent")
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_kept_unless_it_is_to_be_replaced(folder: Path):
    with pytest.raises(FileExistsError):
        write_folder(folder, {"agent.json": b"2"}, kind="agent")
    assert read_folder(folder, kind="agent") == FILES
    write_folder(folder, {"agent.json": b"2"}, kind="agent", replace=True)
    assert read_folder(folder, kind="agent") == {"agent.json": b"2"}
    assert [path.name for path in folder.parent.iterdir()] == ["best"]


def test_replacing_works_where_the_system_cannot_exchange(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(artifact.ctypes, "CDLL", lambda name: object())
    write_folder(folder, {"agent.json": b"2"}, kind="agent", replace=True)
    assert read_folder(folder, kind="agent") == {"agent.json": b"2"}
    assert [path.name for path in folder.parent.iterdir()] == ["best"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool):
    if replace:
        write_folder(tmp_path / "best", FILES, kind="agent")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "best", {"agent.json": b"2"}, kind="agent", replace=replace)
    assert [path.name for path in tmp_path.iterdir()] == ["best"] * replace
    if replace:
        assert read_folder(tmp_path / "best", kind="agent") == FILES


def test_only_leftovers_are_removed(folder: Path):
    leftover = folder.parent / f".best.{'0' * 32}.tmp"
    leftover.mkdir()
    (leftover / "half").write_bytes(b"x")
    (folder.parent / ".mine.tmp").mkdir()
    remove_leftovers(folder.parent)
    assert sorted(path.name for path in folder.parent.iterdir()) == [".mine.tmp", "best"]
