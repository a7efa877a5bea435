"""The search once more, as plain recursion in Python over the verbs: slow, and easy to believe. With an evaluator that
looks at the observation alone."""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from agents.search.noise import gumbel
from agents.search.search import SearchSettings
from agents.search.simulate import rollout
from agents.search.tree import SEARCH
from envs.game import Game, is_terminal, is_truncated, observe, rewards, step
from envs.random_stream import next_uint64, randint
from tests.agents.alphabeta.positions import legal_actions

F, ZERO = np.float32, np.float32(0)


def evaluate(game: Game) -> Callable[[np.ndarray], np.ndarray]:
    """Heads [n, A + 1] that are random, but always the same for an observation."""

    def heads(observations: np.ndarray) -> np.ndarray:
        seeds = [zlib.crc32(observation.tobytes()) for observation in observations]
        rows = [np.random.default_rng(seed).uniform(-1, 1, game.num_actions + 1) for seed in seeds]
        return np.array(rows, np.float32).reshape(len(rows), game.num_actions + 1)

    return heads


@dataclass
class Node:
    action: int = -1
    prior: F = ZERO
    seat: int = -1
    visits: int = 0
    value: F = ZERO  # sum, for seat 0
    proven: bool = False
    tried: list["Node"] = field(default_factory=list)
    untried: list["Node"] = field(default_factory=list)

    def worth(self, seat: int) -> F:
        return F(1 - 2 * seat) * self.value / F(self.visits)

    def lost(self, seat: int, most: float) -> bool:
        return self.proven and self.worth(seat) <= -most


class Reference:
    """Of one game, from state [1]."""

    def __init__(self, game: Game, settings: SearchSettings, state: np.ndarray, stream: int, *, network: bool):
        self.game, self.settings, self.root = game, settings, Node()
        self.stream, self.network = np.zeros(1, SEARCH)[0], network
        self.stream["rng"] = stream
        self.heads, self.most = evaluate(game), game.largest_reward
        self.halving = network and settings.root == "gumbel"
        self.scores: dict[int, F] = {}  # of the root's children, by action
        if network:
            self.visit(self.root, state.copy(), F(0))
        else:
            self.expand(self.root, state)
        wanted, made = self.schedule(), 0
        while made < settings.simulations and not self.root.proven and len(self.children) > 1:
            self.wanted = next(wanted)
            self.visit(self.root, state.copy(), F(0))
            made += 1

    @property
    def children(self) -> list[Node]:
        return self.root.tried + self.root.untried

    def visit(self, node: Node, state: np.ndarray, paid: F) -> tuple[F, bool]:
        """One more visit, `paid` having been got by coming here: what it was worth, and whether that is certain."""
        exact = node.proven
        if exact:
            total = node.value / F(node.visits)
        elif is_terminal(state[0]) or is_truncated(state[0]):
            total, exact = paid, True
        elif node.visits == 0 and (node is not self.root or self.network):
            total = paid + self.judge(node, state)
        else:
            if not node.tried and not node.untried:
                self.expand(node, state)
            child, payment = self.choose(node), np.zeros(2, np.float32)
            step(state[0], child.action)
            rewards(state[0], payment)
            total, exact = self.visit(child, state, payment[0])
            if exact and child.worth(node.seat) < self.most:
                exact = not node.untried and all(other.proven for other in node.tried)
                if exact:
                    total = F(1 - 2 * node.seat) * max(other.worth(node.seat) for other in node.tried)
            total += paid
        node.visits += 1
        node.proven = exact
        node.value = total * F(node.visits) if exact else node.value + total
        return total, exact

    def expand(self, node: Node, state: np.ndarray) -> None:
        node.seat = int(state["current_player"][0])
        node.untried = [Node(action) for action in legal_actions(self.game, state[0])]

    def judge(self, node: Node, state: np.ndarray) -> F:
        if not self.network:
            state["rng"] = next_uint64(self.stream)
            return F(rollout(state[0], np.zeros(2, np.float32), np.zeros(self.game.num_actions, np.bool_)))
        self.expand(node, state)
        seen = np.zeros((1, *self.game.observation_shape), self.game.observation_dtype)
        observe(state[0], node.seat, seen[0])
        *logits, value = self.heads(seen)[0]
        weights = np.exp(np.array([logits[child.action] for child in node.untried], np.float32) - F(max(logits)))
        for child, prior in zip(node.untried, weights / weights.sum(), strict=True):
            child.prior = prior
        likeliest = int(np.argmax(weights))
        node.untried[0], node.untried[likeliest] = node.untried[likeliest], node.untried[0]
        if node is self.root and self.halving:
            for child in node.untried:
                noise = F(self.settings.gumbel_scale) * F(gumbel(self.stream)) if self.settings.gumbel_scale else F(0)
                self.scores[child.action] = np.log(child.prior) + noise
        return value if node.seat == 0 else -value

    def choose(self, node: Node) -> Node:
        if not self.network:
            return self.upper_confidence(node)
        if node is self.root and self.halving:
            considered = sorted(self.children, key=lambda child: -self.scores[child.action])[: self.settings.considered]
            scale = F(self.settings.visit_offset + max(child.visits for child in considered)) / F(2 * self.most)
            candidates = [child for child in considered if child.visits == self.wanted]
            chosen = max(candidates, key=lambda child: (
                self.scores[child.action] + scale * (child.worth(node.seat) if child.visits else F(0))
            ))  # fmt: skip
        else:
            scale = F(self.settings.exploration * self.most) * np.sqrt(F(node.visits))
            scores = [
                child.worth(node.seat) + scale * child.prior / F(1 + child.visits)
                if not child.lost(node.seat, self.most)
                else -math.inf
                for child in node.tried
            ]
            scores += [node.worth(node.seat) + scale * child.prior for child in node.untried]
            chosen = (node.tried + node.untried)[int(np.argmax(scores))]
        if chosen in node.untried:
            node.untried.remove(chosen)
            node.tried.append(chosen)
        return chosen

    def upper_confidence(self, node: Node) -> Node:
        if node.untried:
            index = randint(self.stream, len(node.untried))
            node.untried[0], node.untried[index] = node.untried[index], node.untried[0]
            node.tried.append(node.untried.pop(0))
            return node.tried[-1]
        scale = F(self.settings.exploration * self.most) * np.sqrt(np.log(F(node.visits)))
        scores = [
            child.worth(node.seat) + scale / np.sqrt(F(child.visits))
            if not child.lost(node.seat, self.most)
            else -math.inf
            for child in node.tried
        ]
        return node.tried[int(np.argmax(scores))]

    def schedule(self) -> Iterator[int]:
        """Of sequential halving: how many visits the action has had that is visited next."""
        left, rounds = min(self.settings.considered, len(self.children)), 0
        phases = max(1, math.ceil(math.log2(left)))
        while True:
            for _ in range(max(1, self.settings.simulations // (phases * left))):
                yield from [rounds] * left
                rounds += 1
            left = max(2, left // 2)
