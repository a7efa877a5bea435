"""People at a screen, game after game: who sits where, undo and hints, the tally, and every game kept as a record."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from agents.agent import Agent
from agents.records import SUFFIX, Record, Seat, write_record
from envs.game import Dynamics, Game
from experiments.recording import Match


class Hand(Protocol):
    """Where a person's decisions come from."""

    def take(self) -> int | np.ndarray | None: ...

    def clear(self) -> None: ...


class Person:
    """A player: a team's first seat by hand; the others, where a team has more, are an agent's."""

    def __init__(self, name: str, hand: Hand, mates: Agent | None, dtype: np.dtype):
        self.name, self.hand, self.mates, self._dtype = name, hand, mates, dtype  # of the game's actions

    def act(self, states: np.ndarray, players: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
        own = self.hand.take()
        if own is None:
            return None
        others = self.mates.act(states[1:], players[1:], rng) if self.mates and len(players) > 1 else ()
        return np.array([own, *others], self._dtype)

    def reset(self, rows: np.ndarray) -> None:
        if self.mates:
            self.mates.reset(np.arange(len(rows) - 1))


@dataclass(frozen=True)
class Company:
    """All who play, and what to call them."""

    people: tuple[str, ...]  # one name, or two
    rival: Agent | None  # of one person
    rival_name: str
    mates: Agent | None  # in teams of more than one
    mates_name: str
    adviser: Agent | None  # who gives hints


class Sitting:
    """Games of one or two people. `sides` are the teams of the first person and of whoever plays against them."""

    match: Match  # the game that is on

    def __init__(
        self, game: Game, game_name: str, company: Company, hands: Sequence[Hand], side: int, folder: Path, seed: int
    ):  # fmt: skip
        self.game, self.game_name, self.company, self.hands = game, game_name, company, hands  # hands by team
        self.sides = [side, 1 - side]
        self.folder, self.seed = folder, seed
        self.number = 0  # of the game
        self.won = [0, 0]  # by the first person, by the other: games, or chips where they are played for
        self.match: Match  # the game that is on
        self.failure: OSError | None = None  # the last game could not be saved
        self.settled = False  # the game is over and counted
        self._kept = -1  # so many of its moves are in its file
        self._rng = np.random.default_rng(seed)  # of hints
        self.begin()

    # Who plays

    @property
    def teams_of_people(self) -> tuple[int, ...]:
        return tuple(self.sides[: len(self.company.people)])

    @property
    def names(self) -> tuple[str, str]:
        """By team."""
        first, second, *_ = (*self.company.people, self.company.rival_name)
        return (first, second) if self.sides[0] == 0 else (second, first)

    @property
    def seats_of_people(self) -> tuple[int, ...]:
        if self.game.dynamics is Dynamics.SEQUENTIAL:
            return tuple(seat for seat, team in enumerate(self.game.teams) if team in self.teams_of_people)
        return tuple(self.game.teams.index(team) for team in self.teams_of_people)

    @property
    def score(self) -> tuple[int, int] | None:
        """Won by each team's player, games or chips, for games that keep no score of their own."""
        if "score" in (self.game.state_dtype.names or ()) or not any(self.won):
            return None
        return (self.won[0], self.won[1]) if self.sides[0] == 0 else (self.won[1], self.won[0])

    def persons_turn(self) -> bool:
        """Whether a person is to move, in a game with turns."""
        mover = self.game.teams[int(self.match.state["current_player"])]
        return not self.match.over and mover in self.teams_of_people

    # The games

    def begin(self, *, swap: bool = False) -> None:
        """A new game, with the next seed, sides changed if asked; the last one is kept."""
        if self.number and self.match.over:
            self.settle()  # unless its end was watched, nobody has counted it
        elif self.number:
            self.keep()
        if swap:
            self.sides.reverse()
        self.number += 1
        self._clean()
        self.hints: set[int] = set()
        self.taken_back = 0
        self.match = self._match()

    def settle(self) -> None:
        """Count the game, once, and keep it: it is over."""
        if not self.settled:
            self.settled = True
            self._count(1)
            self.keep()

    def undo(self) -> bool:
        """Back to a person's previous turn; False if there was none."""
        people = self.teams_of_people
        turns = [number for number, team in enumerate(self.match.movers) if team in people]
        if not turns:
            return False
        if self.settled:
            self._count(-1)
            self._clean()  # the game that was over stays kept; this one becomes another
        actions = self.match.actions
        self.taken_back += len(actions) - turns[-1]
        self.hints = {number for number in self.hints if number <= turns[-1]}
        self._kept = -1
        self.match = self._match()
        self.match.catch_up(actions[: turns[-1]])
        return True

    def hint(self) -> int | None:
        """What the adviser would play, in a game with turns."""
        if self.company.adviser is None:
            return None
        self.hints.add(self.match.moves)
        seat = np.array([self.match.state["current_player"]], np.int64)
        return int(self.company.adviser.act(self.match.state.reshape(1).copy(), seat, self._rng)[0])

    def keep(self) -> None:
        """Write the game as it stands, unless nothing has been played since."""
        if not self.match.moves or self._kept == self.match.moves:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_record(self.path, self.record())
        except OSError as error:
            self.failure = error
            return
        self.failure, self._kept = None, self.match.moves
        print(f"saved: {self.path}", flush=True)

    def record(self) -> Record:
        """Of all moves that were begun."""
        count = self.match.moves
        seats = () if self.game.dynamics is Dynamics.SEQUENTIAL else (self.game.num_players,)
        shape = (count, *seats, *self.game.action_shape)
        actions = np.array(self.match.actions, self.game.action_dtype).reshape(shape)
        hints = tuple(sorted(number for number in self.hints if number < count))
        return Record(
            self.game, self.game_name, self.match.stream, self._seats(), actions, self._time, hints, self.taken_back
        )

    def _seats(self) -> tuple[Seat, ...]:
        seats = []
        by_hand = self.seats_of_people
        for seat, team in enumerate(self.game.teams):
            if seat in by_hand:
                seats.append(Seat("person", self.company.people[self.sides.index(team)]))
            else:
                mate = team in self.teams_of_people
                seats.append(Seat("agent", self.company.mates_name if mate else self.company.rival_name))
        return tuple(seats)

    def _match(self) -> Match:
        """The game of this number, from its start."""
        players: list = [self.company.rival] * 2
        for hand in self.hands:
            hand.clear()
        for side, name in zip(self.sides, self.company.people, strict=False):
            players[side] = Person(name, self.hands[side], self.company.mates, self.game.action_dtype)
        return Match(self.game, players, self.seed + self.number - 1, self.names)

    def _count(self, points: int) -> None:
        returns = self.record().result.returns  # by the rules: the match may still be showing its last move
        for who, side in enumerate(self.sides):
            self.won[who] += points * max(0, round(returns[self.game.teams.index(side)]))

    def _clean(self) -> None:
        """What follows is a record of its own."""
        began = datetime.now(UTC)
        self._time = began.isoformat(timespec="seconds")
        name = self.game.id.replace(":", "_")
        self.path = self.folder / f"{name}-{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}{SUFFIX}"
        self.settled, self._kept = False, -1
