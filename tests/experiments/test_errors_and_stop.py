"""How commands end: one line and the promised exit code, and no traceback but for what nobody foresaw."""

import signal
import subprocess
import sys

import psutil
import pytest

from experiments.errors import ExitCode
from experiments.stop import StopRequest
from tests.agents.engines.fakes import write_fake


def ended(body: str) -> tuple[int, str]:
    """(exit code, stderr) of a command whose main() has this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    program = f"from experiments.errors import *\ndef main():\n{lines}\nrun_command(main)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [("return None", 0, ""), ("return ExitCode.CHECKPOINT", 4, ""),
     ("raise UserError('x.yaml: no', 2)", 2, "x.yaml: no\n"),
     ("raise UserError('no')", 1, "no\n"), ("raise KeyboardInterrupt", 130, "interrupted\n"),
     ("from agents.artifact import read_folder\nread_folder('nowhere', kind='agent')", 4,
      "nowhere: no such folder (looked for an agent)\n"),
     ("raise OSError(28, 'No space left on device', 'runs/x')", 3,
      "cannot write (runs/x): No space left on device; free some space or choose another folder\n")],
)  # fmt: skip
def test_exit_codes(body: str, code: int, message: str):
    assert ended(body) == (code, message)


def test_a_bug_keeps_its_traceback():
    code, message = ended("1 / 0")
    assert code == 1
    assert message.startswith("Traceback")
    assert "ZeroDivisionError" in message


ENGINE = """
import signal, sys, time
from experiments.errors import run_command
from experiments.stop import StopRequest
def main():
    from agents.names import make_agent
    from envs import make
    agent = make_agent(f"uci:{sys.argv[1]}", make("chess"))
    with StopRequest():
        pass
    print("ready", flush=True)
    time.sleep(100)
run_command(main)
"""


def test_sigterm_ends_the_engines_that_it_started(tmp_path):
    """They are processes of their own session, which no terminal ends."""
    command = [sys.executable, "-c", ENGINE, str(write_fake(tmp_path, "uci"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "ready\n"
        (engine,) = psutil.Process(running.pid).children()
        running.terminate()
        _, err = running.communicate(timeout=60)
    try:
        assert (running.returncode, err) == (ExitCode.TERMINATED, "")
        engine.wait(10)
        assert not engine.is_running()
    finally:
        if engine.is_running():
            engine.kill()


def test_sigterm_stays_ignored_where_it_was():
    body = "import signal\nsignal.raise_signal(signal.SIGTERM)"
    program = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nfrom experiments.errors import *\n"
    program += "def main():\n    signal.raise_signal(signal.SIGTERM)\nrun_command(main)"
    assert ended(body)[0] == ExitCode.TERMINATED
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_a_closed_pipe_is_no_error():
    program = (
        "from experiments.errors import run_command\ndef main():\n for _ in range(10**6): print('x')\nrun_command(main)"
    )
    done = subprocess.run(
        f'{sys.executable} -c "{program}" | head -1', shell=True, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("x\n", "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_asks_and_the_second_ends(number: signal.Signals, code: int):
    before, told = signal.getsignal(number), []
    with StopRequest(told.append) as stop:
        assert not stop
        signal.raise_signal(number)
        assert stop
        assert stop.exit_code == code
        assert told == ["stopping: finishing this update and saving; once more to quit at once"]
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(number)
        assert caught.value.code == code
    assert signal.getsignal(number) == before


def test_without_a_signal_a_run_is_done():
    with StopRequest() as stop:
        pass
    assert stop.exit_code == ExitCode.DONE


LOOP = """
import sys, time
from experiments.stop import StopRequest
with StopRequest() as stop:
    print("ready", flush=True)
    while not stop:
        time.sleep(0.01)
    print("saved", flush=True)
sys.exit(stop.exit_code)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_process_saves_and_leaves_with_the_signal_s_code(number: signal.Signals, code: int):
    process = subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "saved\n")
