"""The format of labels: what is written is read, what does not fit is refused."""

from dataclasses import replace

import numpy as np
import pytest

from agents.artifact import CorruptArtifact
from agents.supervised.labels import ARRAYS, WrongLabels, load_labels, save_labels
from envs import make
from tests.agents.supervised.made import labels_of, random_labels

CONNECT_FOUR = make("connect_four")


def test_what_is_written_is_read(tmp_path):
    labels = random_labels(CONNECT_FOUR, 5)
    labels = replace(labels, about={"teacher": "random"})
    save_labels(tmp_path / "made", labels)
    found = load_labels(tmp_path / "made", CONNECT_FOUR)
    for name in (*ARRAYS, "starts"):
        assert np.array_equal(getattr(found, name), getattr(labels, name)), name
    assert found.about == labels.about
    assert found.digest() == labels.digest()
    assert replace(labels, values=-labels.values).digest() != labels.digest()


def test_a_folder_that_was_altered_or_is_of_another_game_is_refused(tmp_path):
    save_labels(tmp_path / "made", random_labels(CONNECT_FOUR, 2))
    with pytest.raises(WrongLabels, match="labels of connect_four"):
        load_labels(tmp_path / "made", make("tic_tac_toe"))
    with pytest.raises(FileExistsError):
        save_labels(tmp_path / "made", random_labels(CONNECT_FOUR, 2))
    file = tmp_path / "made" / "labels.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptArtifact, match="SHA-256"):
        load_labels(tmp_path / "made", CONNECT_FOUR)


def test_selected_rows_keep_what_was_said_of_them():
    moves = [{3: 0.5, 2: 0.5}, {0: 1.0}, {1: 0.25, 6: 0.75}]
    labels = labels_of(CONNECT_FOUR, [[3, 3, 2]], [(0, 0, 0), (0, 1, 1), (0, 2, 0)], moves, [1.0, -1.0, 0.0])
    some = labels.select(np.array([True, False, True]))
    assert some.ply.tolist() == [0, 2]
    assert some.moves.tolist() == [3, 2, 1, 6]
    assert some.weights.tolist() == [0.5, 0.5, 0.25, 0.75]
    assert some.values.tolist() == [1, 0]
    assert labels.select(np.array([2, 0])).digest() == some.digest()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"moves": np.array([7], np.uint16)}, "moves holds a number outside of 0 to 6"),
        ({"actions": np.array([-1], np.int32)}, "actions holds a number outside"),
        ({"weights": np.array([0.5], np.float32)}, "do not sum to 1"),
        ({"weights": np.array([-1], np.float32)}, "not above 0"),
        ({"values": np.array([2], np.float32)}, "not in"),
        ({"ply": np.array([2], np.int32)}, "outside of its game"),
        ({"seat": np.array([2], np.int8)}, "seat holds"),
        ({"first": np.array([0, 2], np.int64)}, "does not divide 1 into 1"),
        ({"game": np.array([0], np.int64)}, "game is int64, not int32"),
        ({"values": np.zeros(2, np.float32)}, "not of one length"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, problem):
    labels = labels_of(CONNECT_FOUR, [[3]], [(0, 0, 0)])
    with pytest.raises(ValueError, match=problem):
        replace(labels, **change)


def test_rows_are_in_order_and_none_is_there_twice():
    for rows in ([(0, 1, 1), (0, 0, 0)], [(0, 0, 0), (0, 0, 0)]):
        with pytest.raises(ValueError, match="order of game, ply and seat"):
            labels_of(CONNECT_FOUR, [[3, 2]], rows)
