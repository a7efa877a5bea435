"""The command around the game: runs as opponents, records watched again, the disk, mistakes, no display."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from agents.artifact import CorruptArtifact
from agents.records import read_record
from envs.render import tic_tac_toe as tic_tac_toe_drawer
from experiments import play, watch
from experiments.errors import ExitCode, UserError
from tests.experiments.table import NIM, kept


def test_what_was_trained_can_be_played_against(run, seated):
    for what, label in (("latest", "nice"), ("nice@last", "nice@last"), (str(run / "agents" / "100"), "100")):
        table = seated(what)
        assert table.sitting.names == ("You", label)
        assert table.sitting.game.settings["mode"] == "match"
    for name in ("latest", "nice@last", "runs/nice@150", str(run / "agents" / "200"), str(run)):
        assert seated("ball_1v1", "--against", name).sitting.names == ("You", name)
    table = seated("latest")
    assert table.sitting.game.settings["pitch_length"] == 20.0
    with pytest.raises(CorruptArtifact):  # an agent of another game
        seated("tic_tac_toe", "--against", "latest")


def test_a_record_is_watched_again(seated, tmp_path, monkeypatch):
    table = seated("tic_tac_toe", "--seat", "both", "--name", "Ada", "Bo")
    for cell in (0, 3, 1, 4, 2):
        table.wait()
        table.click(table.cell(cell))
    table.wait()
    path = kept(tmp_path)[0]
    programme = watch._programme(watch.parser().parse_args([str(path)]))
    viewing = watch.Viewing(programme, table.window, speed=50.0)
    table.window.controls = watch.CONTROLS
    assert "Ada against Bo" in programme.line
    while not viewing.frame.over:
        viewing.step()
    assert viewing.match.names == ("Ada", "Bo")
    assert viewing.match.state["board"].tolist() == [1, 1, 1, 2, 2, 0, 0, 0, 0]
    viewing.step()
    assert viewing.match.moves == 0  # once more
    viewing.obey("next")
    assert watch.main([str(path), "--record", str(tmp_path / "out.gif"), "--size", "160x180"]) == 0
    assert (tmp_path / "out.gif").stat().st_size > 1000


def test_a_record_of_a_game_that_was_broken_off_ends_where_it_was(seated, tmp_path):
    table = seated("ball_1v1", "--against", "random")
    table.press(13, "\r")
    table.pass_by(80)
    moves = table.sitting.match.moves
    table.sitting.keep()
    programme = watch._programme(watch.parser().parse_args([str(kept(tmp_path)[0])]))
    match = programme.match()
    frames = list(match.frames())
    assert match.moves == moves
    assert frames[-1].over
    assert not match.over


def test_what_is_no_record_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(CorruptArtifact, match="no record of a game"):
        watch.main([str(tmp_path / "x.json")])
    with pytest.raises(UserError, match="already says who plays"):
        watch.main([str(tmp_path / "x.json"), "--agent", "random"])
    with pytest.raises(UserError, match="goes with the record"):
        watch.main(["tic_tac_toe", "--game", NIM])


def test_a_full_disk_is_told_and_play_goes_on(seated, tmp_path):
    table = seated("tic_tac_toe", "--seat", "both")
    (tmp_path / "kept").write_text("a file where the folder should be")
    table.wait()
    table.click(table.cell(0))
    table.button("new")
    assert "could not be saved" in table.line
    (tmp_path / "kept").unlink()
    table.wait()
    table.click(table.cell(0))
    table.button("new")
    assert len(kept(tmp_path)) == 1
    assert "could not" not in table.line


@pytest.fixture
def script(monkeypatch):
    """Makes `main` find events in its window: one entry a frame, each a function of the window."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    from envs.render.window import Window

    def run_script(steps):
        steps = iter(steps)

        def wait(window):
            step = next(steps, None)
            assert step is not None, "the window is still open after all that was done"
            step(window)
            return 1.0

        monkeypatch.setattr(Window, "wait", wait)

    return run_script


def test_the_command_from_first_to_last(script, tmp_path, capsys):
    import pygame

    def click(window):
        x, y = (round(value) for value in tic_tac_toe_drawer.Grid(window.picture_size).centre(4))
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=(x, y), button=1))

    def quit_(window):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q, mod=pygame.KMOD_CTRL, unicode="\x11"))

    script([*[lambda window: None] * 30, click, *[lambda window: None] * 100, quit_, lambda window: None])
    assert play.main(["tic_tac_toe", "--out", str(tmp_path / "kept"), "--seed", "1"]) == ExitCode.DONE
    record = read_record(*kept(tmp_path))
    assert record.actions[0] == 4
    assert len(record.actions) == 2
    assert f"saved: {kept(tmp_path)[0]}" in capsys.readouterr().out


def test_an_interrupted_game_is_kept(script, tmp_path):
    def interrupt(window):
        raise KeyboardInterrupt

    script([*[lambda window: None] * 60, interrupt])
    with pytest.raises(KeyboardInterrupt):
        play.main(["tic_tac_toe", "--seat", "1", "--out", str(tmp_path / "kept"), "--seed", "1"])
    assert len(read_record(*kept(tmp_path)).actions) == 1


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["connect_for"], "did you mean 'connect_four'", ExitCode.USAGE),
        (["connect_four", "--against", "scripted:L3"], "plays ball games", ExitCode.USAGE),
        (["connect_four", "--against", "one_plyy"], "did you mean 'one_ply'", ExitCode.USAGE),
        (["connect_four", "--against", "latest"], "no run was started here yet", ExitCode.USAGE),
        (["ball_2v2", "--mates", "L3"], "no agent's name", ExitCode.USAGE),
        (["connect_four", "--against", "random", "--seat", "both"], "nobody is left to play it", ExitCode.USAGE),
        (["connect_four", "--name", "Ada", "Bo"], "one name", ExitCode.USAGE),
        (["connect_four", "--seat", "both", "--name", "Ada"], "two names", ExitCode.USAGE),
        (["latest"], "no run was started here yet", ExitCode.USAGE),
        (["kuhn_poker", "--seat", "both"], "two at one screen would see what kuhn_poker hides", ExitCode.USAGE),
        (["kuhn_poker", "--against", "one_ply"], "one_ply would see what kuhn_poker hides", ExitCode.USAGE),
        (["go_5x5", "komy=5.5"], "no setting 'komy'; did you mean 'komi'", ExitCode.USAGE),
        (["go_5x5", "komi=much"], "setting 'komi' is 'much'; it must be a finite number", ExitCode.USAGE),
        (["go_5x5", "komi"], "'komi' is not of the form", ExitCode.USAGE),
        (["connect_four", "--out", "file/games"], "is not a folder", ExitCode.ENVIRONMENT),
    ],
)
def test_mistakes_get_one_line_with_the_fix(tmp_path, monkeypatch, arguments, message, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=message) as error:
        play.main(arguments)
    assert error.value.exit_code == code
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrong", [["--seed", "-1"], ["--speed", "0"], ["--seat", "2"], ["--size", "12x9"]])
def test_wrong_values_are_usage_errors(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        play.main(["connect_four", *wrong])
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_an_agent_that_was_named_is_not_named_twice(run):
    with pytest.raises(UserError, match="already says who"):
        play.main(["latest", "--against", "random"])


def test_what_was_trained_keeps_its_settings(run):
    with pytest.raises(UserError, match="time_limit=20: settings go with a game's id; latest is played as it was"):
        play.main(["latest", "time_limit=20"])


def test_settings_are_the_games_and_stand_in_its_record(seated):
    table = seated("hex_3", "swap=false", "--seat", "both")
    assert table.sitting.game.settings == {"swap": False}
    table.type("b2")
    table.enter()
    table.wait()
    assert "swap" not in table.playing.legal_moves
    assert table.sitting.record().game.settings == {"swap": False}


def test_chips_are_counted_where_they_are_played_for(seated):
    """Somebody who checks and calls, six games against random play."""
    table = seated("kuhn_poker", "--seat", "0", "--against", "random", "--seed", "4")
    won = [0, 0]
    for _ in range(6):
        while not table.playing.frame.over:
            table.wait()
            if not table.playing.frame.over:
                table.type("check" if "check" in table.playing.legal_moves else "call")
                table.enter()
        paid = round(table.sitting.match.team_return(0))
        won[0 if paid > 0 else 1] += abs(paid)
        assert table.sitting.won == won
        table.enter()
    assert sum(won) > 6


def headless(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    import os

    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    plain = {key: value for key, value in os.environ.items() if key not in hidden and not key.startswith("SDL")}
    plain["PYTHONPATH"] = str(Path(play.__file__).parents[1])
    command = [sys.executable, "-m", "experiments.play", *arguments]
    return subprocess.run(command, env=plain, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_no_display_is_said_in_one_line_with_the_fix(tmp_path):
    done = headless("tic_tac_toe", cwd=tmp_path)
    assert done.returncode == ExitCode.ENVIRONMENT
    assert len(done.stderr.splitlines()) == 1
    assert "no display to open a window on" in done.stderr
    assert not list(tmp_path.iterdir())


def test_help_is_quick_because_nothing_heavy_is_imported(tmp_path):
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = headless("--help", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "--against" in done.stdout
    assert min(spent) < 0.3
    heavy = "import sys, experiments.play; print({'numpy', 'numba', 'torch', 'pygame'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"
