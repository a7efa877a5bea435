"""Compiled code is found by the next process, and never outlives the source that it was compiled from."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from envs import compile_cache

TREE = Path(__file__).parents[2]
DRIVERS = [
    "_init_sequential",
    "_random_sequential",
    "_refresh_sequential",
    "_step_sequential",
]  # those that Batch calls

# A game played by the same seed, in a process of its own: what seat 0 was paid, and numba's account of the cache.
PLAY = """
import json, sys
import envs.batch
from envs import make
batch = envs.batch.Batch(make(sys.argv[1]), 1, seed=0)
paid = []
for _ in range(40):
    batch.step(batch.random_actions())
    paid.append(float(batch.rewards[0, 0]))
drivers = {name: driver.stats for name, driver in vars(envs.batch).items() if hasattr(driver, "stats")}
print(json.dumps({
    "paid": paid,
    "hits": sorted(name for name, stats in drivers.items() if sum(stats.cache_hits.values())),
    "misses": sorted(name for name, stats in drivers.items() if sum(stats.cache_misses.values())),
}))
"""


def run(code: str, *arguments: str, path: Path, cache: Path) -> dict:
    environment = os.environ | {"PYTHONPATH": str(path), "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", code, *arguments]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True, cwd=path).stdout)


def copy_of_the_package(place: Path) -> None:
    """So that no edit of the working tree meanwhile is mistaken for one of the test's."""
    shutil.copytree(TREE / "envs", place / "envs", ignore=shutil.ignore_patterns("__pycache__"))


def edit(path: Path, old: str, new: str) -> None:
    source = path.read_text()
    assert source.count(old) == 1
    path.write_text(source.replace(old, new))


def test_the_next_process_finds_every_driver_and_an_edited_rule_is_compiled_anew(tmp_path):
    """Nim from outside the package, its heaps in a second file: first the rule is edited, then that constant."""
    place, cache = tmp_path / "place", tmp_path / "cache"
    copy_of_the_package(place)
    shutil.copy(TREE / "tests/own_game/nim.py", place / "my_nim.py")
    edit(place / "my_nim.py", "HEAPS = np.array([3, 4, 5], np.int8)\n", "from my_heaps import HEAPS\n")
    (place / "my_heaps.py").write_text("import numpy as np\nHEAPS = np.array([3, 4, 5], np.int8)\n")

    first = run(PLAY, "my_nim:nim", path=place, cache=cache)
    assert set(DRIVERS) <= set(first["misses"])
    assert first["hits"] == []
    second = run(PLAY, "my_nim:nim", path=place, cache=cache)
    assert second["misses"] == []
    assert second["hits"] == DRIVERS
    assert second["paid"] == first["paid"]

    edit(place / "my_nim.py", "winner = state.current_player if", "winner = took_last if")
    edit(place / "my_nim.py", "else took_last", "else state.current_player")
    edited = run(PLAY, "my_nim:nim", path=place, cache=cache)
    assert "_step_sequential" in edited["misses"]
    assert edited["paid"] == [-paid for paid in first["paid"]]  # whoever won now loses

    edit(place / "my_heaps.py", "[3, 4, 5]", "[1, 0, 0]")
    shortened = run(PLAY, "my_nim:nim", path=place, cache=cache)
    assert shortened["paid"] == [-1] * 40  # one stick: the first move ends each game


def test_an_edit_of_the_package_moves_the_cache_to_another_folder(tmp_path):
    """Any file of the rules or the drivers does; a face is not compiled, and does not."""
    show = "import json; from envs import compile_cache; print(json.dumps(str(compile_cache.FOLDER)))"
    place, cache = tmp_path / "place", tmp_path / "cache"
    copy_of_the_package(place)

    def folder() -> str:
        return run(show, path=place, cache=cache)

    folders = [folder()]
    assert folders == [folder()]
    edit(place / "envs/board/tic_tac_toe.py", "state.winner = player", "state.winner = 1 - player")
    folders.append(folder())
    edit(place / "envs/random_stream.py", "0xBF58476D1CE4E5B9", "0xBF58476D1CE4E5B1")
    folders.append(folder())
    assert len(set(folders)) == 3
    assert all(Path(name).parent == cache for name in folders)
    (place / "envs/gymnasium_env.py").write_text("")
    assert folder() == folders[-1]


def test_a_fingerprint_tells_names_and_contents_apart(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("x = 1")
    other.write_text("x = 1")
    assert compile_cache.fingerprint([one]) != compile_cache.fingerprint([other])
    before = compile_cache.fingerprint([one, other])
    other.write_text("x = 2")
    assert compile_cache.fingerprint([one, other]) != before


def test_the_sources_of_rules_are_those_that_they_import_but_for_installed_packages():
    assert compile_cache.sources_outside(["tests.own_game.nim"]) == [TREE / "tests/own_game/nim.py"]
    assert compile_cache.sources_outside(["envs.compile_cache"]) == []
    sources = compile_cache.sources_outside([__name__])  # this module imports envs and the standard library alone
    assert sources == [Path(__file__)]


def test_folders_unused_for_two_weeks_are_removed(tmp_path):
    for age, name in ((0, "rules_new"), (13, "rules_used"), (15, "rules_old"), (15, "rules_mine"), (99, "another")):
        folder = tmp_path / name
        folder.mkdir()
        stamp = folder.stat().st_mtime - age * 24 * 3600
        os.utime(folder, (stamp, stamp))
    compile_cache._prune(tmp_path, keep=tmp_path / "rules_mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "rules_mine", "rules_new", "rules_used"]


# The same function for one type, in a process that dawdles between reading the index and writing it; all do a little.
COMPILE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from envs import compile_cache
from numba.core.caching import IndexDataCacheFile

load = IndexDataCacheFile._load_index
def dawdle(self):
    found = load(self)
    time.sleep(1.5)
    return found
IndexDataCacheFile._load_index = dawdle

from twice import twice
kind = {"int": int, "float": float, "complex": complex}[sys.argv[2]]
assert twice(kind(4)) == kind(8)
"""


def test_processes_that_compile_at_once_keep_each_others_code_apart(tmp_path):
    """Without a lock all three would take the name of the first file, and two would find a third's code there."""
    source = tmp_path / "twice.py"
    source.write_text("from numba import njit\n\n@njit(cache=True)\ndef twice(x):\n    return x + x\n")
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    kinds = ("int", "float", "complex")
    command = [sys.executable, "-c", COMPILE, str(TREE)]
    running = [subprocess.Popen([*command, kind], env=environment, cwd=tmp_path) for kind in kinds]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    saved = list((tmp_path / "cache").rglob("twice.twice-*.nbc"))
    assert len(saved) == 3
    for kind in kinds:  # and each finds its own
        subprocess.run([*command, kind], env=environment, cwd=tmp_path, check=True)
    assert len(list((tmp_path / "cache").rglob("twice.twice-*.nbc"))) == 3


def test_a_file_system_without_locks_saves_all_the_same(tmp_path, monkeypatch):
    import fcntl

    import numba

    def refuse(*_):
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    module = tmp_path / "thrice.py"
    module.write_text("from numba import njit\n\n@njit(cache=True)\ndef thrice(x):\n    return 3 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    from thrice import thrice

    assert thrice(2) == 6
    assert list(tmp_path.rglob("*.nbc"))
