"""Paired matches: exact counts, exact symmetry, games that can be made again."""

import numpy as np
import pytest

from agents.agent import Forfeit, RandomAgent
from agents.matches import as_match, opening_plies, play_pairs
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.network_agent import NetworkAgent
from agents.scripted.one_ply import OnePlyAgent
from envs import make
from envs.batch import Batch, mask_rows


class Column:
    """Connect Four: always drops into one column, or the next that is not full."""

    def __init__(self, game, column: int):
        self.game, self.column, self.name = game, column, f"column {column}"

    def act(self, states, players, rng):
        masks = mask_rows(self.game, states, players)
        return ((masks[:, np.r_[self.column : 7, : self.column]].argmax(axis=1) + self.column) % 7).astype(np.int32)

    def reset(self, rows):
        pass


class Watcher:
    """Random, and remembers which seats it was asked for, and the states."""

    name = "watcher"

    def __init__(self, game):
        self.inner, self.calls, self.resets = RandomAgent(game), [], 0

    def act(self, states, players, rng):
        self.calls.append((states.copy(), players.copy()))
        return self.inner.act(states, players, rng)

    def reset(self, rows):
        self.resets += 1


def test_the_faster_of_two_columns_wins_exactly_the_games_it_begins():
    """From the empty board two towers race: whoever moves first has four discs first. 50 wins each, no draw."""
    game = make("connect_four")
    matches = play_pairs(game, Column(game, 0), Column(game, 6), 50, seed=0, opening=0)
    assert (matches.wins, matches.draws, matches.losses) == (50, 0, 50)
    assert (matches.outcomes[0] == 1).all()
    assert (matches.outcomes[1] == -1).all()
    assert (matches.returns == matches.outcomes).all()
    assert (matches.lengths == 7).all()  # four discs and three
    assert (matches.pair_points == 1).all()
    assert matches.score == 0.5
    assert matches.goals_for is None
    assert matches.goal_share is None


class Rigged:
    """Connect Four: one side builds a tower in its own column, the other scatters its discs and never blocks it."""

    def __init__(self, game, winner: bool):
        self.game, self.winner, self.name = game, winner, "winner" if winner else "loser"

    def act(self, states, players, rng):
        if self.winner:
            return np.zeros(len(states), np.int32)
        order = np.array([2, 4, 6, 3], np.int32)
        return order[np.minimum(states["num_moves"] // 2, 3)]

    def reset(self, rows):
        pass


def test_a_rigged_agent_wins_every_game():
    game = make("connect_four")
    matches = play_pairs(game, Rigged(game, True), Rigged(game, False), 30, seed=1, opening=0)
    assert (matches.wins, matches.draws, matches.losses, matches.games) == (60, 0, 0, 60)
    assert matches.score == 1.0
    assert (matches.pair_points == 2).all()
    assert (matches.lengths[0] == 7).all()
    assert (matches.lengths[1] == 8).all()
    back = play_pairs(game, Rigged(game, False), Rigged(game, True), 30, seed=1, opening=0)
    assert (back.wins, back.losses) == (0, 60)


class Stubborn:
    """Kuhn poker: always passes, or always bets."""

    def __init__(self, action: int):
        self.action, self.name = action, ("passes", "bets")[action]

    def act(self, states, players, rng):
        return np.full(len(states), self.action, np.int32)

    def reset(self, rows):
        pass


def test_at_cards_both_games_of_a_pair_have_the_same_deal_and_chips_count():
    """Whoever bets wins the ante of whoever folds, whatever the cards. Two who bet win and lose two chips by cards."""
    game = make("kuhn_poker")
    matches = play_pairs(game, Stubborn(1), Stubborn(0), 50, seed=3)
    assert (matches.mean_return, matches.return_margin, matches.opening_plies) == (1.0, 0.0, 0)
    np.testing.assert_array_equal(matches.initial_states["cards"][0], matches.initial_states["cards"][1])
    assert len(np.unique(matches.initial_states["cards"], axis=1)) > 1
    assert (matches.pair_points == 2).all()
    both = play_pairs(game, Stubborn(1), Stubborn(1), 50, seed=3)
    assert set(np.abs(both.returns).ravel().tolist()) == {2.0}
    assert both.mean_return == 0
    assert play_pairs(game, Stubborn(1), Stubborn(0), 1, seed=3).return_margin is None
    ladder = play_pairs(game, Stubborn(1), RandomAgent(game), 5000, seed=3)
    # random folds to a bet half the time, for a chip, and comes to a bet always or half the time; else cards decide
    assert abs(ladder.mean_return - (1 / 2 + 1 / 4) / 2) < 1.5 * ladder.return_margin < 0.1
    # a pair goes to whoever took more, also where each won one game: 1 chip won and 2 lost
    split, taken = (ladder.outcomes.sum(axis=0) == 0), ladder.returns.sum(axis=0)
    assert set(taken[split].tolist()) == {-1.0, 0.0}
    np.testing.assert_array_equal(ladder.pair_points, 1 + np.sign(taken))
    assert ladder.score == ladder.pair_points.mean() / 2


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "connect_four", "kuhn_poker", "ball_1v1", "ball_2v2"])
@pytest.mark.parametrize("kind", ["random", "network"])
def test_an_agent_against_itself_is_exactly_symmetric(game_id, kind):
    """Each pair's two games are the same game with the seats' owners swapped, sampled actions included."""
    game = make(game_id)
    if kind == "random":
        agent = RandomAgent(game)
    else:
        network = PolicyValueNetwork(int(np.prod(game.observation_shape)), game.num_actions, hidden=(8,))
        agent = NetworkAgent(network, game)
    matches = play_pairs(game, agent, agent, 40, seed=3)
    assert (matches.outcomes[0] == -matches.outcomes[1]).all()
    assert (matches.returns[0] == -matches.returns[1]).all()
    assert (matches.lengths[0] == matches.lengths[1]).all()
    assert matches.wins == matches.losses
    assert (matches.pair_points == 1).all()
    assert np.abs(matches.outcomes).sum() > 0, "decided games, or the symmetry is empty"


def test_the_two_agents_draw_different_random_numbers():
    """Were one stream used for both, two random teams would mirror each other and a match would always be drawn."""
    game = make("ball_1v1")
    matches = play_pairs(game, RandomAgent(game), RandomAgent(game), 8, seed=0, record=True)
    actions = matches.actions  # [T, 2, N, P]
    assert (actions[..., 0] == actions[..., 1]).mean() < 0.1  # by chance 1 in 18


def test_both_games_of_a_pair_begin_alike_and_pairs_differ():
    game = make("connect_four")
    matches = play_pairs(game, RandomAgent(game), OnePlyAgent(game), 200, seed=5)
    assert (matches.initial_states[0] == matches.initial_states[1]).all()
    assert matches.opening_plies == opening_plies(game) == 8
    lengths = np.bincount(matches.initial_states[0]["num_moves"], minlength=9)
    assert (lengths > 0).all(), "openings of every length from 0 to 8"
    boards = {state["board"].tobytes() for state in matches.initial_states[0]}
    assert len(boards) > 100
    ball = play_pairs(make("ball_2v2"), *[RandomAgent(make("ball_2v2"))] * 2, 20, seed=5)
    assert (ball.initial_states[0] == ball.initial_states[1]).all()
    assert len({state["position"].tobytes() for state in ball.initial_states[0]}) == 20


def test_ball_games_are_matches_with_goals():
    game = make("ball_2v2", time_limit=4.0, human_knowledge="ball_progress", goal_fraction=0.7)
    assert as_match(game).settings["mode"] == "match"
    assert as_match(game).settings["goal_fraction"] == 0.7
    matches = play_pairs(game, make_agent("scripted:L3", game), make_agent("random", game), 6, seed=2)
    assert (matches.lengths == 450).all()  # 90 s in decisions of 0.2 s
    assert matches.truncated.all()
    assert matches.wins == 12
    assert (matches.goals_for - matches.goals_against == matches.returns).all()
    assert 0.9 < matches.goal_share <= 1
    swapped = play_pairs(game, make_agent("random", game), make_agent("scripted:L3", game), 6, seed=2)
    assert swapped.losses == 12
    assert (swapped.goals_against >= swapped.goals_for).all()


def test_each_seat_is_asked_once_for_each_state_it_must_move_in():
    game = make("ball_2v2")
    a, b = Watcher(game), Watcher(game)
    play_pairs(game, a, b, 3, seed=0)
    assert (a.resets, b.resets) == (1, 1)
    assert len(a.calls) == len(b.calls) == 2 * 450
    # a tick: half 0, where a has the first side, then half 1
    assert [players.tolist() for _, players in a.calls[:2]] == [[0, 1] * 3, [2, 3] * 3]
    assert [players.tolist() for _, players in b.calls[:2]] == [[2, 3] * 3, [0, 1] * 3]
    for (states, _), (other_states, _) in zip(a.calls, b.calls, strict=True):
        assert (states[::2] == states[1::2]).all(), "a team of two is two rows with the same state"
        assert (states == other_states).all()
    assert {tuple(sorted(set(players.tolist()))) for _, players in a.calls} == {(0, 1), (2, 3)}
    board = make("connect_four")
    c, d = Watcher(board), Watcher(board)
    matches = play_pairs(board, c, d, 50, seed=1)
    for states, players in (*c.calls, *d.calls):
        assert (states["current_player"] == players).all()
        assert (states["winner"] < 0).all()
    assert sum(len(players) for _, players in (*c.calls, *d.calls)) == matches.lengths.sum()


@pytest.mark.parametrize("game_id", ["connect_four", "ball_1v1"])
def test_the_same_seed_gives_the_same_games_and_another_does_not(game_id):
    game = make(game_id)
    first, again, other = (
        play_pairs(game, RandomAgent(game), RandomAgent(game), 20, seed, record=True) for seed in (7, 7, 8)
    )
    assert np.array_equal(first.actions, again.actions)
    assert np.array_equal(first.returns, again.returns)
    assert np.array_equal(first.initial_states, again.initial_states)
    assert not np.array_equal(first.initial_states, other.initial_states)


@pytest.mark.parametrize("game_id", ["tic_tac_toe", "ball_2v2"])
def test_a_recorded_game_is_replayed_through_the_rules(game_id):
    game = make(game_id)
    matches = play_pairs(game, RandomAgent(game), RandomAgent(game), 5, seed=9, record=True)
    for half, pair in ((0, 0), (1, 0), (1, 4)):
        record = matches.record(half, pair, "2026-01-01")
        states = [state.copy() for state in record.positions()]
        opening = matches.opening_lengths[pair]
        assert len(states) == opening + matches.lengths[half, pair] + 1
        states[opening]["rng"] = matches.initial_states[half, pair]["rng"]  # which drew the opening
        assert states[opening] == matches.initial_states[half, pair]
        batch = Batch(matches.game, 1, autoreset=False)
        batch.states[0] = states[-1]
        batch.refresh()
        assert batch.terminated[0] or batch.truncated[0]
        if matches.goals_for is not None:
            score = states[-1]["score"][:: 1 if half == 0 else -1]
            assert score.tolist() == [matches.goals_for[half, pair], matches.goals_against[half, pair]]
        else:
            winner = int(states[-1]["winner"])
            assert matches.outcomes[half, pair] == (0 if winner < 0 else 1 if winner == half else -1)
    with pytest.raises(ValueError, match="record=True"):
        play_pairs(game, RandomAgent(game), RandomAgent(game), 1, seed=0).record(0, 0, "")


class Quitter:
    """Another agent that gives up the games whose start it is told of, at its first move in them."""

    def __init__(self, agent, starts):
        self.agent, self.name = agent, "quitter"
        self.starts = {start.tobytes() for start in starts}

    def act(self, states, players, rng):
        actions = self.agent.act(states, players, rng)
        reasons = {row: "had enough" for row, state in enumerate(states) if state.tobytes() in self.starts}
        if reasons:
            actions[list(reasons)] = -99  # they do not count
            raise Forfeit(reasons, actions)
        return actions

    def reset(self, rows):
        self.agent.reset(rows)


@pytest.mark.parametrize("game_id", ["connect_four", "leduc_poker"])
def test_a_game_given_up_is_lost_and_the_others_are_as_they_were(game_id):
    game = make(game_id)
    one, other = (Column(game, column) if game_id == "connect_four" else RandomAgent(game) for column in (0, 6))
    opening = 4 if game_id == "connect_four" else None
    plain = play_pairs(game, one, other, 20, seed=3, opening=opening, record=True)
    begins = [int(seat) for seat in plain.initial_states[0]["current_player"]]  # the side that moves first
    given_up = [2, 5, 11]
    starts = plain.initial_states[0, given_up]
    # they begin in half 0 where `a` moves, or else in half 1, where it plays the other side
    games = {(begins[pair], pair) for pair in given_up}
    if game_id == "connect_four":
        quits = play_pairs(game, Quitter(one, starts), other, 20, seed=3, opening=opening, record=True)
        assert quits.forfeits == dict.fromkeys(games, "had enough")
        lost = np.zeros((2, 20), bool)
        lost[tuple(zip(*games, strict=True))] = True
        assert (quits.lengths[lost] == 0).all()
        assert (quits.outcomes[lost] == -1).all()
        assert (quits.returns[lost] == -1).all()
        assert np.array_equal(quits.outcomes[~lost], plain.outcomes[~lost])
        assert np.array_equal(quits.lengths[~lost], plain.lengths[~lost])
        for half, pair in zip(*np.nonzero(~lost), strict=True):
            assert np.array_equal(quits.actions[: quits.lengths[half, pair], half, pair],
                                  plain.actions[: quits.lengths[half, pair], half, pair])  # fmt: skip
        quits = play_pairs(game, one, Quitter(other, starts), 20, seed=3, opening=opening)
        assert set(quits.forfeits) == {(1 - half, pair) for half, pair in games}
    else:
        quits = play_pairs(game, Quitter(one, starts), other, 20, seed=3)
        lost = np.array([pair in given_up for pair in range(20)])
        assert set(quits.forfeits) == {(0, pair) for pair in given_up}
        assert (quits.returns[0, lost] == -game.largest_reward).all()
        assert (quits.outcomes[0, lost] == -1).all()


def test_a_match_given_up_is_lost_whatever_the_score():
    game = make("ball_1v1")

    class LateQuitter(Quitter):
        def act(self, states, players, rng):
            actions = self.agent.act(states, players, rng)
            leads = (
                states["score"][np.arange(len(states)), players] > states["score"][np.arange(len(states)), 1 - players]
            )
            if leads.any():
                raise Forfeit(dict.fromkeys(np.flatnonzero(leads), "leads"), actions)
            return actions

    quits = play_pairs(game, LateQuitter(make_agent("scripted:L3", game), []), make_agent("random", game), 3, seed=2)
    assert set(quits.forfeits) == {(half, pair) for half in (0, 1) for pair in range(3)}
    assert quits.losses == 6
    assert (quits.goals_for > quits.goals_against).all()
    assert (quits.lengths < 450).all()


def test_impossible_requests():
    game = make("tic_tac_toe")
    with pytest.raises(ValueError, match="at least one pair"):
        play_pairs(game, RandomAgent(game), RandomAgent(game), 0, seed=0)
    with pytest.raises(ValueError, match="has no plies"):
        play_pairs(make("ball_1v1"), *[RandomAgent(make("ball_1v1"))] * 2, 1, seed=0, opening=2)
