"""What a player sees: egocentric, rotated by 180° for team 1, so that everyone attacks +x and left is left.

index   0:2    own position                 2:4    own velocity
        4:6    ball - me                    6:8    ball's velocity
        8:10   ball's velocity - mine       10:12  their goal - ball
        12:14  my goal - me                 14     kick: 1 ready, less by the share of the cooldown that is left
        15     time left, 1 to 0 (always 1 with `time_left_observed` off)
        16:    for each team-mate, nearest first, then each opponent, nearest first:
               position - mine 2, velocity - mine 2; of two equally near, the lower seat first
Units   positions / (L/2), velocities / (5 m/s), clipped to [-4, 4]
"""

from numba import njit

VELOCITY_UNIT = 5.0  # m/s, a player's top speed by default; fixed, so that a faster world looks faster
CLIP = 4.0  # reached by a ball at 17 m/s relative to a player, divided by 5, rounded up


def observation_size(team_size: int) -> int:
    return 16 + 4 * (2 * team_size - 1)


@njit(cache=True)
def observe(state, player, out):
    position, velocity, world = state.position, state.velocity, state.world
    ball = position.shape[0] - 1
    team_size = ball // 2
    own_team = player // team_size
    forward = 1.0 if own_team == 0 else -1.0  # times -1 is the rotation by 180°
    metre, speed = forward / world.half_length, forward / VELOCITY_UNIT
    x, y = position[player, 0], position[player, 1]
    vx, vy = velocity[player, 0], velocity[player, 1]
    ball_x, ball_y = position[ball, 0], position[ball, 1]
    ball_vx, ball_vy = velocity[ball, 0], velocity[ball, 1]
    goal = forward * world.half_length
    _put(out, 0, x, y, metre)
    _put(out, 2, vx, vy, speed)
    _put(out, 4, ball_x - x, ball_y - y, metre)
    _put(out, 6, ball_vx, ball_vy, speed)
    _put(out, 8, ball_vx - vx, ball_vy - vy, speed)
    _put(out, 10, goal - ball_x, -ball_y, metre)
    _put(out, 12, -goal - x, -y, metre)
    wait = state.kick_ready_at[player] - state.clock
    out[14] = 1.0 - wait / world.cooldown_steps if wait > 0 else 1.0
    out[15] = 1.0 - state.decision / world.max_decisions if state.settings.time_left_observed else 1.0
    index = 16
    for team in (own_team, 1 - own_team):
        seen = 0  # bit set of the seats already listed
        for _ in range(team_size - 1 if team == own_team else team_size):
            nearest, least = -1, 0.0
            for other in range(team * team_size, (team + 1) * team_size):
                if other == player or seen >> other & 1:
                    continue
                dx, dy = position[other, 0] - x, position[other, 1] - y
                square = dx * dx + dy * dy
                if nearest < 0 or square < least:
                    nearest, least = other, square
            seen |= 1 << nearest
            _put(out, index, position[nearest, 0] - x, position[nearest, 1] - y, metre)
            _put(out, index + 2, velocity[nearest, 0] - vx, velocity[nearest, 1] - vy, speed)
            index += 4


@njit(cache=True)
def _put(out, index, x, y, scale):
    """Write a vector, clipped; + 0.0 turns -0.0 into 0.0, so that the rotated game is seen bit for bit alike."""
    out[index] = min(max(x * scale, -CLIP), CLIP) + 0.0
    out[index + 1] = min(max(y * scale, -CLIP), CLIP) + 0.0
