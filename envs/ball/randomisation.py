"""Domain randomisation: what each episode draws from the ranges in the settings, and the noise of each decision.

    make("ball_2v2", ball_mass_factor=(0.5, 2.0), action_delay=(0, 2), observation_noise=(0.0, 0.05))

An episode draws evenly between the two ends of each range; ends that are equal draw nothing, and by default all are
off.
What belongs to players is drawn for each player, and both teams get the same, player by player, unless `same_draw` is
off; then the noise of a decision is the same for both, too, in their own frames, so that the game rotated by 180° with
the teams swapped still goes exactly the rotated way.

Source       Tobin et al., "Domain randomization for transferring deep neural networks from simulation to the real
             world" (IROS 2017); delays, noise and pushes as in OpenAI et al., "Learning dexterous in-hand manipulation"
             (2018)
"""

import math

import numpy as np

from envs.ball.compiled import compiled, merged
from envs.random_stream import hashed, next_uint64, randint, uniform

# What a decision's noise is used for: the first of so many hashed words of a player.
_KICK, _PUSH, _PUSH_WAY, _BODIES = 0, 1, 2, 8
_WORDS_OF_A_BODY = 8  # four numbers, and whether it is seen
_UNSEEN = 4
_WORDS_OF_A_PLAYER = 1024  # more than 23 bodies need
_TWO_64 = 2.0**-64


def draws_dtype(players: int) -> np.dtype:
    """What an episode drew, in the settings' units."""
    return np.dtype([
        ("ball_mass", np.float64),                     # factor
        ("ball_drag", np.float64),                     # factor
        ("restitution", np.float64),                   # factor
        ("pitch_size", np.float64),                    # factor
        ("player_speed", np.float64, players),         # factor
        ("player_drive", np.float64, players),         # factor
        ("kick_speed", np.float64, players),           # factor
        ("kick_angle_noise", np.float64, players),     # degrees
        ("action_delay", np.int32, players),           # decisions
        ("observation_noise", np.float64, players),    # standard deviation
        ("observation_dropout", np.float64, players),  # probability
        ("push_rate", np.float64, players),            # 1/s
    ], align=True)  # fmt: skip


@compiled
def draw_episode(state):
    """Fill `state.draws` from the ranges in the settings."""
    settings, draws = state.settings, state.draws
    team_size = state.kick_asked.shape[0] // 2
    draws.ball_mass = _between(state, settings.ball_mass_factor)
    draws.ball_drag = _between(state, settings.ball_drag_factor)
    draws.restitution = _between(state, settings.restitution_factor)
    draws.pitch_size = _between(state, settings.pitch_size_factor)
    for seat in range(2 * team_size):
        if seat >= team_size and settings.same_draw:
            other = seat - team_size
            draws.player_speed[seat] = draws.player_speed[other]
            draws.player_drive[seat] = draws.player_drive[other]
            draws.kick_speed[seat] = draws.kick_speed[other]
            draws.kick_angle_noise[seat] = draws.kick_angle_noise[other]
            draws.action_delay[seat] = draws.action_delay[other]
            draws.observation_noise[seat] = draws.observation_noise[other]
            draws.observation_dropout[seat] = draws.observation_dropout[other]
            draws.push_rate[seat] = draws.push_rate[other]
            continue
        draws.player_speed[seat] = _between(state, settings.player_speed_factor)
        draws.player_drive[seat] = _between(state, settings.player_drive_factor)
        draws.kick_speed[seat] = _between(state, settings.kick_speed_factor)
        draws.kick_angle_noise[seat] = _between(state, settings.kick_angle_noise)
        low, high = settings.action_delay[0], settings.action_delay[1]
        draws.action_delay[seat] = low + (randint(state, high - low + 1) if high > low else 0)
        draws.observation_noise[seat] = _between(state, settings.observation_noise)
        draws.observation_dropout[seat] = _between(state, settings.observation_dropout)
        draws.push_rate[seat] = _between(state, settings.push_rate)


@compiled
def _between(state, ends):
    return ends[0] + uniform(state) * (ends[1] - ends[0]) if ends[1] > ends[0] else ends[0]


@compiled
def draw_noise(state):
    """The bits from which the coming decision's noise is made; observing changes nothing, however often it is done."""
    if state.world.noisy:
        state.noise = next_uint64(state)


@merged
def _word(state, seat, index):
    """64 random bits of this decision for a seat, or for its place in both teams where they draw the same."""
    place = seat % (state.kick_asked.shape[0] // 2) if state.settings.same_draw else seat
    return hashed(state.noise, place * _WORDS_OF_A_PLAYER + index)


@merged
def _chance(word):
    return np.float64(word) * _TWO_64  # in [0, 1]


@merged
def _normal(word):
    """About normal, mean 0, variance 1, within 3.5: the sum of the word's four 16-bit parts, standardised."""
    low16, sixteen = np.uint64(0xFFFF), np.uint64(16)
    total = np.float64(word & low16)
    for _ in range(3):
        word = word >> sixteen
        total += np.float64(word & low16)
    return (total / 65535.0 - 2.0) * math.sqrt(3.0)


@compiled
def kick_turn(state, seat):
    """rad that a kick of this seat goes astray in this decision."""
    return state.world.kick_angle_noise[seat] * _normal(_word(state, seat, _KICK))


@compiled
def push_players(state):
    """Give some players a push, at the beginning of a decision."""
    players = state.kick_asked.shape[0]
    for seat in range(players):
        if _chance(_word(state, seat, _PUSH)) >= state.world.push_rate[seat]:
            continue
        way = 2 * math.pi * _chance(_word(state, seat, _PUSH_WAY))
        push = state.settings.push_speed if seat < players // 2 else -state.settings.push_speed
        state.velocity[seat, 0] += push * math.cos(way)
        state.velocity[seat, 1] += push * math.sin(way)


@merged
def blur(state, player, position, velocity, position_unit, velocity_unit):
    """Where the bodies seem to be to the player, noise included: position and velocity, [N, 2] at least, are filled.

    The units are those of the observation, in m and m/s."""
    players = state.kick_asked.shape[0]
    level = state.world.observation_noise[player] if player < players // 2 else -state.world.observation_noise[player]
    metres, speed = level * position_unit, level * velocity_unit
    for body in range(players + 1):
        first = _BODIES + _WORDS_OF_A_BODY * _own_order(body, player, players)
        for axis in range(2):
            position[body, axis], velocity[body, axis] = state.position[body, axis], state.velocity[body, axis]
            if level != 0:
                position[body, axis] += metres * _normal(_word(state, player, first + axis))
                velocity[body, axis] += speed * _normal(_word(state, player, first + 2 + axis))


@merged
def unseen(state, player, body):
    """Whether the player does not see this other body in this decision."""
    chance = state.world.observation_dropout[player]
    if chance <= 0:
        return False
    players = state.kick_asked.shape[0]
    index = _BODIES + _WORDS_OF_A_BODY * _own_order(body, player, players) + _UNSEEN
    return _chance(_word(state, player, index)) < chance


@merged
def _own_order(body, player, players):
    """Bodies as a player counts them: its own team, then the other, then the ball."""
    if body == players or player < players // 2:
        return body
    return (body + players // 2) % players
