"""The README tells the truth: its game is the tested one, its commands exist, its set-up lines are those of CI."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.config_file import load_any

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(
    set(re.findall(r"`python -m ([^`]+)`", README)) | set(re.findall(r"^python -m ([^#\n]+)", README, re.M))
)


def test_the_game_in_the_readme_is_the_tested_one():
    assert (ROOT / "tests" / "own_game" / "nim.py").read_text() in README


def test_two_commands_set_everything_up():
    assert "pip install -c constraints.txt -e . && python -m experiments.run selfplay.yaml" in README
    assert 'pip install -c constraints.txt -e ".[dev]" && pytest' in README


@pytest.mark.parametrize("module", sorted({command.split()[0] for command in COMMANDS}))
def test_every_command_is_there_and_explains_itself(module):
    arguments = [] if module.startswith("tests.") else ["--help"]
    if not arguments:
        assert (ROOT / Path(*module.split("."))).with_suffix(".py").exists()
        return
    shown = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=True)
    assert "usage" in shown.stdout


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("experiments.run ")])
def test_every_run_of_the_readme_has_a_valid_config(command):
    words = [word for word in shlex.split(command.removeprefix("experiments.run ")) if not word.startswith("--")]
    if "--resume" in command:
        words = words[1:]  # the run; the rest are overrides
        words.insert(0, "selfplay.yaml")
    load_any(words[0], words[1:])


def test_the_ids_in_the_table_of_games_are_the_packages():
    from envs.ids import GAMES

    table = README.partition("## Games")[2].partition("Each is a Game")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert named >= {game_id for game_id in GAMES if not game_id.startswith("ball_")}
    # of the ball games the ends of the sizes and an example of each control stand for all
    assert named >= {"ball_1v1", "ball_11v11", "ball_2v2_continuous", "ball_2v2_heading", "_continuous", "_heading"}
    sizes = [f"ball_{k}v{k}{control}" for control in ("", "_continuous", "_heading") for k in range(1, 12)]
    assert [game_id for game_id in GAMES if game_id.startswith("ball_")] == sizes
