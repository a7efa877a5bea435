"""Which of a run's saved agents are met and rated: the first, the newest, and others spread evenly between them.

    @120000                     the run's own agent of 120,000 environment steps, in agents/120000
    main_exploiter_0@120000     another learner's, in agents/main_exploiter_0-120000

A run saves its own agents at equal distances of training time. Of n of them the roster has numbers 1, s, 2s, 3s, ...
and n, s being the smallest power of two that leaves it small enough. So whoever is in a later roster was in all since
it joined: if each newcomer meets the roster it finds, everybody in a roster has met everybody else in it, and nobody
ever has to meet anybody twice.
"""

import re
from collections.abc import Sequence
from pathlib import Path

PLACES = 12  # in a roster; half of them for other learners, where there are some

_NAME = re.compile(r"([A-Za-z]\w*)?@(\d+)")
_FOLDER = re.compile(r"(?:([A-Za-z]\w*)-)?(\d+)")


def is_member(name: str) -> bool:
    """Whether a member of a run's league could be called so."""
    return _NAME.fullmatch(name) is not None


def learner_of(name: str) -> str:
    """main_exploiter_0 of main_exploiter_0@120000; "" of a run's own agent."""
    return name.partition("@")[0]


def steps_of(name: str) -> int:
    """120000 of @120000."""
    return int(name.rpartition("@")[2])


def folder_of(name: str) -> str:
    """The folder in agents/ of a member."""
    learner = learner_of(name)
    return f"{learner}-{steps_of(name)}" if learner else str(steps_of(name))


def saved(agents: Path) -> list[str]:
    """The names of all agents saved in that folder, the fewest environment steps first."""
    found = [match for entry in agents.iterdir() if (match := _FOLDER.fullmatch(entry.name))]
    found.sort(key=lambda match: (int(match[2]), match[1] or ""))
    return [f"{match[1] or ''}@{int(match[2])}" for match in found]


def roster(members: Sequence[str]) -> list[str]:
    """Some of the `members`, which are in the order in which they joined, and so is what is returned.

    Of the run's own agents there are PLACES at most, or half as many where other learners have agents; these share the
    other half. Each learner has its newest in it, also where there are more learners than places."""
    by_learner: dict[str, list[str]] = {}
    for name in members:
        by_learner.setdefault(learner_of(name), []).append(name)
    others = len(by_learner) - ("" in by_learner)
    chosen: set[str] = set()
    for learner, own in by_learner.items():
        places = max(1, PLACES // 2 // others) if learner else PLACES // 2 if others else PLACES
        chosen |= {own[i] for i in spread(len(own), places)}
    return [name for name in members if name in chosen]


def spread(count: int, places: int) -> list[int]:
    """At most `places` of the indices 0 to `count` - 1, rising: numbers 1, s, 2s, ... and `count`, less one."""
    if places == 1:
        return [count - 1]
    step = 1
    while len(numbers := {1, count, *range(step, count + 1, step)}) > places:
        step *= 2
    return sorted(number - 1 for number in numbers)
