"""Solved positions that took long, kept on disk beside the compiled code, so that they take nothing the next time.

    book = Book("connect_four", num_actions=7)
    book.add(key, scores); book.save()                # a folder: safetensors, with SHA-256 (agents/artifact.py)

Nothing is shipped: whoever solves a position pays for it once. A book that was altered or is of another kind is begun
anew. Of two processes that save, the last one's book stays.
"""

import warnings
from pathlib import Path

import numpy as np

from agents.artifact import CorruptArtifact, read_folder, write_folder
from envs import compile_cache

KIND = "solved positions"
FILE = "positions.safetensors"


def default_folder() -> Path:
    """Where books are: beside numba's folders, ~/.cache/bitterball/solved unless NUMBA_CACHE_DIR moves them."""
    return compile_cache.FOLDER.parent / "solved"


class Book:
    """Scores int16 [A] by position (uint64, in a way that is the solver's own)."""

    def __init__(self, name: str, num_actions: int, folder: Path | None = None):
        self.path = (folder or default_folder()) / name
        self.num_actions = num_actions
        self._scores: dict[int, np.ndarray] = {}
        self._saved = 0
        if self.path.exists():
            self._load()

    def __len__(self) -> int:
        return len(self._scores)

    def get(self, key: np.uint64) -> np.ndarray | None:
        return self._scores.get(int(key))

    def add(self, key: np.uint64, scores: np.ndarray) -> None:
        self._scores[int(key)] = scores.copy()

    def save(self) -> None:
        """Write what was added since; a disk that is full or read-only keeps nobody from going on."""
        from safetensors.numpy import save

        if len(self._scores) == self._saved:
            return
        keys = np.array(list(self._scores), np.uint64)
        scores = np.stack(list(self._scores.values()))
        try:
            write_folder(self.path, {FILE: save({"keys": keys, "scores": scores})}, kind=KIND, replace=True)
        except OSError as error:
            warnings.warn(f"{self.path}: solved positions are not kept ({error})", stacklevel=2)
        self._saved = len(self._scores)

    def _load(self) -> None:
        from safetensors.numpy import load

        try:
            arrays = load(read_folder(self.path, kind=KIND)[FILE])
            keys, scores = arrays["keys"], arrays["scores"]
            shape = (*keys.shape, self.num_actions)
            if keys.dtype != np.uint64 or scores.dtype != np.int16 or scores.shape != shape:
                raise CorruptArtifact(self.path, "is of another form")
        except Exception as error:  # safetensors has no base class for what a malformed file makes it raise
            warnings.warn(f"{self.path}: begun anew ({error})", stacklevel=2)
            return
        self._scores = {int(key): row for key, row in zip(keys, scores, strict=True)}
        self._saved = len(self._scores)
