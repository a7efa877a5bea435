"""The engine command as graphical programs use it: python-chess and GNU Go on the other side, and how it ends."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import chess
import chess.engine
import numpy as np
import pytest

from agents.agent import RandomAgent
from agents.engines.options import find_program
from agents.matches import play_pairs
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.saved import save_agent
from envs import make
from envs.board.go import area_score
from envs.game import is_terminal, step
from envs.notation.moves import first_state, read_action
from experiments.engine import main as engine
from experiments.errors import ExitCode, UserError

COMMAND = [sys.executable, "-m", "experiments.engine"]


def run(*arguments: str, lines: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *arguments], input=lines.encode(), capture_output=True, timeout=300)


def test_python_chess_plays_a_game_against_it():
    board, rng = chess.Board(), random.Random(1)
    with chess.engine.SimpleEngine.popen_uci([*COMMAND, "one_ply", "--protocol", "uci"], timeout=300) as ours:
        assert ours.id["name"] == "Bitterball one_ply"
        while not board.is_game_over() and board.ply() < 60:
            if board.turn:
                move = ours.play(board, chess.engine.Limit(time=0.1, nodes=10)).move
                assert move in board.legal_moves
            else:
                move = rng.choice(list(board.legal_moves))
            board.push(move)
        mate = ours.play(chess.Board("6k1/5ppp/8/8/8/8/8/R3K3 w Q - 0 1"), chess.engine.Limit(depth=1)).move
        assert mate == chess.Move.from_uci("a1a8")
        ours.quit()
    assert ours.returncode.result(10) == 0


def test_it_plays_in_our_own_matches_and_knows_the_same_rules(tmp_path):
    """Through our GTP client, too: whatever one side of the protocol gets wrong, the other refuses."""
    program = tmp_path / "ours"
    program.write_text(f"#!/bin/sh\ncd {Path.cwd()}\nexec {' '.join(COMMAND)} random --protocol gtp --game go_5x5\n")
    program.chmod(0o755)
    game = make("go_5x5")
    agent = make_agent(f"gtp:{program},timeout=300", game)
    assert agent.name.startswith(f"gtp:{program},timeout=300 [Bitterball random ")
    matches = play_pairs(game, agent, RandomAgent(game), 4, seed=0)
    assert matches.forfeits == {}
    assert matches.lengths.sum() > 50


@pytest.mark.skipif(not Path("/usr/games/gnugo").exists(), reason="GNU Go is not installed (apt-get install gnugo)")
def test_gnu_go_plays_against_it_and_counts_alike():
    """Every move of either is played on both boards and on ours; none is refused, and the counts agree."""
    game = make("go_5x5", komi=3.5)
    ours = Gtp([*COMMAND, "random", "--protocol", "gtp", "--game", "go_5x5", "--seed", "3"])
    gnu = Gtp([find_program("gnugo"), "--mode", "gtp", "--chinese-rules", "--positional-superko", "--capture-all-dead",
               "--never-resign", "--level", "0", "--seed", "1"])  # fmt: skip
    for side in (ours, gnu):
        for command in ("boardsize 5", "clear_board", "komi 3.5"):
            assert side.ask(command) == ""
    state = first_state(game)[0]
    while not is_terminal(state) and state["num_moves"] < 40:
        colour, (mover, other) = "bw"[state["current_player"]], [(gnu, ours), (ours, gnu)][state["current_player"]]
        move = mover.ask(f"genmove {colour}")
        assert other.ask(f"play {colour} {move}") == ""
        step(state, read_action(game, state, move))
    black, white = area_score(state)
    assert ours.ask("final_score") == f"{'B' if black > white + 3.5 else 'W'}+{abs(black - white - 3.5):g}"
    assert ours.close() == 0
    gnu.close()


class Gtp:
    """The other end of a GTP engine."""

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command: str) -> str:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != "\n":
            assert line, f"{command}: it ended"
            lines.append(line)
        text = "".join(lines).strip()
        assert text.startswith("="), f"{command}: {text}"
        return text[1:].strip()

    def close(self) -> int:
        self.process.stdin.close()
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


def test_a_saved_agent_plays_its_own_size_alone(tmp_path):
    game = make("go_5x5")
    network = PolicyValueNetwork(int(np.prod(game.observation_shape)), game.num_actions, hidden=(4,))
    network.heads.weight.data.zero_()
    network.heads.bias.data.zero_()
    network.heads.bias.data[7] = 50.0  # row 1, column 2
    save_agent(tmp_path / "agent", network, game, {})
    said = run(str(tmp_path / "agent"), "--protocol", "gtp", lines="boardsize 9\nboardsize 5\ngenmove b\n\xff\n")
    assert said.stdout.decode() == "? unacceptable size\n\n=\n\n= C2\n\n? unknown command\n\n"
    assert (said.returncode, said.stderr) == (0, b"")


def test_the_end_of_input_ends_it_and_ctrl_c_too():
    assert run("random", "--protocol", "uci").returncode == ExitCode.DONE
    process = subprocess.Popen(
        [*COMMAND, "random", "--protocol", "uci"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdin.write(b"uci\n")
    process.stdin.flush()
    while process.stdout.readline() != b"uciok\n":
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (ExitCode.INTERRUPTED, b"", b"interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["random", "--protocol", "gtp"], "'random' plays several games; say which with --game"),
        (["random", "--protocol", "gtp", "--game", "chess"], "GTP is a protocol for Go, not for chess"),
        (["random", "--protocol", "uci", "--game", "go_9x9"], "UCI is a protocol for chess, not for go_9x9"),
        (["scripted:L3", "--protocol", "gtp", "--game", "go_9x9"], "'scripted:L3' plays ball games, not go_9x9"),
        (["scripted:L3", "--protocol", "uci"], "'scripted:L3' plays ball games, not chess"),
        (["solver", "--protocol", "uci"], "chess has no exact solver"),
        (["nobody", "--protocol", "uci"], "'nobody' is no agent's name"),
        (["random", "--protocol", "uci", "--seed", "-1"], "--seed is -1"),
    ],
)
def test_what_cannot_be_played_is_told_at_once(arguments, said, capsys):
    with pytest.raises(UserError) as error:
        engine(arguments)
    assert said in str(error.value)
    assert error.value.exit_code == ExitCode.USAGE
    assert capsys.readouterr().out == ""


def test_help_is_there_at_once():
    begun = time.perf_counter()
    found = run("--help")
    assert found.returncode == 0
    assert b"python -m experiments.engine" in found.stdout
    assert time.perf_counter() - begun < 2.0  # 0.06 s alone on a core; generous to a busy machine
