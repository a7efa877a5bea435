"""Agents' names, the same in configs, on command lines and in tables; all are read here.

    random                   legal actions, each as likely
    one_ply                  takes a win, avoids what loses at once, else random (games with turns, nothing hidden)
    solver                   a best move, by exact play (the games of agents/solvers)
    scripted:L3              a rung of the ball games' ladder, L0 to L5
    scripted:L3,speed=0.8    the same, weakened; any of speed, decision and noise (`Knobs`), L2 to L5
    alphabeta:4              alpha-beta search so many plies deep, 1 to 20 (board games in which both sides see all)
    mcts:200                 tree search, 200 simulations a move, each a random game to its end (the same games)
    uci:PROGRAM              a chess engine: a path, or found on PATH or in /usr/games
    gtp:PROGRAM              an engine for Go
    uci:stockfish,elo=1400   the same with options; any of movetime, nodes, depth, elo, skill and timeout
    gtp:gnugo,level=1        level and timeout (agents/engines/options.py)
    FOLDER                   a saved agent
    RUN, RUN@last            a run's best agent, its newest
    RUN@120000               the agent that the run saved at or before so many environment steps
    FOLDER,greedy            a saved agent (or a run's) that plays its best action instead of drawing one
    FOLDER+64                the same with a tree search of 64 simulations a move (games with turns, nothing hidden)

Checking a name imports nothing heavy and looks at the disk for folders and programs only; making the agent does the
rest.
"""

import re
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.engines.options import WHOLE, GtpOptions, UciOptions, find_program

if TYPE_CHECKING:
    from agents.agent import Agent
    from envs.game import Game

SCRIPTED_LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")
WITHOUT_KNOBS = ("L0", "L1")
_RUNGS = tuple(f"scripted:{level}" for level in SCRIPTED_LEVELS)
ALPHABETA = "alphabeta"
MAX_DEPTH = 20  # plies; more would take ages in every game but the smallest, which is solved by then
MCTS = "mcts"
MAX_SIMULATIONS = 1_000_000
WORDS = ("random", "one_ply", "solver", *_RUNGS, f"{ALPHABETA}:4", f"{MCTS}:200")
ENGINES: dict[str, type[UciOptions] | type[GtpOptions]] = {"uci": UciOptions, "gtp": GtpOptions}
PROGRAMS = {"stockfish": "uci", "gnugo": "gtp"}  # of which it is known what they speak
GREEDY = ",greedy"  # after the name of a saved agent, as is +64
AGENT_FILE = "agent.json"  # a folder that has it is a saved agent (agents/saved.py)
BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Knobs:
    """What makes a scripted player weaker; the defaults change nothing. Raises ValueError for values out of bounds."""

    speed: float = 1.0  # share of the decisions in which it runs where it would; so its drive is less on average
    decision: int = 1  # it thinks in every n-th decision, and in between runs on without a kick
    noise: float = 0.0  # share of the decisions in which it does anything at all, each action as likely

    def __post_init__(self) -> None:
        if not 0 < self.speed <= 1:
            raise ValueError(f"speed is above 0 and at most 1, not {self.speed:g}")
        if not 1 <= self.decision <= 10 or self.decision != int(self.decision):
            raise ValueError(f"decision is a whole number, 1 to 10, not {self.decision:g}")
        if not 0 <= self.noise <= 1:
            raise ValueError(f"noise is 0 to 1, not {self.noise:g}")


@dataclass(frozen=True)
class Parsed:
    """A name taken apart."""

    family: str  # random, one_ply, solver, scripted, alphabeta, mcts, uci, gtp, saved
    level: str = ""  # of scripted; the depth of alphabeta; of an engine, its program's path
    knobs: Knobs = Knobs()  # of scripted
    options: UciOptions | GtpOptions | None = None  # of an engine
    folder: Path = Path()  # of saved: the agent's own folder, which exists
    greedy: bool = False  # of saved
    simulations: int = 0  # of mcts; of saved, where 0 is without search


def check_name(name: str) -> None:
    """Raise ValueError, with a hint, unless `name` is an agent's name and its folder, if it has one, exists."""
    parse_name(name)


def parse_name(name: str) -> Parsed:
    """The name taken apart, a run's folder followed to the agent's. Raises ValueError."""
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"an agent's name is a word or a folder, not {name!r}; known: {_known()}")
    if _is_alphabeta(name):
        return Parsed(ALPHABETA, _parse_depth(name))
    if _is_mcts(name):
        return Parsed(MCTS, simulations=_parse_simulations(name, name.partition(":")[2]))
    if _is_engine(name):
        return _parse_engine(name)
    if is_word(name):
        word, *knobs = name.split(",")
        family, _, level = word.partition(":")
        return Parsed(family, level, _parse_knobs(name, level, knobs))
    base, suffixes = split_suffixes(name)
    if suffixes:
        parsed = parse_name(base)
        if parsed.family != "saved":
            what = f"{GREEDY} and +N go" if GREEDY not in suffixes or "+" in suffixes else f"{GREEDY} goes"
            raise ValueError(f"'{name}': {what} with a saved agent or a run, which has a network")
        *_, simulations = (0, *re.findall(r"\+([0-9]+)", suffixes))
        searched = _parse_simulations(name, simulations) if simulations else 0
        return replace(parsed, greedy=GREEDY in suffixes, simulations=searched)
    path, at = Path(name).expanduser(), ""
    if not path.exists() and "@" in name:
        before, _, at = name.rpartition("@")
        path = Path(before).expanduser()
    if path.is_dir():
        return Parsed("saved", folder=_agent_folder(path, at, name))
    if path.exists():
        raise ValueError(f"'{name}' is a file; a saved agent is a folder")
    if _looks_like_path(name):
        raise ValueError(f"'{name}': there is no folder {path}")
    for word, kind in {"scripted:L3": Knobs, **{f"{word}:PROGRAM": kind for word, kind in ENGINES.items()}}.items():
        if name.partition("=")[0] in {field.name for field in fields(kind)} and "=" in name:
            # what is left of a name that YAML split at its commas
            raise ValueError(f"'{name}' is no agent's name; in a list write '{word},{name}' in quotes")
    program = name.partition(",")[0]
    if program in PROGRAMS:
        raise ValueError(f"'{name}' is no agent's name; did you mean '{PROGRAMS[program]}:{name}'?")
    near = get_close_matches(program, WORDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {_known()}"
    raise ValueError(f"'{name}' is no agent's name; {hint}")


def split_suffixes(name: str) -> tuple[str, str]:
    """("RUN@last", "+64,greedy") of RUN@last+64,greedy: which saved agent, and how it is to play."""
    if Path(name).expanduser().exists():
        return name, ""
    base = re.sub(rf"(\+[0-9]+|{GREEDY})+$", "", name)
    return base, name[len(base) :]


def pinned(name: str) -> str:
    """A name of the same agent that means it wherever one works and for good, and is the same for all names of it: of a
    run, the agent's own folder; of an engine, the program's path; knobs and options in their order, if they are turned.

    Raises ValueError."""
    parsed = parse_name(name)
    if parsed.family == "saved":
        searched = f"+{parsed.simulations}" if parsed.simulations else ""
        return f"{parsed.folder.resolve()}{searched}{GREEDY if parsed.greedy else ''}"
    if parsed.family == "scripted":
        return scripted_name(parsed.level, parsed.knobs)
    if parsed.options is None:
        return name
    if "," in parsed.level:
        raise ValueError(f"'{name}': the path {parsed.level} has a comma, which begins an option; move the program")
    return _with_options(f"{parsed.family}:{parsed.level}", parsed.options)


def is_word(name: str) -> bool:
    """Whether the name begins as one that means no folder; knobs may be wrong all the same."""
    searching = _is_alphabeta(name) or _is_mcts(name)
    return name in WORDS or name.partition(",")[0] in _RUNGS or searching or _is_engine(name)


def _is_engine(name: str) -> bool:
    return name.partition(":")[0] in ENGINES and ":" in name


def scripted_name(level: str, knobs: Knobs) -> str:
    """scripted:L3,speed=0.8: the knobs that are turned, in their order."""
    return _with_options(f"scripted:{level}", knobs)


def _with_options(word: str, options: Knobs | UciOptions | GtpOptions) -> str:
    values = [(field.name, getattr(options, field.name), field.default) for field in fields(options)]
    return ",".join([word, *(f"{option}={value:.15g}" for option, value, usual in values if value != usual)])


def make_agent(name: str, game: "Game", *, greedy: bool = False) -> "Agent":
    """The agent of that name, ready to play `game`. `greedy`: a network plays its best action instead of sampling.

    Raises ValueError for a name that means nothing or plays other games, agents.artifact.CorruptArtifact for a saved
    agent that is damaged, and its subclass agents.saved.WrongGame for one of another game.
    """
    from envs.game import Dynamics

    parsed = parse_name(name)
    if parsed.family == "random":
        from agents.agent import RandomAgent

        return RandomAgent(game)
    if parsed.family == "one_ply":
        if game.dynamics is not Dynamics.SEQUENTIAL:
            raise ValueError(f"'{name}' plays games with turns, not {game.id}; use random or a scripted agent")
        from agents.scripted.one_ply import OnePlyAgent

        return OnePlyAgent(game)
    if parsed.family == "solver":
        from agents.solvers.agent import SolverAgent

        return SolverAgent(game)
    if parsed.family == "scripted":
        if not game.id.startswith("ball_"):
            raise ValueError(f"'{name}' plays ball games, not {game.id}; use random or one_ply")
        from agents.scripted.ball import make_scripted

        return make_scripted(parsed.level, game, parsed.knobs)
    if parsed.family == ALPHABETA:
        from agents.alphabeta.agent import AlphaBetaAgent

        return AlphaBetaAgent(game, int(parsed.level))
    if parsed.family == MCTS:
        from agents.search.agent import UCT_EXPLORATION, SearchAgent
        from agents.search.search import SearchSettings

        return SearchAgent(game, SearchSettings(parsed.simulations, exploration=UCT_EXPLORATION), name=name)
    if parsed.options is not None:
        from agents.engines.agent import make_engine

        return make_engine(name, parsed.level, parsed.options, game)
    from agents.network_agent import NetworkAgent, searching
    from agents.saved import load_agent

    network, _ = load_agent(parsed.folder, game)
    if parsed.simulations:
        return searching(network, game, parsed.simulations, name)
    return NetworkAgent(network, game, greedy=greedy or parsed.greedy, name=name)


def tag(name: str) -> str:
    """The name as it stands in tags and file names: whatever is not a letter, digit, '.', '-' becomes '_'."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_")


def _known() -> str:
    return (
        f"{', '.join(WORDS)}, uci:PROGRAM, gtp:PROGRAM, a saved agent's folder, or a run's folder (RUN, RUN@last, "
        "RUN@STEPS), these with +64 after them for search"
    )


def _is_alphabeta(name: str) -> bool:
    return name.partition(":")[0] == ALPHABETA


def _parse_depth(name: str) -> str:
    """Of alphabeta:4. Raises ValueError."""
    depth = name.partition(":")[2]
    if not (re.fullmatch(r"[1-9][0-9]?", depth) and int(depth) <= MAX_DEPTH):
        rungs = f"{ALPHABETA}:1 to {ALPHABETA}:{MAX_DEPTH}"
        raise ValueError(f"'{name}': write how many plies the agent looks ahead, {rungs}")
    return depth


def _is_mcts(name: str) -> bool:
    return name.partition(":")[0] == MCTS


def _parse_simulations(name: str, simulations: str) -> int:
    """Of mcts:200, or of +64. Raises ValueError."""
    if not (re.fullmatch(r"[1-9][0-9]{0,6}", simulations) and int(simulations) <= MAX_SIMULATIONS):
        raise ValueError(f"'{name}': write an agent's simulations a move, 1 to {MAX_SIMULATIONS:,}: mcts:200, RUN+64")
    return int(simulations)


def _parse_knobs(name: str, level: str, assignments: list[str]) -> Knobs:
    """From ["speed=0.8", ...]. Raises ValueError."""
    if assignments and level in WITHOUT_KNOBS:
        raise ValueError(f"'{name}': scripted:{level} has no knobs; L2 and above have")
    try:
        knobs = Knobs(**_read_values([field.name for field in fields(Knobs)], assignments))
    except ValueError as error:
        raise ValueError(f"'{name}': {error}") from None
    return replace(knobs, decision=int(knobs.decision))


def _parse_engine(name: str) -> Parsed:
    word, *assignments = name.split(",")
    protocol, _, program = word.partition(":")
    kind = ENGINES[protocol]
    try:
        values = _read_values([field.name for field in fields(kind)], assignments)
        kind(**values)
        whole = {option: int(value) if option in WHOLE else value for option, value in values.items()}
        return Parsed(protocol, find_program(program), options=kind(**whole))
    except ValueError as error:
        raise ValueError(f"'{name}': {error}") from None


def _read_values(known: list[str], assignments: list[str]) -> dict[str, Any]:
    """Numbers by knob. Raises ValueError."""
    values: dict[str, Any] = {}
    for assignment in assignments:
        knob, _, text = assignment.partition("=")
        if knob not in known:
            near = get_close_matches(knob, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
            raise ValueError(f"unknown knob '{knob}'; {hint}")
        if knob in values:
            raise ValueError(f"{knob} is given twice")
        try:
            values[knob] = float(text)
        except ValueError:
            raise ValueError(f"{knob} is a number, not '{text}'") from None
    return values


def _looks_like_path(name: str) -> bool:
    return "/" in name or "\\" in name or "@" in name or name.startswith((".", "~"))


def _agent_folder(path: Path, at: str, name: str) -> Path:
    """The folder of the saved agent that `path` (and what stood after '@') means."""
    if (path / AGENT_FILE).exists():
        if at:
            raise ValueError(f"'{name}': {path} is one saved agent, not a run; leave '@{at}' out")
        return path
    agents = path / "agents"
    if not agents.is_dir():
        runs = sorted((run.parent for run in path.glob("*/agents")), key=lambda run: run.name)
        hint = f"; did you mean {runs[-1]}?" if runs else ""
        raise ValueError(f"'{name}': {path} is neither a saved agent nor a run{hint}")
    saved = sorted(int(entry.name) for entry in agents.iterdir() if re.fullmatch(r"\d+", entry.name))
    if not at or at == LAST:
        found = agents / (at or BEST)
        if not found.is_dir():
            others = f"; it has {path}@{saved[-1]}" if saved else ""
            raise ValueError(f"'{name}': the run has not saved its {at or BEST} agent yet{others}")
        return found
    if not re.fullmatch(r"[0-9]{1,18}", at):
        raise ValueError(f"'{name}': after '@' comes 'last' or a number of environment steps, not '{at}'")
    before = [steps for steps in saved if steps <= int(at)]
    if not before:
        first = f"its first was saved at {saved[0]}" if saved else "it has saved none"
        raise ValueError(f"'{name}': the run has no agent from {at} environment steps or before; {first}")
    return agents / str(before[-1])
