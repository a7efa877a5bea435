"""Watching: films decode to what was asked for, keys and buttons do what they say, and nothing needs a display."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from agents.agent import Forfeit
from agents.drills.catalogue import find_drill
from agents.drills.run import SEEDS, play_drill
from agents.matches import as_match
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.saved import save_agent
from envs import make
from envs.game import with_settings
from experiments import watch
from experiments.cast import cast
from experiments.errors import ExitCode, UserError
from experiments.programme import drill_programme
from experiments.recording import Match, record_clip, write_film


def agents(game_id: str, *names: str):
    game = as_match(make(game_id))
    return game, [make_agent(name, game) for name in names]


def programme(game_id: str = "tic_tac_toe", opponents: tuple[str, ...] = ("random", "random"), side: str = "alternate"):
    game, pair = agents(game_id, "random", *opponents)
    return watch.Programme(game, pair[0], pair[1:], ["me", *(f"rival {i}" for i in range(len(opponents)))], side, 0)


# Matches and clips


def test_a_match_that_is_given_up_is_over_and_lost():
    class Quitter:
        name = "quitter"

        def act(self, states, players, rng):
            raise Forfeit({0: "resigned"}, np.zeros(1, np.int32))

        def reset(self, rows):
            pass

    game, (other,) = agents("connect_four", "random")
    match = Match(game, [other, Quitter()], seed=0, names=("one", "two"))
    frames = list(match.frames())
    assert (match.moves, match.over, match.forfeit) == (1, True, "two resigned")
    assert (match.team_return(0), match.team_return(1)) == (1, -1)
    assert frames[-1].over
    assert not any(frame.over for frame in frames[:30])


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "connect_four"])
def test_a_match_is_told_to_its_end(game_id):
    game, pair = agents(game_id, "one_ply", "random")
    match = Match(game, pair, seed=3)
    frames = [(frame, match.moves) for frame in match.frames()]
    assert match.over
    assert match.moves == match.state["num_moves"]
    assert [frame.over for frame, _ in frames] == [False] * (len(frames) - 100) + [True] * 100  # 2 s at the end
    assert match.team_return(0) == -match.team_return(1) == {0: 1, 1: -1, -1: 0}[int(match.state["winner"])]


def test_the_same_seed_tells_the_same_match():
    game, pair = agents("ball_1v1", "random", "random")
    told = []
    for seed in (7, 7, 8):
        match = Match(game, pair, seed)
        for _, _ in zip(match.frames(), range(200), strict=False):
            pass
        told.append(match.state["position"].tobytes())
    assert told[0] == told[1] != told[2]


def test_each_team_gets_its_own_seats():
    """A team is asked for its own seats, one row each, and its actions reach them."""
    game = as_match(make("ball_2v2"))
    asked = {}

    class Spy:
        def __init__(self, name):
            self.name = name

        def act(self, states, players, rng):
            asked[self.name] = players.tolist()
            assert len(states) == len(players) == 2
            return np.full(2, 1, np.int32)  # forward

        def reset(self, rows):
            assert rows.tolist() == [0, 1]

    match = Match(game, [Spy("a"), Spy("b")], seed=0)
    start = match.state["position"].copy()
    for frame in match.frames():
        if match.moves == 2 and frame.settled:
            break
    assert asked == {"a": [0, 1], "b": [2, 3]}
    moved = match.state["position"] - start
    assert (moved[:2, 0] > 0.1).all()  # team 0 runs right, team 1 left
    assert (moved[2:4, 0] < -0.1).all()


@pytest.mark.parametrize("name", ["empty_goal", "goalie_angle"])
def test_a_drill_is_watched_as_it_is_judged(name):
    """The chaser and the drills' opponents draw no random numbers: the same scenes, the same verdicts."""
    found = cast("ball_2v2", "scripted:L3")
    told = drill_programme(name, found, "alternate", seed=3)
    drill = find_drill(name)
    wanted = drill.rule(play_drill(drill, found.agent, found.game, SEEDS, 3))
    verdicts = []
    for number in range(8):
        match = told.match()
        for _ in match.frames():
            pass
        assert match.names[number % 2] == "scripted:L3"
        verdicts.append(match.passed)
        told.finish(match)
    assert verdicts == [wanted[number // 2 + SEEDS // 2 * (number % 2)] for number in range(8)]
    assert 0 < sum(verdicts) < 8
    assert told.line == f"{name}, scene 9, scripted:L3: passed {sum(verdicts)} of 8"


def test_a_drill_fits_into_a_film(tmp_path):
    path = tmp_path / "out.mp4"
    arguments = ["ball_1v1", "--drill", "intercept", "--record", str(path), "--speed", "8", "--size", "160x100"]
    assert watch.main(arguments) == 0
    assert 0 < len(imageio.imread(path, index=None)) <= -(-(0.5 + 2.6 + 2) * 50 // 8)


@pytest.mark.parametrize("game_id", ["ball_1v1_continuous", "ball_2v2_heading"])
def test_ball_games_with_other_controls_are_filmed(tmp_path, game_id):
    path = tmp_path / "out.mp4"
    arguments = [game_id, "--agent", "random", "--opponent", "random", "--record", str(path), "--size", "160x100"]
    assert watch.main([*arguments, "--seconds", "2"]) == 0
    frames = imageio.imread(path, index=None)
    assert len(frames) == 100
    assert (frames[0] != frames[-1]).any()
    assert cast(game_id).labels[0] == "scripted:L5"


def test_what_is_watched_is_counted_and_ends_with_a_longer_look():
    found = cast("ball_1v1", "random", ["random"])
    assert found.game.settings["statistics"]
    match = Match(with_settings(found.game, {"time_limit": 1.0}), [found.agent, *found.opponents], seed=1)
    frames = list(match.frames())
    assert sum(frame.over for frame in frames) == 7 * 50
    assert frames[-1].extras["heat"].sum() == 5 * 10 * 2
    plain = Match(with_settings(match.game, {"statistics": False}), [found.agent, *found.opponents], seed=1)
    assert sum(frame.over for frame in plain.frames()) == 2 * 50


def test_a_record_is_counted_when_it_is_watched(tmp_path):
    """However it was played; and nothing goes another way for that."""
    from agents.records import Record, Seat, write_record

    game = make("ball_1v1", mode="match", time_limit=2.0)
    actions = np.random.default_rng(3).integers(0, 18, (10, 2)).astype(np.int32)
    record = Record(game, "ball_1v1", 5, (Seat("agent", "a"), Seat("agent", "b")), actions, "2026-01-02T03:04:05+00:00")
    write_record(tmp_path / "game.json", record)
    told = watch._programme(watch.parser().parse_args([str(tmp_path / "game.json")]))
    assert told.game.settings["statistics"]
    match = told.match()
    for _ in match.frames():
        pass
    *_, last = record.positions()
    assert not last["settings"]["statistics"]
    assert match.state["position"].tobytes() == last["position"].tobytes()
    assert match.state["statistics"]["distance"].sum() > 0


def test_a_clip_of_the_ball_game_is_small_and_quick():
    game, pair = agents("ball_2v2", "random", "random")
    record_clip(game, pair, seconds=0.2)  # compiles
    began = time.process_time()
    clip = record_clip(game, pair, seconds=8.0, fps=10)
    assert time.process_time() - began < 1.5
    assert clip.shape == (80, 200, 320, 3)
    assert clip.dtype == np.uint8
    assert (clip[1:] != clip[:-1]).any(axis=(1, 2, 3))[5:].all()  # something moves in every frame after the start


def test_a_clip_of_a_training_game_is_a_whole_match():
    game, pair = make("ball_1v1", time_limit=1.0), None
    pair = [make_agent("random", game)] * 2
    assert len(record_clip(game, pair, seconds=3.0)) == 30


def test_a_clip_of_a_board_game_shows_a_picture_a_move_to_the_end():
    game, pair = agents("tic_tac_toe", "one_ply", "one_ply")
    clip = record_clip(game, pair, seed=1)
    kinds = [clip[0]]
    for frame in clip[1:]:
        if (frame != kinds[-1]).any():
            kinds.append(frame)
    match = Match(game, pair, seed=1)
    for _ in match.frames():
        pass
    assert len(kinds) == match.moves + 1
    assert len(clip) <= 80


# Runs and saved agents


@pytest.mark.parametrize(
    ("what", "label"),
    [
        ("latest", "nice"),
        ("nice", "nice"),
        ("runs/nice", "nice"),
        ("runs/nice/20260101T000000Z-abc123", "nice"),
        ("latest@last", "nice@last"),
        ("runs/nice@150", "nice@150"),
    ],
)
def test_a_run_is_found_and_plays_its_own_game(run, what, label):
    found = cast(what, opponents=["random"])
    assert found.labels == [label, "random"]
    assert found.game.settings["pitch_length"] == 20.0
    assert found.game.settings["mode"] == "match"
    match = Match(found.game, [found.agent, *found.opponents], 0)
    for _ in zip(match.frames(), range(60), strict=False):
        pass
    assert match.moves > 1


def test_a_saved_agent_with_search_is_watched(tmp_path):
    game = make("tic_tac_toe")
    save_agent(tmp_path / "small", PolicyValueNetwork(18, 9, hidden=(4,)), game, {})
    found = cast(f"{tmp_path}/small+8", opponents=["mcts:8"])
    assert found.game.id == "tic_tac_toe"
    assert found.labels == ["small+8", "mcts:8"]
    assert found.agent.name == f"{tmp_path}/small+8"
    match = Match(found.game, [found.agent, *found.opponents], 0)
    for _ in zip(match.frames(), range(600), strict=False):
        pass
    assert match.moves > 4


def test_a_saved_agent_is_watched_on_its_own_game(run):
    found = cast(str(run / "agents" / "200"), opponents=["random"])
    assert found.game.id == "ball_1v1"
    assert found.labels == ["200", "random"]


def test_a_damaged_agent_is_refused_with_its_exit_code(run):
    (run / "agents" / "100" / "weights.safetensors").write_bytes(b"nonsense")
    done = run_headless("latest", "--opponent", "random", "--record", "x.mp4", cwd=run.parents[2])
    assert done.returncode == ExitCode.CHECKPOINT
    assert len(done.stderr.splitlines()) == 1
    assert not (run.parents[2] / "x.mp4").exists()


def test_a_run_without_agents_says_so(run):
    (run / "agents" / "best").unlink()
    with pytest.raises(UserError, match="has not saved its best agent yet"):
        cast("latest", opponents=["random"])


def test_who_plays_is_said_once(run):
    with pytest.raises(UserError, match="already says who plays"):
        cast("latest", agent="random")


# Films


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
@pytest.mark.parametrize("game_id", ["ball_1v1", "tic_tac_toe"])
def test_a_film_decodes_to_the_frames_that_were_asked_for(tmp_path, capsys, suffix, game_id):
    path = tmp_path / "deep" / f"out{suffix}"
    arguments = [game_id, "--agent", "random", "--opponent", "random", "--record", str(path)]
    assert watch.main([*arguments, "--seconds", "2", "--size", "320x200"]) == 0
    frames = imageio.imread(path, index=None)
    rate = 50 if suffix == ".mp4" else 25
    if suffix == ".gif":  # equal frames are one that lasts longer
        durations = [imageio.immeta(path, index=i)["duration"] for i in range(len(frames))]
        assert sum(durations) == pytest.approx(2000, abs=50)
        assert len(frames) <= 2 * rate
    else:
        assert len(frames) == 2 * rate
        assert imageio.immeta(path)["fps"] == rate
    assert frames.shape[1:] == (200, 320, 3)
    assert (frames[0] != frames[-1]).any()
    assert list(path.parent.iterdir()) == [path]  # nothing half-written beside it
    assert f"{2 * rate} frames, 2.0 s" in capsys.readouterr().out


def test_a_faster_film_is_shorter():
    one, four = (
        [i for i, _ in enumerate(watch._sampled(iter(range(100)), 1))],
        list(watch._sampled(iter(range(100)), 4)),
    )
    assert len(one) == 100
    assert four == list(range(0, 100, 4))
    assert list(watch._sampled(iter("abc"), 0.5)) == list("aabbcc")


def test_a_film_of_games_ends_with_the_last(tmp_path):
    path = tmp_path / "out.mp4"
    arguments = ["tic_tac_toe", "--record", str(path), "--games", "2", "--speed", "8", "--size", "160x180"]
    assert watch.main(arguments) == 0
    game, pair = agents("tic_tac_toe", "one_ply", "random")
    frames = 0
    for seed, order in ((0, 1), (1, -1)):
        frames += sum(1 for _ in Match(game, pair[::order], seed).frames())
    assert len(imageio.imread(path, index=None)) == -(-frames // 8)


def test_a_failed_film_leaves_nothing_behind(tmp_path):
    def pictures():
        yield np.zeros((64, 64, 3), np.uint8)
        raise RuntimeError("the game broke")

    for suffix in (".mp4", ".gif"):
        with pytest.raises(RuntimeError, match="the game broke"):
            write_film(tmp_path / f"out{suffix}", pictures(), 50)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["connect_for"], "did you mean 'connect_four'", ExitCode.USAGE),
        (["connect_four", "--record", "out.avi"], "must end in .mp4 or .gif", ExitCode.USAGE),
        (["connect_four", "--opponent", "scripted:L3"], "plays ball games", ExitCode.USAGE),
        (["connect_four", "--opponent", "one_plyy"], "did you mean 'one_ply'", ExitCode.USAGE),
        (["latest"], "no run was started here yet", ExitCode.USAGE),
        (["chess", "--drill", "clear"], "the drills are of the ball games, not of chess", ExitCode.USAGE),
        (["ball_1v1", "--drill", "cleer"], "there is no drill 'cleer'; known: empty_goal", ExitCode.USAGE),
        (["ball_1v1", "--drill", "spacing"], "--drill spacing: it needs 2 players a side", ExitCode.USAGE),
        (["ball_1v1", "pitch_length=8", "--drill", "tackle"], "tackle: it needs a larger pitch", ExitCode.USAGE),
        (["ball_1v1", "--drill", "clear", "--opponent", "random"], "opponents of its own", ExitCode.USAGE),
        (["runs/nothing"], "neither a game, a run nor a saved agent", ExitCode.USAGE),
    ],
)
def test_mistakes_get_one_line_with_the_fix(tmp_path, monkeypatch, arguments, message, code):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message) as error:
        watch.main(arguments)
    assert error.value.exit_code == code
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "wrong", [["--size", "12x9"], ["--size", "wide"], ["--speed", "0"], ["--games", "0"], ["--seed", "-1"]]
)
def test_wrong_values_are_usage_errors(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        watch.main(["connect_four", *wrong])
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


# Without a display


def run_headless(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    plain = {key: value for key, value in os.environ.items() if key not in hidden and not key.startswith("SDL")}
    plain["PYTHONPATH"] = str(Path(watch.__file__).parents[1])
    command = [sys.executable, "-m", "experiments.watch", *arguments]
    return subprocess.run(command, env=plain, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_a_film_needs_no_display(tmp_path):
    done = run_headless("tic_tac_toe", "--record", "out.gif", "--seconds", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hello" not in done.stdout.lower()  # pygame's greeting
    frame = imageio.imread(tmp_path / "out.gif", index=0)
    assert frame.mean() > 150  # paper, not a black screen


def test_no_display_is_said_in_one_line_with_the_fix(tmp_path):
    done = run_headless("tic_tac_toe", cwd=tmp_path)
    assert done.returncode == ExitCode.ENVIRONMENT
    assert len(done.stderr.splitlines()) == 1
    assert "--record out.mp4" in done.stderr


def test_help_is_quick_because_nothing_heavy_is_imported(tmp_path):
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run_headless("--help", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "--record" in done.stdout
    assert min(spent) < 0.3
    heavy = "import sys, experiments.watch; print({'numpy', 'numba', 'torch', 'pygame'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"
