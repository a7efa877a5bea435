"""Imports run one way: experiments -> agents/rllib -> agents -> envs; and what is heavy is imported on first use."""

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.ids import GAMES

TREE = Path(__file__).parents[1]
LAYERS = ["envs", "agents", "agents.rllib", "experiments"]  # each may import those before it, and itself

STOCK_RLLIB = "experiments.benchmarks.stock_rllib"  # the benchmark's baseline is RLlib as it comes


def modules(*packages: str) -> dict[str, Path]:
    """Every module's dotted name and file."""
    paths = [path for package in packages for path in sorted((TREE / package).rglob("*.py"))]
    return {".".join(path.relative_to(TREE).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def layer(module: str) -> int | None:
    """The index in LAYERS, None for what is not ours."""
    within = [i for i, name in enumerate(LAYERS) if module == name or module.startswith(name + ".")]
    return max(within, default=None)


def imports(module: str, path: Path) -> Iterator[str]:
    """All that a file imports anywhere, inside functions too; but for type checkers alone."""
    tree = ast.parse(path.read_text())
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    unread = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("module", "path"), modules("envs", "agents", "experiments").items())
def test_nothing_imports_from_a_layer_above(module, path):
    own = layer(module)
    assert own is not None
    for name in imports(module, path):
        imported = layer(name)
        assert imported is None or imported <= own, f"{module} imports {name}"
        top = name.partition(".")[0]
        may_ray = LAYERS[own] == "agents.rllib" or module == STOCK_RLLIB
        assert top != "ray" or may_ray, f"{module} imports ray; only agents/rllib may"
        assert top != "torch" or own > 0, f"{module} imports torch; envs may not"
        assert top != "tests", f"{module} imports tests"


def loaded_by(*names: str) -> set[str]:
    """Top-level names of all that a fresh process has loaded after importing these modules."""
    code = (
        f"import json, sys, {', '.join(names)}; print(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    )
    return set(
        json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=TREE).stdout)
    )


def test_importing_envs_imports_nothing_heavy():
    heavy = {"numpy", "numba", "gymnasium", "pettingzoo", "pygame", "torch", "ray", "pydantic"}
    assert not loaded_by("envs", "envs.ids") & heavy


def test_rules_and_drivers_import_numpy_and_numba_alone():
    faces_and_pictures = ("envs.gymnasium_env", "envs.pettingzoo_env", "envs.render")
    rules = [name for name in modules("envs") if not name.startswith(faces_and_pictures)]
    assert {"envs.batch", *GAMES.values()} <= set(rules)
    assert not loaded_by(*rules) & {"gymnasium", "pettingzoo", "pygame", "torch", "ray"}


def test_faces_import_what_draws_on_first_use():
    loaded = loaded_by("envs.gymnasium_env", "envs.pettingzoo_env", "envs.render")
    assert {"gymnasium", "pettingzoo"} <= loaded
    assert not loaded & {"pygame", "torch", "ray"}


def test_ids_are_all_the_registered_games():
    """Found by importing every module of the rules, not through ids.py."""
    rules = modules("envs/board", "envs/cards", "envs/ball")
    code = f"import {', '.join(rules)}; from envs import game; import json; print(json.dumps(list(game._games)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=TREE).stdout
    assert sorted(json.loads(out)) == sorted(GAMES)
