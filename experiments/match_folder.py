"""A match's folder, `runs/match/<UTC time>-<id>/`: all that it makes, so that it can be gone on with and looked at.

match.json       who plays what how often, by which rules, with which files, from which commit
results.jsonl    a line a fixture (agents/tournament.py); what is not in it is played again
games/           every game, a file a fixture: 0000.safetensors is that of the first line
replays/         single games, taken out to be watched
ratings.csv  payoffs.csv  games.csv  payoffs.png
"""

import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from agents.artifact import CorruptArtifact, read_plain, write_whole
from agents.match_files import read_match, write_matches
from agents.tournament import Fixture, FixtureResult, Plan, summary
from experiments.disk import RUN_BYTES, require_free
from experiments.errors import ExitCode, UserError
from experiments.provenance import provenance
from experiments.run_folder import take_lock

if TYPE_CHECKING:
    from agents.matches import Matches
    from agents.records import Record

FORMAT, VERSION = "bitterball match", 1
ROOT = Path("runs/match")
_LARGEST = 1 << 28  # bytes of results.jsonl, about half a million fixtures
_TERMS = {"game", "settings", "rules", "players", "plan", "sprt", "greedy"}
_KEYS = {"format", "version", "made", *_TERMS}


def terms(
    game_name: str, settings: dict[str, Any], rules: str, players: dict[str, dict[str, str | None]],
    plan: Plan, sprt: Sequence[float] | None, greedy: bool,
) -> dict[str, Any]:  # fmt: skip
    """What match.json says of a match, whenever and wherever it is played.

    `rules`: their version. `players`: by name, the full name ("name"), what the agent calls itself ("called"), and the
    hash of what it plays from, if that is a folder ("sha256")."""
    return {
        "game": game_name, "settings": settings, "rules": rules, "players": players, "plan": asdict(plan),
        "sprt": None if sprt is None else list(sprt), "greedy": greedy,
    }  # fmt: skip


class MatchFolder:
    """An open folder: its plan and the results so far."""

    def __init__(self, path: Path, told: dict[str, Any], lock: IO[str] | None = None):
        self.path, self._told, self._lock = path, told, lock
        self.results: list[FixtureResult] = _read_results(path / "results.jsonl") if lock is None else []

    @classmethod
    def create(cls, root: Path, agreed: dict[str, Any], command: Sequence[str]) -> "MatchFolder":
        """A fresh folder in `root`, of these `terms`."""
        require_free(Path("runs").absolute(), RUN_BYTES)
        path = root / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        try:
            (path / "games").mkdir(parents=True)
        except OSError as error:
            raise UserError(f"{path}: cannot be made ({error.strerror})", ExitCode.ENVIRONMENT) from None
        told = {"format": FORMAT, "version": VERSION, **agreed, "made": provenance(command)}
        folder = cls(path, told, take_lock(path))
        folder._write()
        return folder

    @classmethod
    def open(cls, where: str | Path, *, to_play: bool = False) -> "MatchFolder":
        """That folder, or the newest ("latest"). `to_play` takes it for this process.

        Raises UserError, CorruptArtifact."""
        path = _latest() if str(where) == "latest" else Path(where)
        file = path / "match.json"
        if not file.is_file():
            raise UserError(f"{path}: is no match's folder; one is {ROOT}/<time>-<id>", ExitCode.USAGE)
        try:
            told = json.loads(read_plain(file, _LARGEST))
            whole = set(told) == _KEYS and told["format"] == FORMAT and told["version"] == VERSION
            _plan(told["plan"])
        except (ValueError, TypeError, KeyError):
            whole = False
        if not whole:
            raise CorruptArtifact(file, f"is no match of version {VERSION}, or was altered")
        lock = take_lock(path) if to_play else None
        folder = cls(path, told, lock)
        if lock is not None:
            folder.results = _read_results(path / "results.jsonl")
            _write_results(path / "results.jsonl", folder.results)  # without a line that was cut off
        return folder

    @property
    def game_name(self) -> str:
        return self._told["game"]

    @property
    def settings(self) -> dict[str, Any]:
        return self._told["settings"]

    @property
    def rules(self) -> str:
        return self._told["rules"]

    @property
    def plan(self) -> Plan:
        return _plan(self._told["plan"])

    @property
    def players(self) -> dict[str, dict[str, str | None]]:
        return self._told["players"]

    @property
    def sprt(self) -> tuple[float, float] | None:
        return None if self._told["sprt"] is None else tuple(self._told["sprt"])

    @property
    def greedy(self) -> bool:
        return self._told["greedy"]

    @property
    def played(self) -> int:
        """Pairs of those two that met most often."""
        pairs: Counter[tuple[str, str]] = Counter()
        for result in self.results:
            pairs[result.a, result.b] += result.pairs
        return max(pairs.values(), default=0)

    def extend(self, pairs: int) -> None:
        """So many pairs of each two: more, or fewer, but none that was played is taken back. Raises UserError."""
        plan, played = self.plan, self.played
        if pairs < played:
            raise UserError(f"--games {2 * pairs}: there are {2 * played} games of each two already", ExitCode.USAGE)
        if pairs < plan.pairs:  # what was played stays a beginning of the plan: the ends of fixtures so far
            earlier = tuple(end for end in plan.earlier if end <= played and end < pairs)
            plan = replace(plan, pairs=pairs, earlier=earlier)
        else:
            plan = plan.extended(pairs)
        self._told["plan"] = asdict(plan)
        self._write()

    def is_of(self, agreed: dict[str, Any]) -> bool:
        """Whether this match is the one of these `terms`, but for its length."""
        return _but_for_length(self._told) == _but_for_length(json.loads(json.dumps(agreed)))

    def missing(self) -> Iterator[Fixture]:
        """The fixtures that are still to be played."""
        played = {result.key for result in self.results}
        return (fixture for fixture in self.plan.fixtures() if fixture.key not in played)

    def add(self, fixture: Fixture, matches: "Matches") -> FixtureResult:
        """Keep the games and their result; on disk when this returns."""
        result = summary(fixture, matches)
        write_matches(self._games(len(self.results)), matches, self.game_name)
        with open(self.path / "results.jsonl", "a") as opened:
            opened.write(json.dumps(result.to_json()) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        self.results.append(result)
        return result

    def locate(self, number: int) -> tuple[int, int, int]:
        """Of game `number`, from 0: the line of its fixture, its half and its pair. Raises UserError."""
        left = number
        for line, result in enumerate(self.results):
            if 0 <= left < 2 * result.pairs:
                return line, left % 2, left // 2
            left -= 2 * result.pairs
        games = sum(2 * result.pairs for result in self.results)
        raise UserError(f"there is no game {number}; {self.path} has games 0 to {games - 1}", ExitCode.USAGE)

    def record(self, number: int) -> "Record":
        """Game `number`, verified. Raises UserError, CorruptArtifact."""
        line, half, pair = self.locate(number)
        return read_match(self._games(line), half, pair, self.game_name)

    def games_file(self, line: int) -> str:
        return str(self._games(line).relative_to(self.path))

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def _games(self, line: int) -> Path:
        return self.path / "games" / f"{line:04d}.safetensors"

    def _write(self) -> None:
        write_whole(self.path / "match.json", (json.dumps(self._told, indent=1) + "\n").encode())


def file_hash(folder: Path) -> str | None:
    """SHA-256 of a saved agent's manifest, which has the hashes of all its files; None for an agent without one."""
    manifest = folder / "manifest.json"
    return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else None


def _but_for_length(told: dict[str, Any]) -> dict[str, Any]:
    plan = {key: value for key, value in told["plan"].items() if key not in ("pairs", "earlier")}
    return {**{key: told[key] for key in _TERMS}, "plan": plan}


def _plan(told: dict[str, Any]) -> Plan:
    return Plan(**{**told, "players": tuple(told["players"]), "earlier": tuple(told["earlier"])})


def _read_results(file: Path) -> list[FixtureResult]:
    """Raises CorruptArtifact; a last line that was cut off is passed over, as if it had not been played."""
    if not file.exists():
        return []
    lines = read_plain(file, _LARGEST).decode(errors="replace").split("\n")
    results = []
    for number, line in enumerate(lines[:-1], 1):  # what follows the last newline was cut off, or is nothing
        try:
            results.append(FixtureResult.from_json(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise CorruptArtifact(file, f"line {number} was altered: {error}") from None
    if len({result.key for result in results}) < len(results):
        raise CorruptArtifact(file, "was altered: it has a fixture twice")
    return results


def _write_results(file: Path, results: Sequence[FixtureResult]) -> None:
    if file.exists():
        write_whole(file, "".join(json.dumps(result.to_json()) + "\n" for result in results).encode())


def folders_of(root: Path) -> list[Path]:
    """Every match there, the newest last."""
    return sorted((file.parent for file in root.glob("*/match.json")), key=lambda path: path.name)


def _latest() -> Path:
    if not (folders := folders_of(ROOT)):
        raise UserError(f"{ROOT.absolute()}: no match was played here yet", ExitCode.USAGE)
    return folders[-1]
