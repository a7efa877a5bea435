"""Observations that are sets: how one network reads games of any team size. Imports nothing heavy.

[n, C] float, n >= 2 rows of which the game decides the number, C > KINDS columns which are the same in every size:

row 0     whoever looks, and all that is no thing on the pitch (time left); its columns mean what the game likes
row 1..   one thing each, in any order. The last KINDS columns are its kind, one-hot: ball, team-mate, opponent. A row with
          no kind is not there

The order within a kind says nothing to the network, nor does the number of rows change what it is made of.
"""

KINDS = 3


def row_size(observation_shape: tuple[int, ...]) -> int:
    """C. Raises ValueError for an observation that is no such set."""
    if len(observation_shape) != 2 or observation_shape[0] < 2 or observation_shape[1] <= KINDS:
        raise ValueError(
            f"wants an observation of rows, [n, C] with n of 2 or more and C more than {KINDS}, not "
            f"{list(observation_shape)}"
        )
    return observation_shape[1]
