"""A run's folder, `runs/<name>/<UTC time>-<id>/`: everything a run writes is in it, and one process writes at a time.

    with RunFolder.create(config, sys.argv) as run:      # or RunFolder.open("latest"), to go on with a run
        run.log(env_steps, {"loss/policy": 0.1}, training_seconds=12.0)

    config.yaml      as resolved                  manifest.json    where, when and with what it was made
    events/          for TensorBoard              metrics.jsonl    the same numbers, a line a step
    checkpoints/     to go on from                agents/          to share
    replays/         games                        .lock            held while a process writes

The lock goes with the process that holds it, however it ends.
"""

import fcntl
import json
import math
import os
import secrets
import shutil
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from agents.artifact import remove_leftovers
from experiments.config import Config
from experiments.config_file import load_resolved, to_yaml
from experiments.disk import RUN_BYTES, require_free
from experiments.errors import ExitCode, UserError
from experiments.event_files import forget_after
from experiments.provenance import provenance

if TYPE_CHECKING:
    import numpy as np
    from torch.utils.tensorboard import SummaryWriter

FORMAT = "bitterball run 1"
_FLUSH_SECONDS = 10  # how stale TensorBoard may be


class RunFolder:
    """An open run: its paths, its config, its log. Made by `create` or `open`, which take the lock."""

    def __init__(self, path: Path, config: Config, lock: IO[str]):
        self.path, self.config, self._lock = path, config, lock
        self.checkpoints, self.agents, self.replays = path / "checkpoints", path / "agents", path / "replays"
        self.events, self.metrics = path / "events", path / "metrics.jsonl"
        self._writer: SummaryWriter | None = None

    @classmethod
    def create(cls, config: Config, command: Sequence[str], root: Path = Path("runs")) -> "RunFolder":
        """A fresh folder."""
        root = Path(root).absolute()
        require_free(root, RUN_BYTES)
        path = root / config.name / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise UserError(f"{path}: cannot be made ({error.strerror})", ExitCode.ENVIRONMENT) from None
        lock = take_lock(path)
        try:
            run = cls(path, config, lock)
            for folder in (run.events, run.checkpoints, run.agents, run.replays):
                folder.mkdir()
            _write(path / "config.yaml", to_yaml(config))
            made = {"format": FORMAT, "made": provenance(command), "seed": config.training.seed, "resumed": []}
            _write(path / "manifest.json", json.dumps(made, indent=1))
        except BaseException:
            lock.close()
            shutil.rmtree(path, ignore_errors=True)
            raise
        return run

    @classmethod
    def open(cls, run: str | Path, root: Path = Path("runs")) -> "RunFolder":
        """The run in that folder, or the one made last ("latest"), to go on with it."""
        path = latest_run(root) if str(run) == "latest" else Path(run).expanduser().absolute()
        _check_manifest(path, root)
        lock = take_lock(path)
        try:
            config = load_resolved(path / "config.yaml")
            require_free(path, RUN_BYTES)
            for folder in (path / "checkpoints", path / "agents"):
                remove_leftovers(folder)
            return cls(path, config, lock)
        except BaseException:
            lock.close()
            raise

    def resume(self, env_steps: int, command: Sequence[str], config: Config | None = None) -> None:
        """Make the folder what it was at the checkpoint of `env_steps`: later metrics and events vanish.

        `config` is the saved one with a longer budget, if it was extended.
        """
        if config is not None and config != self.config:
            self.config = config
            _write(self.path / "config.yaml", to_yaml(config))
        manifest = json.loads((self.path / "manifest.json").read_text())
        manifest["resumed"].append({"env_steps": env_steps, **provenance(command)})
        _write(self.path / "manifest.json", json.dumps(manifest, indent=1))
        if self.metrics.exists():
            kept = [line for line in self.metrics.read_text().splitlines() if _step_of(line) <= env_steps]
            _write(self.metrics, "".join(f"{line}\n" for line in kept))
        forget_after(self.events, env_steps)

    def describe(self, key: str, value: Any) -> None:
        """Add to the manifest what the run was made with."""
        manifest = json.loads((self.path / "manifest.json").read_text())
        _write(self.path / "manifest.json", json.dumps({**manifest, key: value}, indent=1))

    def log(self, step: int, values: Mapping[str, float], *, training_seconds: float | None = None) -> None:
        """Numbers at a number of environment steps, to metrics.jsonl and TensorBoard. ':' in a tag becomes '_'."""
        plain = {tag.replace(":", "_"): float(value) for tag, value in values.items()}
        row: dict[str, Any] = {"step": step, "time": round(time.time(), 3), "training_seconds": training_seconds}
        row.update((tag, value if math.isfinite(value) else None) for tag, value in plain.items())
        with open(self.metrics, "a") as opened:
            opened.write(json.dumps(row) + "\n")
        for tag, value in plain.items():
            self.writer.add_scalar(tag, value, step)

    def log_text(self, tag: str, text: str, step: int = 0) -> None:
        """Shown by TensorBoard as it is, in a fixed-width font."""
        self.writer.add_text(tag, "".join(f"    {line}\n" for line in text.splitlines()), step)

    def log_hparams(self, metrics: Sequence[str]) -> None:
        """The config, flat, beside the `metrics` (tags) that it is to be judged by, for TensorBoard's HParams page.

        Written into this run's own events: add_hparams would make a run of its own of them.
        """
        from torch.utils.tensorboard.summary import hparams

        for summary in hparams(dict(_flat(self.config.model_dump(mode="json"))), dict.fromkeys(metrics, 0.0)):
            self.writer._get_file_writer().add_summary(summary)

    def log_image(self, tag: str, png: bytes, step: int) -> None:
        """A picture, a PNG file as it is."""
        width, height = struct.unpack(">II", png[16:24])  # the header's first fields (PNG, ISO/IEC 15948, 11.2.2)
        self._add_image(tag, png, height, width, step)

    def log_video(self, tag: str, frames: "np.ndarray", fps: float, step: int) -> None:
        """An animation [T, H, W, 3] uint8, which TensorBoard plays on its Images page."""
        from experiments.animation import encode_gif

        height, width = frames.shape[1:3]
        self._add_image(tag, encode_gif(frames, fps), height, width, step)

    def _add_image(self, tag: str, encoded: bytes, height: int, width: int, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=encoded)
        summary = Summary(value=[Summary.Value(tag=tag.replace(":", "_"), image=image)])
        self.writer._get_file_writer().add_summary(summary, step)

    @property
    def writer(self) -> "SummaryWriter":
        """TensorBoard's, opened by the first use; torch is imported only then."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.events), flush_secs=_FLUSH_SECONDS)
        return self._writer

    def close(self) -> None:
        """Write what is pending and let others open the run."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def take_lock(path: Path) -> IO[str]:
    """Hold `.lock` for as long as the returned file is open; the system lets go of it however the process ends."""
    try:
        lock = open(path / ".lock", "a+")  # noqa: SIM115 - held open on purpose
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})", ExitCode.ENVIRONMENT) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read(200).strip() or "another process"
        lock.close()
        raise UserError(
            f"{path}: the run is in use by {holder}; wait for it or stop it", ExitCode.ENVIRONMENT
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}")
    lock.flush()
    return lock


def latest_run(root: Path = Path("runs")) -> Path:
    """The run that was made last. Raises UserError where there is none.

    Found by its name: a link beside the runs would show each of them twice in `tensorboard --logdir runs`.
    """
    runs = sorted(Path(root).absolute().glob("*/*Z-*/manifest.json"), key=lambda path: path.parent.name)
    if not runs:
        raise UserError(f"{Path(root).absolute()}: no run was started here yet", ExitCode.USAGE)
    return runs[-1].parent


def _check_manifest(path: Path, root: Path) -> None:
    if not path.exists():
        raise UserError(f"{path}: no such run; the last one is {latest_run(root)}", ExitCode.USAGE)
    try:
        known = json.loads((path / "manifest.json").read_text())["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known or not (path / "config.yaml").is_file():
        inside = sorted(path.glob("*/manifest.json"))
        hint = f"did you mean {inside[-1].parent}?" if inside else "a run is a folder runs/<name>/<time>-<id>"
        raise UserError(f"{path}: is not a run folder; {hint}", ExitCode.USAGE)


def _write(file: Path, text: str) -> None:
    """All or nothing."""
    hidden = file.with_name(f".{file.name}.new")
    with open(hidden, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(hidden, file)


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):  # cut off when the process was killed
        return math.inf


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """[("training.lr", 0.001), ...]; what TensorBoard cannot take as a number, a word or a switch becomes text."""
    flat: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat += _flat(value, f"{prefix}{key}.")
        else:
            flat.append((prefix + key, value if isinstance(value, bool | int | float | str) else json.dumps(value)))
    return flat
