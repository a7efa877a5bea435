"""Exact best responses: values that are known, OpenSpiel's, and those of small programs of another kind."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.agent import RandomAgent
from agents.best_response import TooManyPositions, exploitability, exploitability_in, positions_of
from agents.names import make_agent
from agents.network import PolicyValueNetwork
from agents.network_agent import NetworkAgent
from envs import make
from envs.batch import Batch, mask_rows
from tests.agents.small_games import DICE, FORGETFUL, MATCHING, Strategies
from tests.envs.cards import kuhn
from tests.envs.cards.test_open_spiel import along
from tests.envs.cards.tree import levels, value

KUHN, LEDUC = make("kuhn_poker"), make("leduc_poker")
TIC_TAC_TOE, NIM = make("tic_tac_toe"), make("tests.own_game.nim:nim")


@pytest.mark.parametrize(
    ("game", "nash_conv", "positions"),
    [(KUHN, 11 / 12, 54), (LEDUC, 4.747222222222222, 10_200), (TIC_TAC_TOE, 1.919659391534391, 5_478)],
    ids=lambda part: getattr(part, "id", None),
)
def test_playing_at_random_costs_what_open_spiel_publishes(game, nash_conv, positions):
    """11/12 and 4.747 are in OpenSpiel's exploitability_test.py, the third is pyspiel.nash_conv's; 5,478 positions of
    tic-tac-toe are well known."""
    found = exploitability(RandomAgent(game), game)
    assert found.nash_conv == pytest.approx(nash_conv)
    assert found.exploitability == pytest.approx(nash_conv / 2)
    assert found.positions == positions


@pytest.mark.parametrize("alpha", [0, 1 / 6, 1 / 3])
def test_kuhn_s_equilibria_cannot_be_exploited(alpha):
    found = exploitability(Strategies(KUHN, kuhn.first(alpha), kuhn.second()), KUHN)
    assert found.policy_values == pytest.approx((-1 / 18, 1 / 18))
    assert found.best_response_values == pytest.approx((-1 / 18, 1 / 18))
    assert abs(found.exploitability) < 1e-12


chances = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])


@settings(max_examples=15, deadline=None)
@given(st.lists(chances, min_size=12, max_size=12))
def test_at_kuhn_poker_no_pure_strategy_takes_more_and_one_takes_as_much(bets):
    """Against all 64 of either seat, played out by tests/envs/cards/tree.py."""
    first, second = (
        kuhn.strategy(dict(zip(places, half, strict=True)))
        for places, half in zip(kuhn.PLACES, (bets[:6], bets[6:]), strict=True)
    )
    found = exploitability(Strategies(KUHN, first, second), KUHN)
    assert found.policy_values[0] == pytest.approx(value(KUHN, (first, second)))
    most = max(value(KUHN, (mine, second)) for mine in PURE[0])
    least = min(value(KUHN, (first, theirs)) for theirs in PURE[1])
    assert found.best_response_values == pytest.approx((most, -least))


PURE = [list(kuhn.pure(seat)) for seat in (0, 1)]


@pytest.mark.parametrize(("game", "examples"), [(KUHN, 20), (LEDUC, 3)], ids=lambda part: getattr(part, "id", None))
def test_random_policies_cost_what_open_spiel_says(game, examples):
    """Its Leduc tells suits apart: 936 information states, of which those that differ in suits get the same policy."""
    pyspiel = pytest.importorskip("pyspiel")
    from open_spiel.python import policy
    from open_spiel.python.algorithms.exploitability import nash_conv

    reference = pyspiel.load_game(game.id)
    names: dict[str, tuple[bytes, np.ndarray]] = {}  # theirs: what our seat sees, and what it may do
    for batch, all_moves in levels(game):
        for row in np.flatnonzero(batch.masks.any(axis=1)):
            state = along(reference, batch.states["cards"][row].tolist(), all_moves[row])
            names[state.information_state_string()] = batch.observations[row].tobytes(), batch.masks[row].copy()
    found = positions_of(game)
    for seed in range(examples):
        rng = np.random.default_rng(seed)
        drawn = {seen: rng.dirichlet(np.full(mask.sum(), 0.5)) for seen, mask in names.values()}
        masks = dict(names.values())

        def strategy(seen: bytes, drawn=drawn, masks=masks) -> np.ndarray:
            row = np.zeros(game.num_actions)
            row[masks[seen]] = drawn[seen]
            return row

        theirs = policy.TabularPolicy(reference)
        for name, (seen, _) in names.items():
            theirs.policy_for_key(name)[:] = strategy(seen)
        ours = exploitability_in(Strategies(game, strategy, strategy), game, found)
        wanted = nash_conv(reference, theirs, return_only_nash_conv=False)
        assert ours.nash_conv == pytest.approx(wanted.nash_conv)
        assert ours.best_response_values == pytest.approx([
            gain + own for gain, own in zip(wanted.player_improvements, ours.policy_values, strict=True)
        ])  # fmt: skip


LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def has_line(board: str, mark: str) -> bool:
    return any(all(board[cell] == mark for cell in line) for line in LINES)


def put(board: str, cell: int, mark: str) -> str:
    return board[:cell] + mark + board[cell + 1 :]


def one_ply_moves(board: str, mark: str) -> list[int]:
    """Wins, else what leaves the opponent no win, else anything."""
    other, free = "ox"[mark == "o"], [cell for cell in range(9) if board[cell] == "."]
    wins = [cell for cell in free if has_line(put(board, cell, mark), mark)]
    safe = [cell for cell in free if not any(
        put(board, cell, mark)[reply] == "." and has_line(put(put(board, cell, mark), reply, other), other)
        for reply in range(9)
    )]  # fmt: skip
    return wins or safe or free


def random_moves(board: str, mark: str) -> list[int]:
    return [cell for cell in range(9) if board[cell] == "."]


@pytest.mark.parametrize(("name", "moves"), [("random", random_moves), ("one_ply", one_ply_moves)])
def test_tic_tac_toe_worked_out_on_strings_in_fractions(name, moves):
    @cache
    def best(board: str, mark: str, responder: str) -> Fraction:
        if has_line(board, "x") or has_line(board, "o"):
            return Fraction(1 if has_line(board, responder) else -1)
        free = random_moves(board, mark)
        if not free:
            return Fraction(0)
        after = {cell: best(put(board, cell, mark), "ox"[mark == "o"], responder) for cell in free}
        if mark == responder:
            return max(after.values())
        drawn = moves(board, mark)
        return sum((after[cell] for cell in drawn), Fraction(0)) / len(drawn)

    found = exploitability(make_agent(name, TIC_TAC_TOE), TIC_TAC_TOE)
    assert found.best_response_values == pytest.approx([float(best("." * 9, "x", seat)) for seat in "xo"])


class Bouton(RandomAgent):
    """Plays Nim by theory: leaves heaps whose exclusive or is 0, where it can (Bouton 1901)."""

    name = "bouton"

    def probabilities(self, states: np.ndarray, players: np.ndarray) -> np.ndarray:
        masks = mask_rows(self.game, states, players)
        for row, heaps in enumerate(states["heaps"].astype(int)):
            total = np.bitwise_xor.reduce(heaps)
            for heap in range(3):
                take = heaps[heap] - (heaps[heap] ^ total)
                if total and take > 0:
                    masks[row] = False
                    masks[row, 5 * heap + take - 1] = True
        return masks / masks.sum(axis=1, keepdims=True)


def test_nim_played_by_theory_cannot_be_exploited():
    found = exploitability(Bouton(NIM), NIM)
    assert found.policy_values == pytest.approx((1, -1))
    assert found.best_response_values == pytest.approx((1, -1))
    assert exploitability(RandomAgent(NIM), NIM).best_response_values[0] == pytest.approx(1)


def test_one_move_for_all_that_looks_alike_also_where_the_other_has_moved_more_often():
    """Whoever saw seat 0's pick would win 1; a guess against an even pick wins nothing, and 3/5 against 4 to 1."""
    assert exploitability(RandomAgent(MATCHING), MATCHING).best_response_values == (0, 0)
    often = Strategies(MATCHING, lambda seen: np.array([0.2, 0.8]), lambda seen: np.array([0.5, 0.5]))
    assert exploitability(often, MATCHING).best_response_values == pytest.approx((0, 0.6))


def network(game, seed: int = 0) -> PolicyValueNetwork:
    rng = np.random.default_rng(seed)
    made = PolicyValueNetwork(int(np.prod(game.observation_shape)), game.num_actions, hidden=(16,))
    for weight in made.parameters():
        weight.data[:] = weight.data.new_tensor(rng.normal(size=tuple(weight.shape)))
    return made


@pytest.mark.parametrize("kind", ["random", "one_ply", "sampled", "greedy"])
def test_agents_play_with_the_probabilities_that_they_tell(kind):
    """20,000 draws in each of eight positions: the share of an action is off by less than 0.02 (five sigma: 0.018)."""
    game, draws = TIC_TAC_TOE, 20_000
    batch = Batch(game, 8, seed=1, opening_plies=5)
    if kind in ("sampled", "greedy"):
        agent = NetworkAgent(network(game), game, greedy=kind == "greedy")
    else:
        agent = make_agent(kind, game)
    players = batch.states["current_player"].astype(np.int64)
    told = agent.probabilities(batch.states, players)
    assert told.dtype == np.float64
    assert np.allclose(told.sum(axis=1), 1, atol=1e-12)
    assert not told[~batch.masks].any()
    actions = agent.act(np.repeat(batch.states, draws), np.repeat(players, draws), np.random.default_rng(0))
    shares = np.stack([np.bincount(row, minlength=9) / draws for row in actions.reshape(8, draws)])
    assert np.abs(shares - told).max() < (0.02 if kind != "greedy" else 1e-12)


def test_a_network_at_cards_is_judged_by_what_it_sees():
    """The same as its probabilities written down, one row for all that looks alike."""
    agent = NetworkAgent(network(KUHN), KUHN)
    table = {}
    for batch, _ in levels(KUHN):
        told = agent.probabilities(batch.states, batch.states["current_player"].astype(np.int64))
        table |= {batch.observations[row].tobytes(): told[row] for row in np.flatnonzero(batch.masks.any(axis=1))}
    written = exploitability(Strategies(KUHN, table.__getitem__, table.__getitem__), KUHN)
    assert exploitability(agent, KUHN).nash_conv == pytest.approx(written.nash_conv)
    assert written.nash_conv > 0.1


def test_what_cannot_be_worked_out_exactly_is_refused():
    with pytest.raises(TooManyPositions, match="tic_tac_toe is too large for an exact best response: more than 5,477"):
        positions_of(TIC_TAC_TOE, 5_477)
    for game, said in ((make("ball_1v1"), "all seats move at once"), (DICE, "something to chance other than the deal"),
                       (FORGETFUL, "what seat 0 observes does not tell which moves it made")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            exploitability(RandomAgent(game), game)


def test_an_agent_that_cannot_tell_its_probabilities_or_tells_nonsense_is_refused():
    class Silent:
        name = "silent"
        act = reset = None

    with pytest.raises(ValueError, match="'silent' cannot tell how likely it plays each action"):
        exploitability(Silent(), KUHN)
    for row in ([0.5, 0.4], [1.5, -0.5], [np.nan, 1]):
        agent = Strategies(KUHN, *[lambda seen, row=row: np.array(row)] * 2)
        with pytest.raises(ValueError, match="'strategies': its probabilities are not 0 or more"):
            exploitability(agent, KUHN)
