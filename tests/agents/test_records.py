"""Records of games: what is written comes back and replays, what was altered or made up is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.artifact import CorruptArtifact
from agents.matches import as_match
from agents.records import Record, Seat, read_record, write_record
from envs import make
from envs.random_stream import seed_streams

PERSON, AGENT = Seat("person", "Ada"), Seat("agent", "one_ply")
TIME = "2026-01-02T03:04:05+00:00"
NIM = "tests.own_game.nim:nim"


def tic_tac_toe(actions: list[int], **more) -> Record:
    """Cells 0 to 8 from the upper left; seat 0 is Ada."""
    return Record(
        make("tic_tac_toe"), "tic_tac_toe", 7, (PERSON, AGENT), np.array(actions, np.int32), TIME, **more,
    )  # fmt: skip


WON = [0, 3, 1, 4, 2]  # the upper row


def ball(decisions: int, kind: str = "ball_1v1", **settings) -> Record:
    game, rng = as_match(make(kind, **settings)), np.random.default_rng(5)
    actions = rng.integers(0, 18, (decisions, game.num_players)).astype(np.int32)
    if game.action_shape:
        actions = rng.uniform(-1, 1, (decisions, game.num_players, *game.action_shape)).astype(np.float32)
    seats = tuple(Seat("person" if seat == 0 else "agent", f"n{seat}") for seat in range(game.num_players))
    return Record(game, kind, int(seed_streams(3, 1)[0]), seats, actions, TIME)


def written(folder: Path, record: Record) -> Path:
    path = folder / "game.json"
    write_record(path, record)
    return path


RANGES = {"ball_mass_factor": (0.5, 2.0), "action_delay": (0, 2)}


@pytest.mark.parametrize("record", [
    tic_tac_toe(WON, hints=(2,), taken_back=3), tic_tac_toe([]), ball(40), ball(40, **RANGES),
    ball(40, "ball_1v1_continuous"), ball(0, "ball_1v1_continuous"),
])  # fmt: skip
def test_what_is_written_comes_back(tmp_path, record):
    found = read_record(written(tmp_path, record))
    assert found.game.id == record.game.id
    assert found.game.settings == record.game.settings
    assert found.actions.tobytes() == record.actions.tobytes()
    assert found.actions.dtype == record.actions.dtype
    assert found.actions.shape == record.actions.shape
    assert (found.stream, found.seats, found.time) == (record.stream, record.seats, record.time)
    assert (found.hints, found.taken_back, found.result) == (record.hints, record.taken_back, record.result)
    assert [path.name for path in tmp_path.iterdir()] == ["game.json"]
    for before, after in zip(record.positions(), found.positions(), strict=True):
        assert before.tobytes() == after.tobytes()  # all of the State, what was drawn from ranges included


def test_the_file_can_be_read_by_people(tmp_path):
    text = written(tmp_path, tic_tac_toe(WON)).read_text()
    assert '"moves": ["a3", "a2", "b3", "b2", "c3"],' in text
    assert '"result": {"ended": "terminated", "returns": [1.0, -1.0], "score": null},' in text
    assert '"seats": [{"kind": "person", "name": "Ada"}, {"kind": "agent", "name": "one_ply"}],' in text


def test_a_game_that_was_broken_off_says_so():
    assert tic_tac_toe(WON[:3]).result.ended == "abandoned"
    assert tic_tac_toe(WON[:3]).result.returns == (0, 0)


def test_the_score_of_a_ball_game_is_kept(tmp_path):
    """Team 0 runs at the ball and kicks on until it has scored; team 1 stands still."""
    from agents.names import make_agent

    game = as_match(make("ball_1v1"))
    state = Record(game, "ball_1v1", 9, (PERSON, AGENT), np.zeros((0, 2), np.int32), "").first_state()
    chaser, actions = make_agent("scripted:L3", game), []
    from envs.game import step

    while state["score"][0, 0] == 0:
        assert len(actions) < 300
        act = np.array([chaser.act(state, np.array([0]), np.random.default_rng(0))[0], 0], np.int32)
        actions.append(act)
        step(state[0], act)
    record = Record(game, "ball_1v1", 9, (PERSON, AGENT), np.array(actions), TIME)
    result = read_record(written(tmp_path, record)).result
    assert result.score == (1, 0)
    assert result.returns == (1, -1)
    assert result.ended == "abandoned"  # the match would have gone on


# Labels


def test_decisions_are_labels_of_who_made_them():
    record = tic_tac_toe(WON, hints=(2,))
    states, players, actions = record.decisions(of="person")
    assert actions.tolist() == [0, 1, 2]
    assert players.tolist() == [0, 0, 0]
    assert [int((state["board"] != 0).sum()) for state in states] == [0, 2, 4]
    assert record.decisions(of="agent")[2].tolist() == [3, 4]
    assert record.decisions()[2].tolist() == WON
    assert record.decisions(of="person", hinted=False)[2].tolist() == [0, 2]  # the third move of the game was advised


def test_decisions_where_all_move_at_once():
    record = ball(12, "ball_2v2")
    states, players, actions = record.decisions(of="person")
    assert len(states) == 12
    assert (actions == record.actions[:, 0]).all()
    assert (players == 0).all()
    assert states["decision"].tolist() == list(range(12))
    everybody = record.decisions()
    assert len(everybody[0]) == 48
    assert everybody[1].tolist() == [0, 1, 2, 3] * 12


def test_decisions_of_numbers():
    record = ball(12, "ball_1v1_continuous")
    states, players, actions = record.decisions(of="person")
    assert len(states) == len(players) == 12
    assert (actions == record.actions[:, 0]).all()
    assert actions.dtype == np.float32
    assert ball(0, "ball_1v1_continuous").decisions()[2].shape == (0, 3)


def test_no_decisions_are_an_empty_batch():
    states, players, actions = tic_tac_toe([]).decisions()
    assert states.dtype == make("tic_tac_toe").state_dtype
    assert len(states) == len(players) == len(actions) == 0


# What is refused


def test_no_byte_can_be_altered_unseen(tmp_path):
    path = written(tmp_path, tic_tac_toe(WON, hints=(2,)))
    data = path.read_bytes()
    read_record(path)
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(CorruptArtifact, match=r"game\.json"):
            read_record(path)


def altered(path: Path, **changes) -> None:
    """The file with other values under the hash that fits them, as a forger would write it."""
    import hashlib

    lines = path.read_text().splitlines(keepends=True)[:-2]
    for key, value in changes.items():
        lines = [f'"{key}": {json.dumps(value)},\n' if line.startswith(f'"{key}"') else line for line in lines]
    text = "".join(lines)
    path.write_text(f'{text}"sha256": "{hashlib.sha256(text.encode()).hexdigest()}"\n}}\n')


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actions": [0, 3, 0, 4, 2]}, r"move 3: action 0 \(a3\) of seat 0 is illegal"),
        ({"actions": [*WON, 5]}, "over after 5 moves, yet 6 are recorded"),
        ({"actions": [0, 3, 9, 4, 2]}, "an action is not one of 9"),
        ({"actions": [0, 3, -1, 4, 2]}, "an action is not one of 9"),
        ({"actions": [0, 3, 1.0, 4, 2]}, "an action is not one of 9"),
        ({"actions": [0] * 10}, "at most 9"),
        ({"actions": "all"}, "no list"),
        ({"actions": [3, 0, 4, 1, 6]}, "by the rules it ended"),
        ({"moves": ["a3", "a2", "b3", "b2", "c1"]}, "moves in words"),
        ({"result": {"ended": "terminated", "returns": [-1.0, 1.0], "score": None}}, "by the rules it ended"),
        ({"result": "won"}, "by the rules it ended"),
        ({"seats": [{"kind": "person", "name": "Ada"}]}, "it seats 1"),
        ({"seats": [{"kind": "god", "name": "Ada"}] * 2}, "neither person nor agent"),
        ({"stream": "0x7"}, "not 16 hex digits"),
        ({"game": "connect_for"}, "no game of this package"),
        ({"game": ["tic_tac_toe"]}, "names no game"),
        ({"settings": {"komi": 7}}, "settings"),
        ({"hints": [7]}, "hints"),
        ({"taken_back": -1}, "taken back"),
        ({"time": 3}, "time"),
        ({"version": 2}, "newer program"),
        ({"version": 0}, "keys"),
        ({"format": "a poem"}, "no record of a game"),
    ],
)
def test_nonsense_under_a_fitting_hash_is_refused_by_the_rules(tmp_path, changes, message):
    path = written(tmp_path, tic_tac_toe(WON))
    altered(path, **changes)
    with pytest.raises(CorruptArtifact, match=message) as error:
        read_record(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("action", [
    [0.5, 0.0], [0.5, 0.0, 1], [0.5, 0.0, 1.5], [0.5, 0.0, float("nan")], 0.5, "kick", [0.5, 0.0, 0.1],
])  # fmt: skip
def test_numbers_that_are_no_action_are_refused(tmp_path, action):
    path = written(tmp_path, ball(1, "ball_1v1_continuous"))
    altered(path, actions=[[[0.5, 0.0, 1.0], action]])
    # 0.1 is no float32: the file would not be what is written
    with pytest.raises(CorruptArtifact, match=r"not 3 numbers in \[-1, 1\]|SHA-256|by the rules"):
        read_record(path)


def test_a_game_of_numbers_against_the_rules_is_not_written(tmp_path):
    game, name = make("ball_1v1_continuous"), "ball_1v1_continuous"
    with pytest.raises(ValueError, match=r"not in \[-1, 1\]"):
        write_record(tmp_path / "game.json", Record(game, name, 1, (PERSON, AGENT), np.full((1, 2, 3), 2.0), TIME))


@pytest.mark.parametrize("settings", [{"ball_mass": -1.0}, {"ball_mass": "heavy"}, {"ball_mass": 10**400}, {}])
def test_wrong_settings_are_refused(tmp_path, settings):
    record = ball(3)
    path = written(tmp_path, record)
    altered(path, settings={**record.game.settings, **settings} if settings else {})
    with pytest.raises(CorruptArtifact, match="its settings are not those of ball_1v1"):
        read_record(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"format": "bitterball game"}', "\x00\xff"])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text, "latin-1")
    with pytest.raises(CorruptArtifact):
        read_record(path)


def test_a_file_that_is_not_there_or_no_plain_file_is_refused(tmp_path):
    path = written(tmp_path, tic_tac_toe(WON))
    (tmp_path / "link.json").symlink_to(path)
    for name in ("missing.json", "link.json", "."):
        with pytest.raises(CorruptArtifact, match=r"cannot be read|not a plain file"):
            read_record(tmp_path / name)


def test_an_oversized_file_is_not_read(tmp_path, monkeypatch):
    path = written(tmp_path, tic_tac_toe(WON))
    monkeypatch.setattr("agents.records.LARGEST", 100)
    with pytest.raises(CorruptArtifact, match="larger than"):
        read_record(path)


def test_reading_imports_no_module_that_a_file_names(tmp_path):
    record = Record(make(NIM), NIM, 1, (PERSON, AGENT), np.zeros(0, np.int32), TIME)
    path = written(tmp_path, record)
    code = f"""
import sys
from pathlib import Path
from agents.artifact import CorruptArtifact
from agents.records import read_record
try:
    read_record(Path({str(path)!r}))
except CorruptArtifact as error:
    print(error)
assert "tests.own_game.nim" not in sys.modules
print(read_record(Path({str(path)!r}), {NIM!r}).game.id)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert "reading runs no code that a file names" in first
    assert second == "nim"
    with pytest.raises(CorruptArtifact, match="not of tic_tac_toe"):
        read_record(path, "tic_tac_toe")


# Writing


def test_a_game_against_the_rules_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="is illegal"):
        write_record(tmp_path / "game.json", tic_tac_toe([0, 0]))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = written(tmp_path, tic_tac_toe(WON[:2]))

    def refuse(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_record(path, tic_tac_toe(WON))
    monkeypatch.undo()
    assert len(read_record(path).actions) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["game.json"]
