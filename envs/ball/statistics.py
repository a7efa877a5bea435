"""What each team did, counted by the rules themselves where the setting `statistics` is on; off, it costs nothing.

    game = make("ball_2v2", mode="match", statistics=True)
    ...
    summary(batch.states)["passes_completed"]            # [B, 2], of team 0 and team 1

touches            contacts and kicks of a player who had not touched the ball for 0.2 s
possession         share of the decisions after which the team was the last to touch the ball
passes             kicks, not shots, that send the ball within 20° of a team-mate it can reach; completed if another of
                   the team touches it next, an interception of the other team's if an opponent does
shots              kicks towards the goal line that get there and would cross it in the goal or within half a goal's
                   width beside it; on target: in the goal, were nobody in the way
saves              touches of a shot on target by the other team
tackles            touches (as above) of a ball that an opponent had, not kicked and not lost for more than a second
goals, own_goals   goals for the team, own goals of the other included; goals that the team scored against itself
distance           m that all its players ran together
spread             m, mean distance of its players from their centre
ball_progress      m that the ball came forward while the team had it
final_third        share of the decisions after which the ball lay in the last third before the other's goal
resets             stuck balls put on the centre spot; the same for both

All who touch the ball in one physics step touch it at once, so that the order of the seats favours nobody. Where both
teams do, it stays with the team that had it; a pass is then neither completed nor intercepted, and what both kick at
once is neither a pass nor a shot.
"""

import math

import numpy as np

from envs.ball.compiled import compiled

NEVER = -(10**9)  # by `clock`, longer ago than any touch
NO_KICK, ELSEWHERE, PASS, SHOT_ON_TARGET = 0, 1, 2, 3  # the last kick, until the next touch; ELSEWHERE: another one
PASS_CONE = math.cos(math.radians(20.0))
OUT_OF_TOUCH = 0.2  # s without contact, then the next is a touch of its own: a dribbled ball bounces
LOST = 1.0  # s without contact, then the ball is nobody's to be tackled off
COUNTS = ("touches", "passes", "passes_completed", "interceptions", "shots", "shots_on_target", "saves", "tackles")
NAMES = ("possession", *COUNTS, "goals", "own_goals", "distance", "spread", "ball_progress", "final_third", "resets")


def statistics_dtype(players: int) -> np.dtype:
    """Sums of each team, and what is remembered to count them; P seats."""
    return np.dtype([
        *((name, np.int32, 2) for name in COUNTS),
        ("possession", np.int32, 2),              # decisions
        ("final_third", np.int32, 2),             # decisions
        ("distance", np.float64, 2),              # m
        ("spread", np.float64, 2),                # m, summed over decisions
        ("ball_progress", np.float64, 2),         # m
        ("holder", np.int8),                      # the seat that touched the ball last; -1: nobody since the start
        ("held_at", np.int32),                    # when, in physics steps by `clock`
        ("touching", np.int8, players),           # 1: touches the ball in this physics step
        ("touched_at", np.int32, players),        # when each seat touched the ball last, by `clock`; NEVER
        ("kick", np.int8),                        # NO_KICK, PASS, ...
        ("kicked_at", np.int32),                  # by `clock`
        ("before", np.float64, (players + 1, 2)),  # m, where the bodies were after the last decision
    ], align=True)  # fmt: skip


@compiled
def begin_count(state):
    """All sums 0, at the start of a game."""
    s = state.statistics
    for team in range(2):
        s.touches[team] = s.passes[team] = s.passes_completed[team] = s.interceptions[team] = 0
        s.shots[team] = s.shots_on_target[team] = s.saves[team] = s.tackles[team] = 0
        s.possession[team] = s.final_third[team] = 0
        s.distance[team] = s.spread[team] = s.ball_progress[team] = 0.0


@compiled
def begin_play(state):
    """Play begins, or goes on after the ball was moved: nobody has it, and nobody ran to where he is."""
    s = state.statistics
    s.holder, s.held_at, s.kick, s.kicked_at = -1, NEVER, NO_KICK, NEVER
    s.touching[:] = 0
    s.touched_at[:] = NEVER
    s.before[:] = state.position


@compiled
def count_touches(state):
    """The players marked in `touching` are in contact with the ball in this physics step, or kick it."""
    s, dt = state.statistics, state.world.dt
    team_size = state.kick_asked.shape[0] // 2
    owner = s.holder // team_size if s.holder >= 0 else -1
    first_0 = first_1 = -1  # of each team that touches it, the holder, or else the lowest seat
    another = fresh_opponent = False
    for seat in range(2 * team_size):
        if s.touching[seat] == 0:
            continue
        s.touching[seat] = 0
        team = seat // team_size
        fresh = (state.clock - s.touched_at[seat]) * dt > OUT_OF_TOUCH
        s.touched_at[seat] = state.clock
        s.touches[team] += fresh
        another |= seat != s.holder
        fresh_opponent |= fresh and team != owner
        if team == 0:
            first_0 = seat if first_0 < 0 or seat == s.holder else first_0
        else:
            first_1 = seat if first_1 < 0 or seat == s.holder else first_1
    ours, theirs = (first_1, first_0) if owner == 1 else (first_0, first_1)
    if owner >= 0 and another:
        if s.kick == PASS and theirs < 0:
            s.passes_completed[owner] += 1
        elif s.kick == PASS and ours < 0:
            s.interceptions[1 - owner] += 1
        elif s.kick == SHOT_ON_TARGET and theirs >= 0:
            s.saves[1 - owner] += 1
        elif s.kick == NO_KICK and fresh_opponent and (state.clock - s.held_at) * dt <= LOST:
            s.tackles[1 - owner] += 1
    if another or state.clock > s.kicked_at:
        s.kick = NO_KICK
    if owner < 0 and ours >= 0 and theirs >= 0:
        return  # both at once, of a ball that nobody had
    s.holder, s.held_at = ours if ours >= 0 else theirs, state.clock


@compiled
def count_kicks(state):
    """The players marked in `touching` have kicked the ball, which now moves as they left it."""
    s, world = state.statistics, state.world
    ball = state.position.shape[0] - 1
    team_size = ball // 2
    kicked_0 = kicked_1 = False
    for seat in range(team_size):
        kicked_0 |= s.touching[seat] != 0
        kicked_1 |= s.touching[team_size + seat] != 0
    if not (kicked_0 or kicked_1):
        return
    count_touches(state)
    s.kick, s.kicked_at = ELSEWHERE, state.clock
    team = 0 if kicked_0 else 1
    forward = 1.0 if team == 0 else -1.0
    x, y = forward * state.position[ball, 0], forward * state.position[ball, 1]
    vx, vy = forward * state.velocity[ball, 0], forward * state.velocity[ball, 1]
    speed = math.sqrt(vx * vx + vy * vy)
    if speed == 0 or (kicked_0 and kicked_1):
        return
    reach = _roll(speed, -math.log(world.decay[ball]) / world.dt, world.rolling_loss / world.dt)
    if vx > 0:
        ahead = world.half_length - x
        crossing = abs(y + vy / vx * ahead)
        if ahead * speed <= reach * vx and crossing < 2 * world.half_goal:
            s.shots[team] += 1
            if crossing < world.half_goal:
                s.shots_on_target[team] += 1
                s.kick = SHOT_ON_TARGET
            return
    for mate in range(team * team_size, (team + 1) * team_size):
        if mate == s.holder:
            continue
        to_x, to_y = forward * state.position[mate, 0] - x, forward * state.position[mate, 1] - y
        distance = math.sqrt(to_x * to_x + to_y * to_y)
        if distance <= reach and to_x * vx + to_y * vy >= PASS_CONE * distance * speed:
            s.passes[team] += 1
            s.kick = PASS
            return


@compiled
def _roll(speed, drag, rolling):
    """m that a ball rolls until it stops: the integral of v / (drag v + rolling) from 0 to its speed."""
    if drag <= 1e-9:
        return 0.5 * speed * speed / rolling if rolling > 0 else np.inf
    if rolling <= 0:
        return speed / drag
    return speed / drag - rolling / (drag * drag) * math.log1p(drag * speed / rolling)


@compiled
def count_decision(state):
    """After a decision, before anything is put elsewhere."""
    s, position = state.statistics, state.position
    ball = position.shape[0] - 1
    team_size = ball // 2
    third = state.world.half_length / 3
    if position[ball, 0] > third:
        s.final_third[0] += 1
    elif position[ball, 0] < -third:
        s.final_third[1] += 1
    if s.holder >= 0:
        team = s.holder // team_size
        s.possession[team] += 1
        came = position[ball, 0] - s.before[ball, 0]
        s.ball_progress[team] += came if team == 0 else -came
    for team in range(2):
        x = y = 0.0
        for seat in range(team * team_size, (team + 1) * team_size):
            dx, dy = position[seat, 0] - s.before[seat, 0], position[seat, 1] - s.before[seat, 1]
            s.distance[team] += math.sqrt(dx * dx + dy * dy)
            x, y = x + position[seat, 0], y + position[seat, 1]
        x, y, spread = x / team_size, y / team_size, 0.0
        for seat in range(team * team_size, (team + 1) * team_size):
            dx, dy = position[seat, 0] - x, position[seat, 1] - y
            spread += math.sqrt(dx * dx + dy * dy)
        s.spread[team] += spread / team_size
    for body in range(ball + 1):
        s.before[body, 0], s.before[body, 1] = position[body, 0], position[body, 1]


def summary(states: np.ndarray) -> dict[str, np.ndarray]:
    """What both teams did in each game so far, by NAMES: [B, 2] float64, in the units of the module's docstring."""
    s = states["statistics"]
    decisions = np.maximum(states["decision"], 1)[:, None]
    values = {name: s[name].astype(np.float64) for name in COUNTS}
    had = s["possession"].sum(axis=1, keepdims=True)
    values["possession"] = s["possession"] / np.maximum(had, 1)
    values["final_third"] = s["final_third"] / decisions
    values["spread"] = s["spread"] / decisions
    values["distance"], values["ball_progress"] = s["distance"].copy(), s["ball_progress"].copy()
    values["goals"], values["own_goals"] = states["score"].astype(np.float64), states["own_goals"].astype(np.float64)
    values["resets"] = np.repeat(states["ball_resets"][:, None], 2, axis=1).astype(np.float64)
    return {name: values[name] for name in NAMES}
