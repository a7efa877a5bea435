"""The moves that led to a position, for engines, which want them all; a State keeps only what its rules ask about.

A State does hold the hashes of the positions before it. So what is known of a position in which we moved is kept under
its hashes, and found again two plies later under all but the last of them, whichever row it comes in. Two games with
the same hashes have had the same positions, and may share what is known.
"""

from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 8192  # positions; of the oldest no more is known, and then the engine is told less


class Histories(Generic[T]):
    def __init__(self) -> None:
        self._kept: dict[bytes, T] = {}

    def find(self, hashes: bytes) -> T | None:
        return self._kept.get(hashes)

    def keep(self, hashes: bytes, history: T) -> None:
        self._kept.pop(hashes, None)
        self._kept[hashes] = history
        if len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)))

    def clear(self) -> None:
        self._kept.clear()
