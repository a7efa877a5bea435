"""The roster of a league: who is in it, and that everybody in it has met everybody else in it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import roster
from experiments.roster import PLACES, spread


@pytest.mark.parametrize(
    ("count", "places", "expected"),
    [
        (1, 12, [0]),
        (12, 12, list(range(12))),
        (13, 12, [0, 1, 3, 5, 7, 9, 11, 12]),
        (23, 12, [0, 3, 7, 11, 15, 19, 22]),
        (100, 2, [0, 99]),
        (100, 1, [99]),
    ],
)
def test_some_are_spread_evenly_with_the_first_and_the_newest(count, places, expected):
    assert spread(count, places) == expected


@given(st.integers(1, 3000), st.integers(2, 20))
def test_a_spread_is_small_enough_and_no_sparser_than_it_must_be(count, places):
    chosen = spread(count, places)
    assert min(count, places) / 2 - 1 <= len(chosen) <= places
    assert {0, count - 1} <= set(chosen)
    gaps = [b - a for a, b in itertools.pairwise(chosen)]
    assert max(gaps, default=1) <= 2 * max(1, count / (places - 1))


def test_other_learners_have_half_of_the_places():
    own = [f"@{steps}" for steps in range(100, 1400, 100)]
    assert len(roster.roster(own[:12])) == PLACES == 12
    one = [f"main_exploiter_0@{steps}" for steps in range(50, 1350, 100)]
    found = roster.roster([*own, *one])
    assert [name for name in found if name in own] == ["@100", "@400", "@800", "@1200", "@1300"]
    assert [name for name in found if name in one] == [one[i] for i in (0, 3, 7, 11, 12)]
    many = [f"league_exploiter_{i}@{steps}" for i in range(8) for steps in (10, 20)]
    newest = [name for name in many if name.endswith("@20")]
    assert [name for name in roster.roster([*own, *many]) if name in many] == newest


@given(st.lists(st.sets(st.sampled_from(["main_1", "main_exploiter_0", "league_exploiter_0", "x", "y", "z", "w"]))))
def test_whoever_is_in_the_roster_has_met_all_others_in_it(measurements):
    """As LeagueTable.join lets them play; at each measurement agents of some other learners are new."""
    members, met = [], set()
    for number, learners in enumerate(measurements):
        rivals = roster.roster(members)
        for learner in [*sorted(learners), ""]:
            newcomer = f"{learner}@{number}"
            met |= {frozenset((newcomer, rival)) for rival in rivals}
            rivals.append(newcomer)
            members.append(newcomer)
        assert {frozenset(pair) for pair in itertools.combinations(roster.roster(members), 2)} <= met


def test_names_and_folders(tmp_path):
    for folder in ("9000", "120000", "main_exploiter_0-9000", "best", "last", ".500.x.tmp", "a-b-1", "-7"):
        (tmp_path / folder).mkdir()
    names = ["@9000", "main_exploiter_0@9000", "@120000"]
    assert roster.saved(tmp_path) == names
    assert [roster.folder_of(name) for name in names] == ["9000", "main_exploiter_0-9000", "120000"]
    assert [roster.steps_of(name) for name in names] == [9000, 9000, 120000]
    assert [roster.learner_of(name) for name in names] == ["", "main_exploiter_0", ""]
    for wrong in ("9000", "@", "0x@3", "a b@3", "@3@4", "random"):
        assert not roster.is_member(wrong)
