"""Golden games, played again line by line; record.py writes them."""

from itertools import zip_longest
from pathlib import Path

import pytest

from tests.playthroughs.record import FOLDER, PLAYTHROUGHS, RECORDED_IDS, replayed

RECORDED = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("game_id", RECORDED_IDS)
def test_every_game_has_its_playthroughs(game_id):
    recorded = [path for path in RECORDED if path.stem.rpartition("_")[0] == game_id]
    command = f"python -m tests.playthroughs.record {game_id}"
    assert len(recorded) >= PLAYTHROUGHS, f"{game_id} has {len(recorded)} playthroughs; write them with {command}"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_game_is_played_alike_today(path: Path):
    lines = path.read_text().splitlines()
    for number, (then, now) in enumerate(zip_longest(lines, replayed(lines)), start=1):
        assert now == then, f"{path.name}:{number}"


def test_an_altered_recording_is_noticed():
    """A test that compares must be able to fail: another move, digest or payment is a difference."""
    lines = (FOLDER / "tic_tac_toe_1.txt").read_text().splitlines()
    assert list(replayed(lines)) == lines
    for number, line in enumerate(lines):
        if line.startswith("paid"):
            other = [*lines[:number], "paid      9 9", *lines[number + 1 :]]
            assert list(replayed(other)) != other
