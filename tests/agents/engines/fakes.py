"""Engines that fail as told, written by the tests: small Python programs that speak UCI or GTP."""

import stat
import sys
from pathlib import Path

# What both do: count the processes, keep what they were sent, and fail once, in the first process.
_COMMON = """#!{python}
import os, pathlib, subprocess, sys, time
HERE, FAULT, AT = pathlib.Path({folder!r}), {fault!r}, {at}
COUNTER = HERE / "processes"
NUMBER = int(COUNTER.read_text()) + 1 if COUNTER.exists() else 1
COUNTER.write_text(str(NUMBER))
if FAULT == "no start" or (FAULT == "no second start" and NUMBER > 1):
    sys.exit("out of luck")
if FAULT == "silence":
    time.sleep(1000)
LOG = open(HERE / "log", "a")
asked = 0

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

def fail():
    if NUMBER > 1 or asked != AT:
        return None
    if FAULT in ("crash", "no second start"):
        sys.exit("crashed at last")
    if FAULT == "hang":
        child = subprocess.Popen(["sleep", "1000"])
        (HERE / "child").write_text(str(child.pid))
        time.sleep(1000)
    if FAULT == "flood":
        while True:
            sys.stdout.write("x" * 100_000)
    return FAULT
"""

# Plays the first legal move in UCI's order of letters, but shuffles its knights where it can.
_UCI = """
import chess
board = chess.Board()
for line in sys.stdin:
    words = line.split()
    if words[:1] == ["uci"]:
        say("id name Fake 1.0")
        say("option name Threads type spin default 1 min 1 max 8")
        say("option name UCI_LimitStrength type check default false")
        say("option name UCI_Elo type spin default 1500 min 1200 max 2000")
        say("uciok")
    elif words[:1] == ["isready"]:
        say("readyok")
    elif words[:1] == ["quit"]:
        break
    elif words[:1] == ["setoption"]:
        LOG.write(line)
        LOG.flush()
    elif words[:1] == ["position"]:
        LOG.write(line)
        LOG.flush()
        end = words.index("moves") if "moves" in words else len(words)
        board = chess.Board() if words[1] == "startpos" else chess.Board(" ".join(words[2:end]))
        for move in words[end + 1:]:
            board.push_uci(move)
    elif words[:1] == ["go"]:
        asked += 1
        fault = fail()
        moves = sorted(move.uci() for move in board.legal_moves)
        shuffles = [move for move in ("g1f3", "f3g1", "g8f6", "f6g8") if move in moves]
        print("chatter without meaning", "\\x07", "info depth x y z")
        say("bestmove " + {"illegal": "a1h8", "nonsense": "e9-e9", "none": "(none)"}.get(fault, (shuffles or moves)[0]))
"""

# Plays the first point that sgfmill's board allows and that is no eye of its own; does not know superko.
_GTP = """
from sgfmill.boards import Board
from sgfmill.common import format_vertex, move_from_vertex
size, board, ko = 9, None, None
for line in sys.stdin:
    number, command, *words = line.split()
    LOG.write(line[line.index(" ") + 1:])
    LOG.flush()
    answer = ""
    if command == "name":
        answer = "Fake"
    elif command == "version":
        answer = "1.0"
    elif command == "list_commands":
        answer = "\\n".join(["boardsize", "clear_board", "komi", "play", "genmove"])
    elif command == "boardsize":
        size = int(words[0])
    elif command == "clear_board":
        board, ko = Board(size), None
    elif command == "play":
        move = move_from_vertex(words[1], size)
        ko = board.play(*move, words[0].lower()) if move else None
    elif command == "genmove":
        asked += 1
        fault = fail()
        colour, answer = words[0], "pass"
        for row in range(size):
            for column in range(size):
                beside = [(row + r, column + c) for r, c in ((0, 1), (1, 0), (0, -1), (-1, 0))]
                inside = [at for at in beside if 0 <= at[0] < size and 0 <= at[1] < size]
                if board.get(row, column) or (row, column) == ko or all(board.get(*at) == colour for at in inside):
                    continue
                tried = board.copy()
                tried.play(row, column, colour)
                if tried.get(row, column) == colour and answer == "pass":
                    answer = format_vertex((row, column))
        stones = [format_vertex(at) for _, at in board.list_occupied_points()]
        answer = {"illegal": (stones or ["A1"])[0], "outside": "T19", "resign": "resign"}.get(fault, answer)
        if fault == "error":
            say(f"?{number} cannot\\n")
            continue
        if fault == "nonsense":
            say("lorem ipsum\\n")
            continue
    say(f"={number} {answer}\\n")
"""


def write_fake(folder: Path, protocol: str, fault: str = "", at: int = 1) -> Path:
    """The program's path; it fails when it is asked for its move number `at`. `folder` is made, and holds its log."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"fake_{protocol}"
    common = _COMMON.format(python=sys.executable, folder=str(folder), fault=fault, at=at)
    program.write_text(common + (_UCI if protocol == "uci" else _GTP))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def logged(program: Path) -> list[str]:
    return (program.parent / "log").read_text().splitlines()
