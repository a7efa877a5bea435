"""A study that never ran, with numbers that are known."""

from typing import Any

import numpy as np

SHARES = (0.1, 0.25, 0.5, 1.0)
ENDS = {"search": 5.0, "ppo": 14.0, "solver": 10.0, "alphabeta": 16.0, "warm": 6.0}
KINDS = {"search": "self-play", "ppo": "self-play", "warm": "warm start"}


def results(seeds: int = 5, noise: float = 0.3, **changes: Any) -> dict[str, Any]:
    """Self-play falls towards its end along a straight line in the logarithm of the cost; labels are at theirs soon."""
    rng = np.random.default_rng(0)
    points = []
    for arm, end in ENDS.items():
        for seed in range(seeds):
            for share in SHARES:
                steep = 12.0 if KINDS.get(arm) else 2.0
                mistakes = end - steep * np.log10(share) + noise * rng.normal()
                scores = {
                    "mistakes": mistakes, "mistakes_64": mistakes / 2, "rating": 1000 - 20 * mistakes,
                    "value_error": 0.1 + mistakes / 100, "expert_accuracy": 80 - mistakes,
                    "mistakes/first third": mistakes + 2, "mistakes/second third": mistakes,
                    "mistakes/last third": mistakes - 2,
                }  # fmt: skip
                cost = {"minutes": 6 * share, "flops": 1e12 * share, "gradient_steps": 5000 * share, "labels": 1.0}
                points.append({"arm": arm, "seed": seed, "share": share, "cost": cost, "scores": scores})
    metric = {"label": "mistakes, network alone", "better": "lower", "unit": "%"}
    return {
        "format": "bitterball study 1", "name": "synthetic", "title": "A study that never ran",
        "question": "Does the report say what its numbers say?", "game": "connect_four", "quick": False,
        "made": {"time": "2026-01-01T00:00:00+00:00", "git": None}, "config": "name: synthetic\n",
        "cost": {"unit": "minutes", "budget": 6.0},
        "metrics": {
            "mistakes": metric,
            "mistakes_64": metric | {"label": "mistakes, with 64 simulations"},
            "rating": {"label": "rating", "better": "higher", "unit": "Elo"},
            "value_error": {"label": "value error against exact play", "better": "lower", "unit": "squared"},
            "expert_accuracy": {"label": "the expert's moves foretold", "better": "higher", "unit": "%"},
            **{f"mistakes/{third} third": metric for third in ("first", "second", "last")},
        },
        "primary": "mistakes",
        "arms": {
            arm: {
                "kind": KINDS.get(arm, "supervised"), "label": f"{arm} arm", "about": "",
                "labels": None if arm in ("search", "ppo") else {"source": "made", "count": 8000, "digest": "0" * 64},
            }
            for arm in ENDS
        },
        "points": points,
        "references": [{"label": "random play", "scores": {"mistakes": 34.5}}],
        "claims": [
            {"text": "search passes all labels", "metric": "mistakes", "better": ["search"],
             "than": ["solver", "alphabeta"], "by": 0.0},
            {"text": "PPO passes exact labels", "metric": "mistakes", "better": ["ppo"], "than": ["solver"], "by": 0.0},
        ],
        "sweeps": [
            {"title": "More labels", "x": "labels", "series": [
                {"label": "solver", "points": [
                    {"x": x, "seed": seed, "scores": {"mistakes": 30 - 5 * np.log10(x) + seed / 10}}
                    for x in (2000, 8000, 32000) for seed in range(3)
                ]}
            ]}
        ],
        "scaling": {"x": "flops", "y": "rating", "series": [
            {"label": f"width {width}", "points": [
                {"x": x * width / 64, "seed": seed, "y": 300 * np.log10(x) - abs(width - 64)}
                for x in (1e10, 1e11, 1e12) for seed in range(2)
            ]}
            for width in (32, 64, 128)
        ]},
        "paired": [], "disagreements": [], "failed": [], "missing": [],
    } | changes  # fmt: skip
