"""Outside engines as agents, with engines that fail as told: each loses its game, says why, and leaves nothing."""

import gc
import time

import chess
import numpy as np
import psutil
import pytest
from sgfmill.boards import Board
from sgfmill.common import move_from_vertex

from agents.agent import Forfeit, RandomAgent
from agents.engines.process import EngineFailure
from agents.matches import play_pairs
from agents.names import check_name, make_agent
from envs import make
from envs.batch import Batch
from envs.notation.chess import read_fen
from tests.agents.engines.fakes import logged, write_fake

GAMES = {"uci": "chess", "gtp": "go_5x5"}


@pytest.fixture(autouse=True)
def no_process_is_left():
    before = set(psutil.Process().children(recursive=True))
    yield
    gc.collect()  # an engine goes with its agent
    deadline = time.monotonic() + 10
    while left := set(psutil.Process().children(recursive=True)) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def _positions(game, moves: int) -> np.ndarray:
    """[3]: of three games, after so many random moves."""
    batch = Batch(game, 3, seed=1)
    for _ in range(moves):
        batch.step(batch.random_actions())
    return batch.states.copy()


FAULTS = [
    ("uci", "crash", "ended with exit code 1: crashed at last"),
    ("uci", "hang", "gave no answer within 5.1 s"),  # with the usual 0.1 s for a move
    ("uci", "illegal", "played no legal move: illegal uci: 'a1h8'"),
    ("uci", "nonsense", "played no legal move: "),
    ("uci", "none", "played no legal move: it named none"),
    ("gtp", "crash", "ended with exit code 1: crashed at last"),
    ("gtp", "hang", "gave no answer within 5 s"),
    ("gtp", "flood", "answered 'genmove"),
    ("gtp", "illegal", "played no legal move: "),
    ("gtp", "outside", "played no legal move: 'T19' is no point of a board of 5 x 5"),
    ("gtp", "error", "refused 'genmove"),
    ("gtp", "nonsense", "with 'lorem ipsum', which is not GTP"),
    ("gtp", "resign", "resigned"),
]


@pytest.mark.parametrize(("protocol", "fault", "said"), FAULTS)
def test_an_engine_that_fails_loses_that_game_and_plays_the_others(tmp_path, protocol, fault, said):
    game = make(GAMES[protocol])
    program = write_fake(tmp_path, protocol, fault, at=2)
    agent = make_agent(f"{protocol}:{program},timeout={5 if fault == 'hang' else 60}", game)
    states = _positions(game, 4)
    with pytest.raises(Forfeit) as forfeit:
        agent.act(states, states["current_player"].astype(np.int64), np.random.default_rng(0))
    assert list(forfeit.value.reasons) == [1]
    assert said in forfeit.value.reasons[1]
    batch = Batch(game, 3, autoreset=False)
    batch.states[:] = states
    batch.refresh()
    batch.terminated[1] = True
    batch.step(forfeit.value.actions)  # the others are legal
    assert (tmp_path / "processes").read_text() == ("1" if fault == "resign" else "2")
    if fault == "hang":
        child = int((tmp_path / "child").read_text())
        assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("protocol", ["uci", "gtp"])
def test_an_engine_that_does_not_start_again_loses_all_games_that_are_left(tmp_path, protocol):
    game = make(GAMES[protocol])
    program = write_fake(tmp_path, protocol, "no second start", at=2)
    agent = make_agent(f"{protocol}:{program}", game)
    states = _positions(game, 2)
    with pytest.raises(Forfeit) as forfeit:
        agent.act(states, states["current_player"].astype(np.int64), np.random.default_rng(0))
    assert forfeit.value.reasons == {
        1: "ended with exit code 1: crashed at last",
        2: "did not start again: ended with exit code 1: out of luck",
    }
    with pytest.raises(Forfeit) as forfeit:
        agent.act(states, states["current_player"].astype(np.int64), np.random.default_rng(0))
    assert len(forfeit.value.reasons) == 3
    assert (tmp_path / "processes").read_text() == "3"  # one more was tried, not three


@pytest.mark.parametrize("protocol", ["uci", "gtp"])
def test_a_process_that_does_not_go_at_once_spoils_nothing(tmp_path, monkeypatch, protocol):
    game = make(GAMES[protocol])
    agent = make_agent(f"{protocol}:{write_fake(tmp_path, protocol)},timeout=60", game)
    engine = agent._engine

    def too_long(work, seconds):
        work.close()
        raise EngineFailure("gave no answer")

    monkeypatch.setattr(f"agents.engines.{protocol}.run", too_long)
    engine.stop()
    assert not engine.running


def test_a_match_goes_on_after_a_crash_and_records_it(tmp_path):
    game = make("go_5x5")
    program = write_fake(tmp_path, "gtp", "crash", at=5)  # in the second move of the first game
    matches = play_pairs(game, make_agent(f"gtp:{program}", game), RandomAgent(game), 2, seed=1, opening=0)
    assert matches.forfeits == {(0, 0): "ended with exit code 1: crashed at last"}
    assert matches.outcomes[0, 0] == -1
    assert matches.lengths[0, 0] == 2
    assert (matches.lengths.ravel()[1:] > 10).all()
    assert matches.a == f"gtp:{program} [Fake 1.0]"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no start", "the engine ended with exit code 1: out of luck"),
        ("silence", "the engine gave no answer within 0.5 s"),
    ],
)
@pytest.mark.parametrize("protocol", ["uci", "gtp"])
def test_an_engine_that_does_not_start_is_told_before_any_game(tmp_path, protocol, fault, said):
    program = write_fake(tmp_path, protocol, fault)
    with pytest.raises(ValueError, match="fake_") as error:
        make_agent(f"{protocol}:{program},timeout={0.5 if fault == 'silence' else 60}", make(GAMES[protocol]))
    assert said in str(error.value)


def test_options_reach_a_uci_engine_and_are_bounded_by_it(tmp_path):
    program = write_fake(tmp_path, "uci")
    make_agent(f"uci:{program},elo=1300", make("chess"))
    assert "setoption name UCI_LimitStrength value true" in logged(program)
    assert "setoption name UCI_Elo value 1300" in logged(program)
    with pytest.raises(ValueError, match=r"Fake 1.0 takes elo 1200 to 2000, not 900"):
        make_agent(f"uci:{program},elo=900", make("chess"))
    with pytest.raises(ValueError, match=r"Fake 1.0 has no option 'Skill Level'; leave skill out"):
        make_agent(f"uci:{program},skill=3", make("chess"))
    with pytest.raises(ValueError, match="Fake does not know the command level; leave level out"):
        make_agent(f"gtp:{write_fake(tmp_path / 'go', 'gtp')},level=3", make("go_5x5"))


def test_a_program_that_is_no_engine_and_a_game_that_it_does_not_play(tmp_path):
    with pytest.raises(ValueError, match="the engine ended with exit code 0"):
        make_agent("uci:true", make("chess"))
    with pytest.raises(ValueError, match="'gtp:true' plays Go, not chess"):
        make_agent("gtp:true", make("chess"))
    with pytest.raises(ValueError, match="'uci:true' plays chess, not go_5x5"):
        make_agent("uci:true", make("go_5x5"))
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"\x00\x01")
    rubbish.chmod(0o755)
    with pytest.raises(ValueError, match="the engine cannot be run: Exec format error"):
        make_agent(f"gtp:{rubbish}", make("go_5x5"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("uci:", "the program is missing"),
        ("uci:no_such_engine", "there is no program 'no_such_engine' on PATH or in /usr/games"),
        ("gtp:/no/such/engine", "there is no program /no/such/engine"),
        ("gtp:/", "there is no program /"),
        (f"gtp:{__file__}", f"{__file__} is not executable"),
        ("uci:true,elo=strong", "elo is a number, not 'strong'"),
        ("uci:true,elo=1400.5", "elo is a whole number, not 1400.5"),
        ("uci:true,elo=1e9", "elo is 0 to 5000"),
        ("uci:true,movetime=0", "movetime is 0.001 to 3600, not 0"),
        ("uci:true,movetime=nan", "movetime is 0.001 to 3600, not nan"),
        ("uci:true,node=5", "unknown knob 'node'; did you mean 'nodes'?"),
        ("uci:true,nodes=5,nodes=6", "nodes is given twice"),
        ("gtp:true,elo=1400", "unknown knob 'elo'; known: level, timeout"),
        ("nodes=1000", "in a list write 'uci:PROGRAM,nodes=1000' in quotes"),
        ("stockfish", "did you mean 'uci:stockfish'?"),
        ("gnugo,level=1", "did you mean 'gtp:gnugo,level=1'?"),
        ("level=1", "in a list write 'gtp:PROGRAM,level=1' in quotes"),
    ],
)
def test_a_wrong_name_is_told_what_would_be_right(name, said):
    with pytest.raises(ValueError, match=r"is no agent's name|'(uci|gtp):") as error:
        check_name(name)
    assert said in str(error.value)


class Shuffler:
    """At chess: moves a knight out and back."""

    name = "shuffler"

    def __init__(self, game):
        self.game = game

    def act(self, states, players, rng):
        actions = []
        for state in states:
            legal = {self.game.action_to_string(state, int(a)): a for a in state["moves"][: state["num_legal"]]}
            shuffles = [legal[name] for name in ("b1c3", "c3b1", "b8c6", "c6b8") if name in legal]
            actions.append((shuffles or sorted(legal.values()))[0])
        return np.array(actions, np.int32)

    def reset(self, rows):
        pass


def test_a_uci_engine_is_told_the_positions_and_how_often_they_came(tmp_path):
    """Both sides move knights out and back until the fifth time; a FEN alone would not say so."""
    game = make("chess", claims=False)
    program = write_fake(tmp_path, "uci")
    told = Told(make_agent(f"uci:{program},nodes=1", game))
    matches = play_pairs(game, told, Shuffler(game), 1, seed=0, opening=0)
    assert not matches.forfeits
    boards = [_read_position(line) for line in logged(program) if line.startswith("position")]
    assert len(boards) == len(told.states)
    for board, state in zip(boards, told.states, strict=True):
        assert read_fen(game, board.fen())[0]["key"] == state["key"]
        assert board.halfmove_clock == state["clock"]
        assert board.is_repetition(int(state["earlier"]) + 1)
        assert not board.is_repetition(int(state["earlier"]) + 2)
    assert max(state["earlier"] for state in told.states) == 3


class Told:
    """Another agent, and the states that it was shown."""

    def __init__(self, agent):
        self.agent, self.name, self.states = agent, agent.name, []

    def act(self, states, players, rng):
        self.states += [state.copy() for state in states]
        return self.agent.act(states, players, rng)

    def reset(self, rows):
        self.agent.reset(rows)


def _read_position(line: str) -> chess.Board:
    fen, _, moves = line.removeprefix("position ").partition(" moves ")
    board = chess.Board() if fen == "startpos" else chess.Board(fen.removeprefix("fen "))
    for move in moves.split():
        board.push_uci(move)
    return board


@pytest.mark.parametrize("opening", [0, 12])
def test_a_gtp_engine_is_told_moves_that_make_the_position(tmp_path, opening):
    """sgfmill's board plays what was sent. Without a random opening, or a short one, it is the whole game; after a
    longer one the first boards are set up."""
    game = make("go_5x5", komi=3.5)
    program = write_fake(tmp_path, "gtp")
    told = Told(make_agent(f"gtp:{program}", game))
    matches = play_pairs(game, told, RandomAgent(game), 3, seed=4, opening=opening)
    assert not matches.forfeits
    sent = "\n".join(logged(program)).split("clear_board\n")[1:]
    assert len(sent) == len(told.states)
    captured = 0
    for lines, state in zip(sent, told.states, strict=True):
        komi, *moves, last = lines.splitlines()
        assert komi == "komi 3.5"
        assert last == f"genmove {'bw'[state['current_player']]}"
        board = Board(5)
        for move in moves:
            _, colour, vertex = move.split()
            if vertex != "pass":
                board.play(*move_from_vertex(vertex, 5), colour.lower())
        mine = [[{None: 0, "b": 1, "w": 2}[board.get(row, column)] for column in range(5)] for row in range(5)]
        assert mine == state["board"].tolist()
        if opening == 0:
            assert len(moves) == state["num_moves"]
        if state["last_move"] >= 0:
            assert moves[-1].split()[2] == game.action_to_string(state, int(state["last_move"]))
        captured += len([move for move in moves if "pass" not in move]) - np.count_nonzero(state["board"])
    assert captured > 50
