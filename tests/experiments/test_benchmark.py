"""The benchmark runs, counts rightly, and fails politely. How fast anything is, is never asserted."""

import json
import os
import sys

import pytest

from envs import make, pettingzoo_env
from envs.ids import GAMES
from experiments import benchmark
from experiments.benchmarks import environments, parts, process_tree, tables
from experiments.benchmarks.comparison import Peer, compare
from experiments.benchmarks.peers import open_spiel_games, open_spiel_search
from experiments.benchmarks.peers.pettingzoo_games import aec_play, classic
from experiments.benchmarks.search import network_play, rollout_play
from experiments.benchmarks.training import CONNECT_FOUR, scaling_steps
from experiments.benchmarks.windows import calibrate, measure, pinned, summary
from experiments.benchmarks.worker import Worker, WorkerFailed, module, own_environment
from experiments.errors import ExitCode, UserError


@pytest.fixture(autouse=True)
def environment_stays(monkeypatch):
    """main() tunes this process's environment for speed; the next test shall not notice."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_quick_look_at_one_game_prints_a_table_and_writes_json(tmp_path, capsys):
    path = tmp_path / "deep" / "figures.json"
    arguments = ["--quick", "--only", "envs", "faces", "--games", "tic_tac_toe", "--json", str(path)]
    assert benchmark.main(arguments) == ExitCode.DONE
    report = json.loads(path.read_text())
    assert report["format"] == benchmark.FORMAT
    assert report["command"][2:] == arguments
    assert report["versions"]["numba"]
    assert report["machine"]["cores"] >= 1
    assert set(report["results"]) == {"envs", "faces"}
    envs = report["results"]["envs"]
    assert [(row["game"], row["num_games"]) for row in envs] == [("tic_tac_toe", 1), ("tic_tac_toe", 1024)]
    for row in envs + report["results"]["faces"]:
        rate = row["rate"]
        assert 0 < rate["low"] <= rate["median"] <= rate["high"]
        assert len(rate["windows"]) == parts.QUICK.windows
    assert [goal["what"] for goal in report["goals"]] == ["tic_tac_toe, 1024 at once, moves per CPU-second"]
    printed = capsys.readouterr().out
    assert "tic_tac_toe" in printed
    assert str(path) in printed
    assert not list(path.parent.glob("*.part"))


def test_a_game_of_ones_own_is_measured(tmp_path):
    path = tmp_path / "own.json"
    games = ["--games", "tests.own_game.nim:nim"]
    assert benchmark.main(["--quick", "--only", "envs", "sampling", *games, "--json", str(path)]) == ExitCode.DONE
    results = json.loads(path.read_text())["results"]
    assert {row["game"] for rows in results.values() for row in rows} == {"tests.own_game.nim:nim"}


@pytest.mark.parametrize(
    ("arguments", "complaint", "code"),
    [
        (["--games", "connect_fuor"], "did you mean 'connect_four'", ExitCode.USAGE),
        (["--games", "no_such_module:game"], "no_such_module", ExitCode.USAGE),
        (["--only", "peers"], "--peers PYTHON", ExitCode.USAGE),
        (["--peers", "/no/such/python"], "/no/such/python: no such interpreter", ExitCode.USAGE),
        (["--core", "100000"], "--core 100000", ExitCode.USAGE),
        (["--json", "/proc/none/figures.json"], "cannot be written", ExitCode.ENVIRONMENT),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, complaint, code):
    with pytest.raises(UserError) as refused:
        benchmark.main([*arguments, "--quick"])
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == code


def test_parts_are_chosen():
    def chosen(*arguments):
        return benchmark._parts(benchmark.parser().parse_args(arguments))

    usual = ["envs", "faces", "matches", "search", "sampling", "training"]
    assert chosen() == usual
    assert chosen("--scaling", "--peers", "python") == [*usual, "scaling", "peers"]
    assert chosen("--only", "training", "envs") == ["envs", "training"]
    assert chosen("--only", "scaling") == ["scaling"]
    assert chosen("--only", "peers", "--peers", "python") == ["peers"]
    assert list(parts.MEASURED) == [*benchmark.PARTS, *benchmark.PARTS_ON_REQUEST]


def test_matches_are_measured_of_the_games_that_are_asked_for(tmp_path, capsys):
    path = tmp_path / "figures.json"
    arguments = ["--quick", "--only", "matches", "--games", "connect_four", "hex_3", "--json", str(path)]
    assert benchmark.main(arguments) == ExitCode.DONE
    (row,) = json.loads(path.read_text())["results"]["matches"]
    assert (row["game"], row["unit"]) == ("connect_four", "moves per CPU-second")
    assert row["rate"]["low"] > 0
    assert "matches of two networks" in capsys.readouterr().out


def test_search_is_measured_against_open_spiels(tmp_path, capsys):
    """Counts the simulations: as many as were asked for, however often."""
    pytest.importorskip("pyspiel")
    path = tmp_path / "figures.json"
    games = ["--games", "connect_four", "hex_3"]
    assert benchmark.main(["--quick", "--only", "search", *games, "--json", str(path)]) == ExitCode.DONE
    by_chance, by_network = json.loads(path.read_text())["results"]["search"]
    assert by_chance["ratio"]["low"] > 0
    assert by_network["ours"]["low"] > 0
    assert (by_chance["simulations"], by_network["simulations"]) == (1000, 32)
    assert "OpenSpiel, C++ MCTSBot" in capsys.readouterr().out
    assert rollout_play(make("connect_four"), 50)(3) == 3 * 16 * 50
    assert network_play(make("connect_four"))(2) == 2 * 256 * 32
    assert open_spiel_search.searches(pytest.importorskip("pyspiel").load_game("connect_four"), 50)(3) == 150


def test_the_usual_games_are_one_of_each_family():
    assert set(benchmark.USUAL) <= set(GAMES)
    assert {GAMES[game_id] for game_id in benchmark.USUAL} == set(GAMES.values())
    assert benchmark._games(None) == benchmark.USUAL
    assert set(benchmark._games(["all", "tests.own_game.nim:nim"])) == {*GAMES, "tests.own_game.nim:nim"}


def test_compiling_is_measured_cold_and_warm(tmp_path, capsys):
    path = tmp_path / "figures.json"
    assert benchmark.main(["--only", "compiling", "--games", "tic_tac_toe", "--json", str(path)]) == ExitCode.DONE
    (row,) = json.loads(path.read_text())["results"]["compiling"]
    assert row["cold"]["cpu_seconds"] > row["warm"]["cpu_seconds"] > 0, "a filled cache saves the compiler's work"
    assert "tic_tac_toe" in capsys.readouterr().out


def test_a_window_counts_what_the_play_says():
    """Three steps a repetition: every window has three times the calibrated repetitions."""
    calls = []

    def play(repetitions):
        calls.append(repetitions)
        for _ in range(repetitions):
            sum(range(200))
        return 3 * repetitions

    windows = measure(play, seconds=0.01, count=4)
    assert [window.steps for window in windows] == [3 * repetitions for repetitions in calls[-4:]]
    assert len(set(calls[-4:])) == 1
    assert all(window.rate == window.steps / window.cpu_seconds for window in windows)
    assert calibrate(play, 0.01) >= 1


def test_a_summary_keeps_every_window():
    assert summary([3.0, 1.0, 2.0]) == {"median": 2.0, "low": 1.0, "high": 3.0, "windows": [3.0, 1.0, 2.0]}


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin")
def test_pinning_ends_with_the_block():
    before = os.sched_getaffinity(0)
    core = max(before)
    with pinned(core):
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before
    with pinned(None):
        assert os.sched_getaffinity(0) == before


def test_plays_count_steps():
    """Tic-Tac-Toe games have 5 to 9 moves, whoever's environment it is."""
    assert environments.batch_play(make("tic_tac_toe"), 16)(10) == 160
    assert environments.sampling_play(make("ball_2v2"), num_games=4, length=3)(2) == 2 * 4 * 3 * 4  # four seats each
    assert 100 <= aec_play(pettingzoo_env.env("tic_tac_toe"))(20) <= 180
    assert 100 <= aec_play(classic("tictactoe_v3").env())(20) <= 180
    names = [name for name, _ in environments.faces("tic_tac_toe")]
    assert names[0] == "PettingZoo's own"
    assert "PettingZoo AEC" in names
    for name, play in environments.faces("ball_1v1"):  # 30 s of 0.2 s at most, where the clock alone ends a game
        assert play(1) == environments.VECTOR_GAMES if "vector" in name else 1 <= play(1) <= 150


def test_open_spiel_plays_whole_games():
    pyspiel = pytest.importorskip("pyspiel")
    game = pyspiel.load_game("tic_tac_toe")
    for play in (open_spiel_games.cpp(game), open_spiel_games.python(game)):
        assert 100 <= play(20) <= 180


def test_cpu_seconds_are_summed_over_the_tree():
    before = {(1, 0.0): (False, 10.0), (2, 0.0): (True, 5.0), (3, 0.0): (False, 7.0)}
    after = {(1, 0.0): (False, 12.0), (2, 0.0): (True, 5.5), (4, 1.0): (False, 0.25)}  # 3 has ended, 4 is new
    assert process_tree.spent(before, after) == (2.25, 0.5)
    reading = process_tree.read()
    assert any(pid == os.getpid() and not daemon for (pid, _), (daemon, _) in reading.items())


CHATTY = """
from experiments.benchmarks.serving import Channel
channel = Channel()
print("a library says hello")
channel.serve(lambda seconds: {"steps": 2 * seconds}, versions={"it": "1.0"})
"""


def test_a_worker_answers_whatever_its_libraries_print():
    command = [sys.executable, "-c", CHATTY]
    with Worker("chatty", command, own_environment(os.environ)) as worker:
        assert worker.about["versions"] == {"it": "1.0"}
        assert [worker.window(seconds)["steps"] for seconds in (1.5, 2)] == [3, 4]
        process = worker._process
    assert process.returncode == 0


def test_a_worker_that_fails_says_why():
    with pytest.raises(WorkerFailed, match=r"broken: ModuleNotFoundError: No module named 'no_such_peer'"):
        Worker("broken", [sys.executable, "-c", "import no_such_peer"], own_environment(os.environ))
    with pytest.raises(WorkerFailed, match="cannot be run"):
        Worker("missing", ["/no/such/python"])
    dying = CHATTY.replace('{"steps": 2 * seconds}', "1 / 0")
    with (
        Worker("dying", [sys.executable, "-c", dying], own_environment(os.environ)) as worker,
        pytest.raises(WorkerFailed, match="ZeroDivisionError"),
    ):
        worker.window(1)


def test_a_peer_takes_turns_with_ours():
    """PettingZoo is there in any case, so that our own interpreter can be the peers'."""
    peer = Peer("tic_tac_toe", "PettingZoo", ("pettingzoo_games", "tictactoe_v3"))
    row = compare(peer, sys.executable, os.environ, core=None, seconds=0.02, count=3)
    assert row["versions"]["pettingzoo"]
    ratios = zip(row["ours"]["windows"], row["theirs"]["windows"], strict=True)
    assert row["ratio"]["windows"] == pytest.approx([ours / theirs for ours, theirs in ratios])
    assert len(row["ratio"]["windows"]) == 3


def test_a_peer_that_is_missing_is_left_out():
    peer = Peer("tic_tac_toe", "nobody", ("no_such_script",))
    row = compare(peer, sys.executable, os.environ, core=None, seconds=0.02, count=1)
    assert row["unavailable"].startswith("nobody: ")
    assert "ratio" not in row


def test_runners_double():
    assert [scaling_steps(most) for most in (1, 2, 3, 6, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 6], [1, 2, 4, 8]]


def test_goals_are_found_among_the_figures():
    rows = [{"game": "connect_four", "num_games": batch, "rate": summary([2e6 * batch])} for batch in (1, 1024)]
    results = {"envs": rows, "training": [{"game": "connect_four", "unavailable": "no Ray"}]}
    (goal,) = tables.goals(results)
    assert (goal.figure, goal.wanted, goal.ratio) == (2e6 * 1024, 12e6, False)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (872, "872"),
        (999.6, "1.00 k"),
        (2706, "2.71 k"),
        (151e3, "151 k"),
        (15.84e6, "15.8 M"),
        (2e12, "2000 G"),
    ],
)
def test_numbers_are_shown_with_three_digits(number, text):
    assert tables.count(number) == text


@pytest.mark.slow
def test_stock_rllib_and_ours_train_on_the_same_task():
    """A train batch of about 4096 for stock RLlib (64 games step until it is full), of exactly 4096 for ours."""
    environment = own_environment(os.environ)
    with Worker("stock RLlib", module("stock_rllib"), environment) as stock:
        window = stock.window(0.1)
    assert window["iterations"] == 1
    assert 4096 <= window["steps"] < 4096 + 64 * 2
    assert 0 <= window["daemon_cpu_seconds"] < window["cpu_seconds"]
    command = module("selfplay_rllib", "0", json.dumps(CONNECT_FOUR))
    with Worker("ours", command, environment) as ours:
        window = ours.window(0.1)
    assert window["steps"] == window["agent_steps"] == 4096 * window["iterations"]
