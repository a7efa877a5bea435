"""What stands on a policy-value network's outputs, compiled: the softmax over the legal actions, drawing, the losses of
losses.py.

heads [N, A + 1] float32: logits (not masked), then the value
"""

import numpy as np
from numba import njit

from envs import compile_cache  # noqa: F401  decides where numba keeps compiled code

NO_ACTION = np.uint16(0xFFFF)  # fills up lists of legal actions


@njit(cache=True, nogil=True, error_model="numpy")
def softmax(logits, mask, out):
    """Probabilities over the legal actions (0 elsewhere) into out [A]; returns the log of the normaliser."""
    highest = np.float32(-np.inf)
    for a in range(out.shape[0]):
        if mask[a] and logits[a] > highest:
            highest = logits[a]
    total = np.float32(0)
    for a in range(out.shape[0]):
        out[a] = np.exp(logits[a] - highest) if mask[a] else np.float32(0)
        total += out[a]
    scale = np.float32(1) / total
    for a in range(out.shape[0]):
        out[a] *= scale
    return highest + np.log(total)


@njit(cache=True, nogil=True, error_model="numpy")
def softmax_rows(heads, masks, out):
    """What `draw` draws from, but for the rounding of float32: probabilities over the legal logits of heads [N, A + 1]
    into out [N, A] float64, whose rows sum to 1. masks [N, A]."""
    probabilities = np.empty(masks.shape[1], np.float32)
    for i in range(heads.shape[0]):
        softmax(heads[i], masks[i], probabilities)
        out[i] = probabilities
        out[i] /= out[i].sum()


@njit(cache=True, nogil=True, error_model="numpy")
def draw(heads, masks, uniforms, actions, logps):
    """Draw actions [N] int32 from the softmax over the legal logits of heads [N, A + 1], with uniforms [N] in [0, 1);
    their log-probabilities go to logps [N]. masks [N, A].

    An illegal action is never drawn: rounding that leaves the sum short of the uniform falls to the last legal one.
    """
    num_actions = masks.shape[1]
    probabilities = np.empty(num_actions, np.float32)
    for i in range(heads.shape[0]):
        log_total = softmax(heads[i], masks[i], probabilities)
        left, chosen = uniforms[i], -1
        for action in range(num_actions):
            if masks[i, action]:
                chosen = action
                left -= probabilities[action]
                if left < 0:
                    break
        actions[i] = chosen
        logps[i] = heads[i, chosen] - log_total


@njit(cache=True, nogil=True, error_model="numpy")
def ppo_loss(
    heads, masks, actions, logps, advantages, targets, clip, value_coefficient, entropy_coefficient, scale, sums
):  # fmt: skip
    """Replace heads [n, A + 1] by scale times the gradient of every row's loss by them, and add to sums [4].

    Loss of a row: -min(r a, clamp(r, 1 - clip, 1 + clip) a) + value_coefficient (v - target)^2 - entropy_coefficient H,
    with r the ratio of the action's probability to that of the behaviour (Schulman et al. 2017, equation 7).
    masks has one row a sample, or a single row for all.
    """
    num_actions = heads.shape[1] - 1
    p = np.empty(num_actions, np.float32)
    one_mask = masks.shape[0] == 1
    for i in range(heads.shape[0]):
        row, mask = heads[i], masks[0 if one_mask else i]
        log_total = softmax(row, mask, p)
        change = row[actions[i]] - log_total - logps[i]
        ratio = np.exp(change)
        advantage = advantages[i]
        bounded = min(max(ratio, 1 - clip), 1 + clip)
        # d(-r a) / d logit_j = -r a (1[j = action] - p_j), nothing where the clipped term is the smaller one
        held = ratio > 1 + clip if advantage > 0 else ratio < 1 - clip
        push = np.float32(0) if held else ratio * advantage
        entropy = 0.0
        for j in range(num_actions):
            if mask[j]:
                entropy -= p[j] * (row[j] - log_total)
        sums[0] -= min(ratio * advantage, bounded * advantage)
        sums[2] += entropy
        sums[3] += ratio - 1 - change
        for j in range(num_actions):
            if mask[j]:
                gradient = push * p[j] + entropy_coefficient * p[j] * (row[j] - log_total + entropy)
                if j == actions[i]:
                    gradient -= push
                row[j] = scale * gradient
            else:
                row[j] = 0
        error = row[num_actions] - targets[i]
        sums[1] += error * error
        row[num_actions] = scale * 2 * value_coefficient * error


@njit(cache=True, nogil=True, error_model="numpy")
def search_loss(heads, actions, probabilities, targets, value_coefficient, policy_scale, scale, sums):
    """Replace heads [n, A + 1] by scale times the gradient of every row's loss by them, and add to sums [3].

    Loss of a row: policy_scale / scale sum_a P_a log(P_a / p_a) + value_coefficient (v - target)^2, with p the softmax
    over the actions [n, L] that are legal, up to NO_ACTION, and P their probabilities [n, L]."""
    num_actions, most = heads.shape[1] - 1, actions.shape[1]
    p = np.empty(most, np.float32)
    for i in range(heads.shape[0]):
        row = heads[i]
        count, highest = 0, np.float32(-np.inf)
        while count < most and actions[i, count] != NO_ACTION:
            highest = max(highest, row[actions[i, count]])
            count += 1
        total = np.float32(0)
        for j in range(count):
            p[j] = np.exp(row[actions[i, j]] - highest)
            total += p[j]
        log_total = highest + np.log(total)
        for j in range(count):
            log_p = row[actions[i, j]] - log_total
            p[j] /= total
            if probabilities[i, j] > 0:
                sums[0] += probabilities[i, j] * (np.log(probabilities[i, j]) - log_p)
            sums[2] -= p[j] * log_p
        error = row[num_actions] - targets[i]
        sums[1] += error * error
        row[:num_actions] = 0
        for j in range(count):
            row[actions[i, j]] = policy_scale * (p[j] - probabilities[i, j])
        row[num_actions] = scale * 2 * value_coefficient * error
