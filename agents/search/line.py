"""The principal variation: what a search expects both sides to play."""

import numpy as np

from agents.search.tree import NODE


def principal_variation(nodes: np.ndarray, action: int) -> list[int]:
    """The line that begins with an action of the root: from there on what was visited most, of those the best for
    whoever moves, as far as the tree was visited; but a proven win before all, and a proven loss after all.

    nodes [N] NODE, of one game. Raises ValueError for an action that the root has not."""
    assert nodes.dtype == NODE
    root = nodes[0]
    children = _children(nodes, root)
    chosen = np.flatnonzero(children["action"] == action)
    if not len(chosen):
        raise ValueError(f"the root of the search has no action {action}")
    line, node = [action], children[chosen[0]]
    while (children := _children(nodes, node))["visits"].any():
        side = 1 - 2 * int(node["seat"])
        visits, proven = children["visits"], children["proven"]
        means = side * children["value"] / np.maximum(visits, 1)
        order = np.lexsort((means, visits, proven != -side, proven == side, visits > 0))
        node = children[order[-1]]
        line.append(int(node["action"]))
    return line


def _children(nodes: np.ndarray, node: np.void) -> np.ndarray:
    first = int(node["first_child"])
    return nodes[first : first + int(node["num_children"])]
