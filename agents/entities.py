"""Observations that are sets: how one network reads games of any team size. Imports nothing heavy.

[n, C] float: n rows, 2 or more, as the game has it; C columns, the same in every size:

row 0     whoever looks, and all that is no thing on the pitch (time left); its columns mean what the game likes
row 1..   one thing each, in any order. Columns KIND.. are its kind, one-hot of KINDS: ball, team-mate, opponent. A row
          without a kind is a thing that is not there, or not seen; the other columns are the game's

The order within a kind says nothing to the network, nor does the number of rows change what it is made of.
"""

import re

KIND = 4  # after position and velocity
KINDS = 3


def row_size(observation_shape: tuple[int, ...]) -> int:
    """C. Raises ValueError for an observation that is no such set."""
    if len(observation_shape) != 2 or observation_shape[0] < 2 or observation_shape[1] < KIND + KINDS:
        raise ValueError(
            f"wants an observation of rows, [n, C] with n of 2 or more and C of {KIND + KINDS} or more, not "
            f"{list(observation_shape)}"
        )
    return observation_shape[1]


def any_size(game_id: str) -> str:
    """What the ids of games that differ in the team size alone have in common: ball_KvK for ball_2v2."""
    return re.sub(r"(?<!\d)(\d+)v\1(?!\d)", "KvK", game_id)
