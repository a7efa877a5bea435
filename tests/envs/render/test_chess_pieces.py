"""The chess figures: each is told from every other, and from the square it stands on."""

from itertools import combinations

import numpy as np
import pytest

from envs.render.canvas import Canvas
from envs.render.chess_board import MAPLE, WALNUT
from envs.render.chess_pieces import KINDS, figure
from tests.envs.render.test_boards import nearest_colour


@pytest.mark.parametrize("ground", [MAPLE, WALNUT])
def test_every_figure_is_told_from_every_other_on_a_small_square(ground):
    """At 24 pixels two kinds differ plainly in a fourteenth of the square at least."""
    seen = {}
    for kind in KINDS:
        for white in (True, False):
            canvas = Canvas((24, 24), ground)
            canvas.lay(figure(kind, white, 24.0))
            seen[kind, white] = canvas.picture().astype(int)
    for a, b in combinations(seen, 2):
        differing = (np.abs(seen[a] - seen[b]).max(axis=2) > 40).sum()
        assert differing > 24 * 24 / 14, (a, b)
    for which, picture in seen.items():  # and from the square, ivory on maple too, by its outline
        assert (np.abs(picture - ground).max(axis=2) > 40).mean() > 0.12, which


def test_ivory_is_light_and_ebony_dark():
    for kind in KINDS:
        white, black = (nearest_colour(_alone(kind, white), (60, 80), 12) for white in (True, False))
        assert white.mean() > 190 > 110 > black.mean(), kind


def _alone(kind: str, white: bool) -> np.ndarray:
    canvas = Canvas((120, 120), WALNUT)
    canvas.lay(figure(kind, white, 120.0))
    return canvas.picture()
