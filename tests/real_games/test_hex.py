"""The replay of LittleGolem's games agrees with a good record and says what is wrong with a bad one."""

import json

import pytest

from tests.real_games.hex import replay

TOP_DOWN = [name for row in range(1, 14) for name in (f"a{row}", f"{'bcdefghijklm'[row % 12]}{row}")][:-1]
GOOD = [
    {"id": "joined", "result": 1, "moves": [*TOP_DOWN, "end"]},
    {"id": "swapped", "result": 0, "moves": ["a10", "swap", "a10", "c3", "resign"]},
    {"id": "on time", "result": 1, "moves": ["b4", "end"]},
]


@pytest.fixture
def file(tmp_path):
    def write(*records):
        path = tmp_path / "games.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write


def test_games_that_agree(file):
    counts, mismatches = replay(file(*GOOD))
    assert mismatches == []
    assert counts == {"games": 3, "joined": 1, "resigned": 1, "on time": 1, "moves": 25 + 4 + 1, "swaps": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"result": 0}, "seat 0 joined the edges; recorded as won by seat 1"),
        ({"moves": ["b4", "resign"], "result": 0}, "seat 0 won, as seat 1 was to move; recorded as won by seat 1"),
        ({"moves": ["b4", "b4", "end"]}, "move 2, b4: hex_13, game 0: action 16 is illegal"),
        ({"moves": ["b4", "c4", "swap", "end"]}, "move 3, swap: hex_13, game 0: action 169 is illegal"),
        ({"moves": ["n1", "end"]}, "move 1, n1: no such move"),
        ({"moves": ["b4", "c4"]}, "ends with 'c4'"),
        ({"moves": [*TOP_DOWN, "m13", "end"]}, "move 26, m13: the game is over, won by seat 0"),
    ],
)
def test_a_game_that_disagrees_is_named_with_the_reason(file, changes, reason):
    _, mismatches = replay(file(*GOOD[1:], {**GOOD[0], **changes}))
    assert mismatches == [f"game joined: {reason}"]
