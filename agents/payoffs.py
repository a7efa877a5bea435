"""Who beats whom, when it is not a line: Nash averaging of a payoff matrix, and how much of it goes round in circles.

    nash = nash_average(payoffs)        # payoffs [K, K], payoffs[i, j] = share of points of i against j, less one half
    nash.weights, nash.values

Payoffs are antisymmetric: P = -P'. A rating puts everybody on one line and predicts P_ij from r_i - r_j; what it cannot
say is that a beats b, b beats c and c beats a.

Nash average   Balduzzi, Tuyls, Perolat and Graepel, "Re-evaluating evaluation" (2018): the weights [K] are the
               equilibrium of largest entropy of the game in which two people each name a player; values = P weights,
               at most 0, and 0 for whoever has weight. Copies of a weak player change nothing, as they would change an
               average. It is found by its dual: weights ~ exp(P' m), m >= 0.
Cyclic share   of the sum of squares of P, what remains when each P_ij is predicted from row means (the same paper's
               Hodge decomposition, P = gradient + cycles): 0 for a line, 1 for rock, paper, scissors.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog, minimize


class NashAverage(NamedTuple):
    weights: np.ndarray  # [K] float64, sum 1
    values: np.ndarray  # [K] float64, a player's mean payoff against the weights; at most 0


def nash_average(payoffs: np.ndarray) -> NashAverage:
    """Raises ValueError unless payoffs are antisymmetric."""
    payoffs = _checked(payoffs)
    scale = np.abs(payoffs).max()
    if scale == 0:
        weights = np.full(len(payoffs), 1 / len(payoffs))
        return NashAverage(weights, np.zeros(len(payoffs)))
    support = _support(payoffs / scale)
    inside = payoffs[:, support] / scale

    def dual(multipliers: np.ndarray) -> tuple[float, np.ndarray]:
        """log sum exp of -inside' m, and its gradient; its minimum over m >= 0 is the largest entropy."""
        exponents = -multipliers @ inside
        top = exponents.max()
        weights = np.exp(exponents - top)
        total = weights.sum()
        return float(top + np.log(total)), -inside @ (weights / total)

    start = np.zeros(len(payoffs))
    found = minimize(dual, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start),
                     options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-10})  # fmt: skip
    exponents = -found.x @ inside
    weights = np.zeros(len(payoffs))
    weights[support] = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    return NashAverage(weights, payoffs @ weights)


def _support(payoffs: np.ndarray) -> np.ndarray:
    """[K] bool: who has weight in some equilibrium; everybody else has none in the one of largest entropy.

    The equilibria are the w >= 0, sum 1, with P w <= 0. One linear programme finds one with as many weights above zero
    as can be: maximise sum of z with z <= u, z <= 1 over u >= 0, P u <= 0, where u is w times any factor."""
    count = len(payoffs)
    objective = np.r_[np.zeros(count), -np.ones(count)]
    above = np.block([[payoffs, np.zeros((count, count))], [-np.eye(count), np.eye(count)]])
    bounds = [(0, None)] * count + [(0, 1)] * count
    found = linprog(objective, A_ub=above, b_ub=np.zeros(2 * count), bounds=bounds, method="highs")
    return np.asarray(found.x)[count:] > 1e-6


def cyclic_share(payoffs: np.ndarray) -> float:
    """0 where row means predict every payoff, 1 where they predict none."""
    payoffs = _checked(payoffs)
    total = float((payoffs**2).sum())
    if total == 0:
        return 0.0
    means = payoffs.mean(axis=1)
    cycles = payoffs - (means[:, None] - means[None, :])
    return float((cycles**2).sum()) / total


def cycles(margins: np.ndarray) -> list[tuple[int, int, int]]:
    """Every (i, j, k), i the smallest, in which i beats j, j beats k, k beats i; margins [K, K] are above 0 where the
    row's player beats the column's beyond doubt (the lower end of an interval, less one half)."""
    wins = np.asarray(margins) > 0
    triples = itertools.permutations(range(len(wins)), 3)
    return [(i, j, k) for i, j, k in triples if i < min(j, k) and wins[i, j] and wins[j, k] and wins[k, i]]


def _checked(payoffs: np.ndarray) -> np.ndarray:
    payoffs = np.asarray(payoffs, np.float64)
    if payoffs.ndim != 2 or payoffs.shape[0] != payoffs.shape[1] or not len(payoffs):
        raise ValueError(f"payoffs have shape {payoffs.shape}; they are a square, [K, K]")
    if not np.isfinite(payoffs).all() or not np.allclose(payoffs, -payoffs.T, atol=1e-9):
        raise ValueError("payoffs must be antisymmetric: what i wins from j is what j loses to i")
    return payoffs
