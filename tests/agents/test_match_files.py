"""Files of games: every game comes back as it was played, and nothing else does."""

import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from agents.agent import RandomAgent
from agents.artifact import CorruptArtifact
from agents.match_files import read_match, read_points, write_matches
from agents.matches import play_pairs
from agents.records import read_record, write_record
from envs import make


@pytest.fixture
def file(tmp_path):
    """Three pairs of Tic-Tac-Toe after openings of up to two plies."""
    game = make("tic_tac_toe")
    path = tmp_path / "games.safetensors"
    write_matches(path, play_pairs(game, RandomAgent(game), RandomAgent(game), 3, seed=2, record=True))
    return path


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "othello_6x6", "kuhn_poker", "ball_1v1", "ball_1v1_continuous"])
def test_every_game_comes_back_as_it_was_played(tmp_path, game_id):
    game = make(game_id)
    matches = play_pairs(game, RandomAgent(game), RandomAgent(game), 3, seed=4, record=True)
    write_matches(tmp_path / "games", matches)
    points, lengths = read_points(tmp_path / "games")
    assert np.array_equal(points, matches.game_points)
    assert np.array_equal(lengths, matches.lengths)
    for half in (0, 1):
        for pair in range(3):
            record = read_match(tmp_path / "games", half, pair)
            first_seat = matches.game.teams.index(half)
            assert record.result.returns[first_seat] == pytest.approx(matches.returns[half, pair], rel=1e-6)
            assert len(record.actions) == matches.opening_lengths[pair] + matches.lengths[half, pair]
            positions = [state.copy() for state in record.positions()]
            begun = positions[matches.opening_lengths[pair]]
            begun["rng"] = matches.initial_states[half, pair]["rng"]
            assert begun == matches.initial_states[half, pair]
            if matches.goals_for is not None:
                score = record.result.score[:: 1 if half == 0 else -1]
                assert score == (matches.goals_for[half, pair], matches.goals_against[half, pair])
            write_record(tmp_path / f"{half}{pair}.json", record)
            assert np.array_equal(read_record(tmp_path / f"{half}{pair}.json").actions, record.actions)


def test_the_seats_are_swapped_in_the_second_half(tmp_path):
    game = make("ball_2v2")
    a, b = RandomAgent(game), RandomAgent(game)
    a.name, b.name = "x", "y"
    write_matches(tmp_path / "games", play_pairs(game, a, b, 1, seed=0, record=True))
    assert [seat.name for seat in read_match(tmp_path / "games", 0, 0).seats] == ["x", "x", "y", "y"]
    assert [seat.name for seat in read_match(tmp_path / "games", 1, 0).seats] == ["y", "y", "x", "x"]


def test_matches_without_moves_are_no_file(tmp_path):
    game = make("tic_tac_toe")
    matches = play_pairs(game, RandomAgent(game), RandomAgent(game), 1, seed=0)
    with pytest.raises(ValueError, match="record=True"):
        write_matches(tmp_path / "games", matches)
    with pytest.raises(ValueError, match="record=True"):
        matches.record(0, 0, "")


def altered(file, change, header=None):
    """The file with `change(arrays)` made, and its header's values replaced."""
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    told = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["match"])
    arrays = {name: array.copy() for name, array in load(data).items()}
    change(arrays)
    file.write_bytes(save(arrays, {"match": json.dumps({**told, **(header or {})})}))


def nothing(arrays):
    pass


def lengthen(arrays):
    arrays["lengths"] += 1


def occupied(arrays):
    arrays["actions"][1] = arrays["actions"][0]


def below(arrays):
    arrays["actions"] = (arrays["actions"] - 9).astype(np.int8)


def fractions(arrays):
    arrays["actions"] = arrays["actions"] + np.float32(0.5)


def pay(arrays):
    arrays["returns"] += 1


def lose_a_pair(arrays):
    arrays["streams"] = arrays["streams"][1:]


@pytest.mark.parametrize(
    ("change", "header", "fault"),
    [
        (lengthen, None, "its arrays"), (occupied, None, "illegal"), (pay, None, "was paid"),
        (lose_a_pair, None, "its arrays"),
        (below, None, "actions"), (fractions, None, "actions"), (nothing, {"forfeits": [[0, 0, "x"]]}, "given up"),
        (nothing, {"game": "os:system"}, "no game of this package"), (nothing, {"game": "hex_3"}, "altered"),
        (nothing, {"settings": {"x": 1}}, "settings"), (nothing, {"version": 2}, "version"),
        (nothing, {"format": "else"}, "format"), (nothing, {"a": 7}, "fit"), (nothing, {"more": 7}, "version"),
    ],
)  # fmt: skip
def test_an_altered_file_is_refused(file, change, header, fault):
    altered(file, change, header)
    with pytest.raises(CorruptArtifact, match=fault):
        read_match(file, 0, 0)


def test_a_damaged_file_is_refused(file, tmp_path):
    with pytest.raises(IndexError, match="no game 0, 3"):
        read_match(file, 0, 3)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(CorruptArtifact, match="no file of matches"):
        read_match(file, 0, 0)
    with pytest.raises(CorruptArtifact, match="cannot be read"):
        read_match(tmp_path / "none", 0, 0)
