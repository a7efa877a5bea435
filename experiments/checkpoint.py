"""All that it takes to go on with a run, in one folder that is either whole or refused: `checkpoints/<env_steps>/`.

    save(run.checkpoints / "120000", {"network": weights, "runner_0": {"states": states}}, {"updates": 12}, keep=3)
    checkpoint = load(newest(run.checkpoints), record_dtypes=[game.state_dtype])

Each group of arrays is a safetensors file, everything else is state.json; hashes, atomic writing and refusal are
agents/artifact.py's. Nothing is pickled, so nothing in a checkpoint can run.
"""

import json
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from agents.artifact import CorruptArtifact, read_folder, write_folder
from envs.game import RULES_MARKER
from experiments.disk import require_free
from experiments.errors import ExitCode, UserError

# 2: average of the weights, stage of a curriculum; 3: results against past selves; 4: several learners; 5: their memory
VERSION = 5
KIND = "checkpoint"
_STATE, _ARRAYS = "state.json", ".safetensors"
_SPARE_BYTES = 16 << 20  # left free beside a checkpoint


@dataclass
class Checkpoint:
    """A checkpoint as it was saved.

    arrays  {group: {name: array}}, each array the caller's own and writable
    state   what JSON can hold: counters, schedules, generators' states; tuples come back as lists
    """

    env_steps: int
    arrays: dict[str, dict[str, np.ndarray]]
    state: dict[str, Any]


def save(
    folder: Path, arrays: Mapping[str, Mapping[str, np.ndarray]], state: Mapping[str, Any], *, keep: int | None = None
) -> None:
    """Write the checkpoint `folder`, named after the environment steps taken, then delete all but the last `keep`.

    Arrays may be bool, integers, floats or structured records (a game's states). A killed save leaves the older ones.
    """
    _check_json(state, "state")
    records: dict[str, dict[str, Any]] = {}
    files: dict[str, bytes] = {}
    for group, named in arrays.items():
        plain = {}
        for name, array in named.items():
            array = np.asarray(array, order="C")
            if array.dtype.names is not None:
                records.setdefault(group, {})[name] = _describe(array.dtype)
                array = array.reshape(-1).view(np.uint8).reshape(*array.shape, array.dtype.itemsize)
            plain[name] = array
        files[group + _ARRAYS] = safetensors_numpy.save(plain)
    content = {"version": VERSION, "env_steps": int(folder.name), "records": records, "state": state}
    files[_STATE] = json.dumps(content).encode()
    require_free(folder, sum(map(len, files.values())) + _SPARE_BYTES)
    write_folder(folder, files, kind=KIND)
    if keep is not None:
        for old in _numbered(folder.parent)[:-keep]:
            _remove(old)


def load(folder: Path, record_dtypes: Sequence[np.dtype] = ()) -> Checkpoint:
    """The checkpoint in `folder`, once every byte of it has been verified.

    Structured arrays come back only if their stored layout is exactly that of one of `record_dtypes`. Raises UserError
    (exit code 4) naming the file and, where there is one, an older checkpoint that is whole.
    """
    try:
        return _decode(folder, read_folder(folder, kind=KIND), record_dtypes)
    except CorruptArtifact as error:
        raise UserError(f"{error}; {_way_out(folder)}", ExitCode.CHECKPOINT) from None


def newest(checkpoints: Path) -> Path:
    """The checkpoint with the most environment steps. Raises UserError (exit code 4) where there is none."""
    found = _numbered(checkpoints)
    if not found:
        raise UserError(f"{checkpoints}: no checkpoint was saved here yet; start a new run", ExitCode.CHECKPOINT)
    return found[-1]


def _decode(folder: Path, files: dict[str, bytes], record_dtypes: Sequence[np.dtype]) -> Checkpoint:
    if _STATE not in files:
        raise CorruptArtifact(folder / _STATE, "is missing")
    try:
        content = json.loads(files.pop(_STATE))
        version, records = content["version"], content["records"]
        env_steps, state = content["env_steps"], content["state"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CorruptArtifact(folder / _STATE, "was not written by this program") from None
    if version != VERSION:
        raise CorruptArtifact(folder / _STATE, f"has version {version}; this program reads version {VERSION}")
    if str(env_steps) != folder.name:
        raise CorruptArtifact(folder, f"was renamed: it was saved as {env_steps}")
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for file, data in files.items():
        group = file.removesuffix(_ARRAYS)
        try:
            arrays[group] = {name: np.array(array) for name, array in safetensors_numpy.load(data).items()}
            for name, layout in records.get(group, {}).items():
                arrays[group][name] = _as_records(arrays[group][name], layout, record_dtypes)
        except (SafetensorError, KeyError, ValueError, AttributeError) as error:
            raise CorruptArtifact(folder / file, f"does not hold what it should ({error})") from None
    return Checkpoint(env_steps, arrays, state)


def _as_records(raw: np.ndarray, layout: Any, allowed: Iterable[np.dtype]) -> np.ndarray:
    """uint8 [*shape, itemsize] -> structured [*shape]."""
    for dtype in allowed:
        if _describe(dtype) == layout:
            if raw.dtype != np.uint8 or raw.shape[-1:] != (dtype.itemsize,):
                raise ValueError(f"records have {dtype.itemsize} bytes, not {raw.shape[-1:]}")
            records = np.empty(raw.shape[:-1], dtype)
            records.reshape(-1).view(np.uint8)[:] = raw.reshape(-1)
            return records
    raise ValueError("its records are of another game, or of another version of the game's rules")


def _describe(dtype: np.dtype) -> Any:
    """The layout of a dtype in JSON: types, byte order, offsets, shapes."""
    if dtype.hasobject:
        raise TypeError(f"{dtype} holds Python objects, which a checkpoint cannot")
    if dtype.subdtype is not None:
        return [_describe(dtype.subdtype[0]), list(dtype.subdtype[1])]
    if dtype.fields is None or dtype.names is None:
        return dtype.str
    # the field that marks the version of rules outside the package: a mended game goes on
    names = {name: RULES_MARKER if name.startswith(RULES_MARKER) else name for name in dtype.names}
    fields = [[names[name], _describe(dtype.fields[name][0]), dtype.fields[name][1]] for name in dtype.names]
    return {"bytes": dtype.itemsize, "fields": fields}


def _check_json(value: Any, path: str) -> None:
    """Refuse what JSON would change silently: keys that are no text, and objects."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{path}: the key {key!r} is not text")
            _check_json(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _check_json(item, f"{path}[{position}]")
    elif not isinstance(value, str | int | float | None):  # np.float64 is a float, and comes back as one
        raise TypeError(f"{path} is a {type(value).__name__}, which JSON cannot hold")


def _numbered(checkpoints: Path) -> list[Path]:
    """The folders named by a number of environment steps, fewest first."""
    found = [path for path in checkpoints.glob("[0-9]*") if path.name.isdecimal() and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name))


def _remove(folder: Path) -> None:
    """Out of sight first, so that a kill in between leaves no half of it."""
    hidden = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _way_out(folder: Path) -> str:
    for older in reversed(_numbered(folder.parent)):
        if older.name != folder.name:
            try:
                read_folder(older, kind=KIND)
            except CorruptArtifact:
                continue
            return f"{older} is whole: delete {folder} to go on from there"
    return "no other checkpoint of the run is whole: start a new run"
