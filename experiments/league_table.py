"""A run's league: its saved agents (experiments/roster.py) against each other and against the run's ladder, rated.

    league = LeagueTable.from_json(clock.league)
    evaluate(agent, game, ladder, pairs, seed, keep=lambda opponent, matches: league.add("@9000", opponent, matches))
    league.join(agent, "@9000", run.agents, game, greedy=True, seed=seed)     # plays against the roster
    table = league.table(load_anchors(game.id))

At each measurement the run's newest agent, and the newest of each other learner if it was saved since the last one,
join: each plays PAIRS pairs against everybody in the roster. The ladder meets the run's own agents alone, in the games
of their measurements, so other learners are rated by what they win from these. Nobody meets anybody twice. The results
are in the run's checkpoints, so that a resumed run goes on from those it had, and in league.json, to be looked at.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from agents.agent import Agent
from agents.artifact import CorruptArtifact, read_plain
from agents.matches import Matches, play_pairs
from agents.names import make_agent
from agents.standings import DRAWS
from agents.tournament import Fixture, Meeting, Table, summary
from envs.game import Game
from experiments import roster

FILE = "league.json"
PAIRS = 16  # of two members
_LARGEST = 1 << 28  # bytes of league.json


@dataclass
class LeagueTable:
    members: list[str]  # in the order in which they joined
    meetings: list[Meeting]  # `a` is a member, `b` one that joined before it, or of the ladder

    def add(self, member: str, opponent: str, matches: Matches) -> None:
        """What `member`, which was `a`, and the opponent have played; the matches are recorded ones."""
        played = summary(Fixture(member, opponent, 0, matches.pairs, matches.seed), matches)
        self.meetings.append(Meeting.of([replace(played, statistics=None)]))

    def join(self, newest: Agent, name: str, saved: Path, game: Game, *, greedy: bool, seed: int) -> None:
        """Who is new plays against the roster: `newest`, the run's own agent called `name`, and what other learners
        have saved in the folder `saved`. Members whose folders are gone leave. Raises CorruptArtifact."""
        there = roster.saved(saved)
        self._forget(set(self.members) - set(there))
        rivals = {member: self._make(member, saved, game, greedy) for member in roster.roster(self.members)}
        last = {learner: member for member in there if (learner := roster.learner_of(member))}
        newcomers = sorted(set(last.values()) - set(self.members), key=there.index)
        agents = {member: self._make(member, saved, game, greedy) for member in newcomers} | {name: newest}
        for newcomer, agent in agents.items():
            for member, rival in rivals.items():
                words = [seed, zlib.crc32(newcomer.encode()), zlib.crc32(member.encode())]
                drawn = int(np.random.SeedSequence(words).generate_state(1)[0])
                self.add(newcomer, member, play_pairs(game, agent, rival, PAIRS, drawn, record=True))
            rivals[newcomer] = agent
            self.members.append(newcomer)

    def table(self, anchors: Mapping[str, float], *, draws: int = DRAWS) -> Table | None:
        """The roster and the ladder, `anchors` keeping their Elo; the Nash average and the cyclic share are the
        roster's. None before the first game. `draws`: see agents/standings.py."""
        rated, members = set(roster.roster(self.members)), set(self.members)
        shown = [meeting for meeting in self.meetings
                 if meeting.a in rated and (meeting.b in rated or meeting.b not in members)]  # fmt: skip
        return Table.of_meetings(shown, anchors, draws=draws, core=rated) if shown else None

    def scalars(self, table: Table) -> dict[str, float]:
        """By tag, for TensorBoard: of the run's newest agent league/newest_elo, league/newest_low, league/newest_high;
        league/cyclic_share; and against its own earlier selves of measurements 1, 2, 4, 8, ..., as far as they are in
        the roster, eval/win_rate/self_<steps>, eval/draw_rate/, eval/goal_share/ (if there were goals), eval/return/
        (in games for chips)."""
        own = [member for member in self.members if not roster.learner_of(member)]
        newest = table.standings.ratings[own[-1]]
        values = {f"league/newest_{name}": value for name, value in newest._asdict().items()}
        if table.cyclic_share is not None:
            values["league/cyclic_share"] = table.cyclic_share
        for number, member in enumerate(own[:-1], 1):
            meeting = table.meetings.get((own[-1], member))
            if meeting is None or number & (number - 1):
                continue
            against = f"self_{roster.steps_of(member)}"
            values[f"eval/win_rate/{against}"] = meeting.wins / (2 * meeting.pairs)
            values[f"eval/draw_rate/{against}"] = meeting.draws / (2 * meeting.pairs)
            scored, conceded = meeting.goals or (0, 0)
            if scored + conceded:
                values[f"eval/goal_share/{against}"] = scored / (scored + conceded)
            if meeting.paid is not None:
                values[f"eval/return/{against}"] = meeting.paid
        return values

    def to_json(self) -> dict[str, Any]:
        """{"members": names, "meetings": [...]}"""
        return {"members": list(self.members), "meetings": [meeting.to_json() for meeting in self.meetings]}

    @classmethod
    def from_json(cls, found: Any) -> "LeagueTable":
        """{} is a league that has not begun. Raises ValueError for what `to_json` did not write."""
        if found == {}:
            return cls([], [])
        if not isinstance(found, dict) or set(found) != {"members", "meetings"}:
            raise ValueError("the league's keys are not members and meetings")
        members = found["members"]
        if not all(isinstance(name, str) and roster.is_member(name) for name in members):
            raise ValueError("a member of the league is not called as one")
        meetings = []
        for number, row in enumerate(found["meetings"], 1):
            try:
                meetings.append(Meeting.from_json(row))
            except (ValueError, TypeError) as error:
                raise ValueError(f"meeting {number} of the league was altered: {error}") from None
        joined = {name: i for i, name in enumerate(members)}
        edges = {(meeting.a, meeting.b) for meeting in meetings}
        in_order = all(a in joined and joined.get(b, -1) < joined[a] for a, b in edges)
        if len(joined) < len(members) or len(edges) < len(meetings) or not in_order:
            raise ValueError("the league's meetings are not those of its members, once each")
        return cls(list(members), meetings)

    def _forget(self, gone: set[str]) -> None:
        self.members = [member for member in self.members if member not in gone]
        self.meetings = [meeting for meeting in self.meetings if not gone & {meeting.a, meeting.b}]

    @staticmethod
    def _make(member: str, saved: Path, game: Game, greedy: bool) -> Agent:
        return make_agent(str(saved / roster.folder_of(member)), game, greedy=greedy)


def read_league(run: Path) -> LeagueTable:
    """What the run's league.json has; an empty table where there is none yet. Raises CorruptArtifact."""
    file = run / FILE
    if not file.exists():
        return LeagueTable([], [])
    try:
        told = json.loads(read_plain(file, _LARGEST))
        return LeagueTable.from_json(told.get("league", {}))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        problem = str(error) if type(error) is ValueError else "it is not what a run writes"
        raise CorruptArtifact(file, f"is damaged: {problem}; delete it, and the run's next checkpoint (python -m "
                                    f"experiments.run --resume {run}) writes it anew") from None  # fmt: skip
