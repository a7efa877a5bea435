"""Labels by teachers of graded quality, named as agents are.

    labels = make_labels(make("connect_four"), "solver", 8000, seed=0, keep=Path("labels/solver"))

solver               every move that keeps what the position is worth by exact play, all alike; that worth as value
biased:edge, ...     exact play, erring always in the same way (biased.py)
any agent            random, one_ply, alphabeta:4, mcts:200, a saved agent, RUN+64: the move that it plays; no value,
                     or with `outcomes` what came of it playing on against itself

Positions: positions.py, from the solver's first ply on for those that need one. Work goes in parts that are kept beside
`keep` until all are there, so that labelling that was stopped goes on.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file, save

from agents.agent import Agent
from agents.artifact import write_whole
from agents.supervised.biased import PREFIX, bias_of, distances_from_the_middle
from agents.supervised.dataset import states_of
from agents.supervised.labels import Labels
from agents.supervised.positions import find_positions
from envs import make
from envs.game import Game

SOLVER = "solver"
MOST_EXACT = 32_768  # labels by exact play: more would take hours
PART, PART_EXACT = 512, 32  # positions between two that are kept; exact play may take seconds for one
TELL_SECONDS = 10.0


class Answers(NamedTuple):
    """Of n positions: how many moves each has [n], those, their weights, and the values [n], nan if unknown."""

    counts: np.ndarray
    moves: np.ndarray
    weights: np.ndarray
    values: np.ndarray


def is_exact(teacher: str) -> bool:
    """Whether it asks a solver."""
    return teacher == SOLVER or teacher.startswith(PREFIX)


def check_teacher(game: Game, teacher: str, count: int, outcomes: bool) -> None:
    """Raises ValueError for a teacher that does not play the game, or would take for ever."""
    if count < 1:
        raise ValueError(f"{count} positions cannot be labelled; one or more")
    if is_exact(teacher):
        if teacher != SOLVER:
            bias_of(teacher)
        if outcomes:
            raise ValueError(f"'{teacher}' knows what positions are worth; leave outcomes out")
        if count > MOST_EXACT:
            raise ValueError(
                f"'{teacher}' labels up to {MOST_EXACT:,} positions, not {count:,}; a cheaper teacher more"
            )
        from agents.solvers import make_solver

        make_solver(game)
        return
    from agents.names import make_agent

    make_agent(teacher, game)


def make_labels(
    game: Game, teacher: str, count: int, seed: int = 0, *, first_ply: int = 0, measure: bool = False,
    outcomes: bool = False, keep: Path | None = None, workers: int = 1, tell: Callable[[str], None] = lambda text: None,
) -> Labels:  # fmt: skip
    """`count` positions labelled by that teacher: none that is held out to measure, or (`measure`) only such.

    first_ply moves made before a position, at least; more where exact play asks for more
    keep      where the labels will be saved: parts of them are kept beside it
    workers   processes
    tell      hears how far it is
    Raises ValueError for a teacher that does not play the game, or where there are not so many positions."""
    check_teacher(game, teacher, count, outcomes)
    first_ply = max(first_ply, _first_ply(game) if is_exact(teacher) else 0)
    begun = time.perf_counter()
    found = find_positions(game, count, seed, first_ply=first_ply, measure=measure)
    if len(found) < count:
        which = "held out" if measure else "that may be learned from"
        raise ValueError(f"{game.id} has only {len(found):,} different positions {which}, not {count:,}")
    task = (game.id, game.settings, teacher, outcomes, seed)
    described = json.dumps([*task, count, measure, first_ply], sort_keys=True)
    parts = keep and keep.parent / f".{keep.name}.{hashlib.sha256(described.encode()).hexdigest()[:12]}.parts"
    answers = _answers(found, task, parts, workers, tell)
    first_move = np.concatenate([[0], np.cumsum(answers.counts)]).astype(np.int64)
    about = {
        "teacher": teacher, "positions": count, "seed": seed, "measure": measure, "outcomes": outcomes,
        "first_ply": first_ply, "seconds": round(time.perf_counter() - begun, 1),
    }  # fmt: skip
    labels = replace(
        found, first_move=first_move, moves=answers.moves, weights=answers.weights, values=answers.values, about=about
    )
    if parts:
        shutil.rmtree(parts, ignore_errors=True)
    return labels


def _first_ply(game: Game) -> int:
    from agents.solvers import make_solver

    return make_solver(game).first_ply


def _answers(
    found: Labels, task: tuple, parts: Path | None, workers: int, tell: Callable[[str], None]
) -> Answers:  # fmt: skip
    """Of all rows, in order."""
    size = PART_EXACT if is_exact(task[2]) else PART
    edges = [*range(0, len(found), size), len(found)]
    blocks = [states_of(found, np.arange(begin, end)) for begin, end in pairwise(edges)]
    have: dict[int, Answers] = {}
    if parts:
        parts.mkdir(parents=True, exist_ok=True)
        for number, block in enumerate(blocks):
            if (file := parts / f"{number}.safetensors").exists():
                arrays = load_file(file)
                if len(arrays["counts"]) == len(block):
                    have[number] = Answers(*(arrays[name] for name in Answers._fields))
    if have:
        tell(f"{sum(len(a.counts) for a in have.values()):,} of {len(found):,} were labelled before")
    begun = told = time.perf_counter()
    done = start = sum(len(a.counts) for a in have.values())
    for number, answers in _work([n for n in range(len(blocks)) if n not in have], blocks, task, workers):
        have[number] = answers
        if parts:
            write_whole(parts / f"{number}.safetensors", save({n: np.ascontiguousarray(a) for n, a in
                                                               answers._asdict().items()}))  # fmt: skip
        done += len(answers.counts)
        now = time.perf_counter()
        if now - told > TELL_SECONDS or (number == len(have) - 1 == 0 and now - begun > 1):
            told, left = now, (len(found) - done) * (now - begun) / max(1, done - start)
            tell(f"{done:,} of {len(found):,} labelled, about {left / 60:.1f} minutes left")
    order = [have[number] for number in range(len(blocks))]
    return Answers(*(np.concatenate(each) for each in zip(*order, strict=True)))


def _work(
    numbers: list[int], blocks: list[np.ndarray], task: tuple, workers: int
) -> Iterator[tuple[int, Answers]]:  # fmt: skip
    if workers > 1 and len(numbers) > 1:
        # not forked: the parent may have threads
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield from zip(numbers, pool.map(label_block, [(task, n, blocks[n]) for n in numbers]), strict=True)
        return
    for number in numbers:
        yield number, label_block((task, number, blocks[number]))


_cached: dict[str, tuple[Game, Callable]] = {}  # the teacher of this process, made once


def label_block(job: tuple[tuple, int, np.ndarray]) -> Answers:
    """What the teacher says of these states [n]; `job` travels to worker processes."""
    (game_id, settings, teacher, outcomes, seed), number, states = job
    key = json.dumps([game_id, settings, teacher, outcomes], sort_keys=True)
    if key not in _cached:
        game = make(game_id, **settings)
        _cached.clear()
        _cached[key] = (game, _exact(game, teacher) if is_exact(teacher) else _agent(game, teacher, outcomes))
    return _cached[key][1](states, np.random.default_rng([seed, 19, number]))


def _exact(game: Game, teacher: str) -> Callable[[np.ndarray, np.random.Generator], Answers]:
    from agents.solvers import ILLEGAL, make_solver, move_results

    solver = make_solver(game)
    bias = None if teacher == SOLVER else bias_of(teacher)
    distances = distances_from_the_middle(game)

    def answer(states: np.ndarray, rng: np.random.Generator) -> Answers:
        worth = move_results(solver, states).astype(np.int64)
        if bias is None:
            best = worth.max(axis=1)
            chosen = (worth == best[:, None]) & (worth != ILLEGAL)
            values = best.astype(np.float32)
        else:
            said = [bias(row, distances) for row in worth]
            chosen = np.array([moves for moves, _ in said])
            values = np.array([value for _, value in said], np.float32)
        return _evenly(chosen, values)

    return answer


def _evenly(chosen: np.ndarray, values: np.ndarray) -> Answers:
    """chosen [n, A] bool."""
    counts = chosen.sum(axis=1)
    moves = np.nonzero(chosen)[1].astype(np.uint16)
    return Answers(counts.astype(np.int64), moves, np.repeat(1 / counts, counts).astype(np.float32), values)


def _agent(game: Game, teacher: str, outcomes: bool) -> Callable[[np.ndarray, np.random.Generator], Answers]:
    from agents.names import make_agent

    agent = make_agent(teacher, game, greedy=True)

    def answer(states: np.ndarray, rng: np.random.Generator) -> Answers:
        agent.reset(np.arange(len(states)))
        actions = agent.act(states, states["current_player"].astype(np.int64), rng)
        values = np.full(len(states), np.nan, np.float32)
        if outcomes:
            values = play_on(agent, game, states, actions, rng)
        ones = np.ones(len(states))
        return Answers(ones.astype(np.int64), actions.astype(np.uint16), ones.astype(np.float32), values)

    return answer


def play_on(agent: Agent, game: Game, states: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float32 [n]: what whoever is to move in these states gets if `agent` plays both sides from there, after these
    actions; between -1 and 1."""
    from envs.batch import Batch

    batch = Batch(game, len(states), 0, autoreset=False)
    batch.states[:] = states
    seats = states["current_player"].astype(np.int64)
    total = np.zeros(len(states), np.float32)
    rows = np.arange(len(states))
    for _ in range(game.max_steps):
        live = ~(batch.terminated | batch.truncated)
        batch.step(actions)
        total += np.where(live, batch.rewards[rows, seats], 0)
        going = np.flatnonzero(~(batch.terminated | batch.truncated))
        if not len(going):
            break
        agent.reset(np.arange(len(going)))
        now = np.take(batch.states, going)
        actions = np.zeros(len(states), np.int32)
        actions[going] = agent.act(now, now["current_player"].astype(np.int64), rng)
    return np.clip(total / game.largest_reward, -1, 1)
