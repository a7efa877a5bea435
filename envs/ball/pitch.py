"""The pitch and all that is on it: settings with units and bounds, the State, and the world derived from the settings.

Axes         metres, the origin on the centre spot; x along the pitch, y to the left of someone who looks along +x
                 y = +W/2  +-----------------------------+
                           |              |              |
                 y = +G/2  o              |              o    posts: fixed discs on the ends of the goal line
              team 0's net |              +              | team 1's net
                 y = -G/2  o              |              o
                           |              |              |
                 y = -W/2  +-----------------------------+
                        x = -L/2          0          x = +L/2
Teams        seats 0..k-1 are team 0 and attack +x, seats k..2k-1 are team 1 and attack -x
Bodies       index = seat for the players, then the ball: index 2k, the last
"""

import math
from typing import Any

import numpy as np

from envs.ball.compiled import compiled
from envs.game import InvalidSetting, Setting, settings_dtype

TEAM_SIZES = tuple(range(1, 12))
TOUCH = 1e-3  # m, bodies this close touch: far under what is seen, far over what is rounded
START_GAP = 0.1  # m, the least gap between bodies, and between bodies and walls, at a random start
TIME_LIMITS = {"training": 30.0, "match": 90.0}  # s, where `time_limit` is 0
MATCH_LIMIT, TRAINING_LIMIT = TIME_LIMITS["match"], TIME_LIMITS["training"]
TRAINING, MATCH = 0, 1  # indices of the choices of `mode`

# Where a team stands at kick-off, by team size: (fraction of L, fraction of W), team 0's; team 1's is rotated by 180°.
FORMATIONS = {
    1: ((-0.2, 0.0),),
    2: ((-0.2, 0.2), (-0.2, -0.2)),
    3: ((-0.35, 0.0), (-0.15, 0.25), (-0.15, -0.25)),
    4: ((-0.38, 0.0), (-0.22, 0.27), (-0.22, -0.27), (-0.12, 0.0)),  # 1-2-1, the first the keeper
    5: ((-0.4, 0.0), (-0.26, 0.24), (-0.26, -0.24), (-0.12, 0.2), (-0.12, -0.2)),  # 1-2-2
    6: ((-0.42, 0.0), (-0.28, 0.2), (-0.28, -0.2), (-0.13, 0.3), (-0.13, 0.0), (-0.13, -0.3)),  # 1-2-3
    7: ((-0.43, 0.0), (-0.29, 0.28), (-0.31, 0.0), (-0.29, -0.28), (-0.17, 0.2), (-0.17, -0.2), (-0.08, 0.0)),  # 1-3-2-1
    8: ((-0.44, 0.0), (-0.3, 0.28), (-0.32, 0.0), (-0.3, -0.28), (-0.18, 0.28), (-0.2, 0.0), (-0.18, -0.28),
        (-0.08, 0.0)),  # 1-3-3-1
    9: ((-0.44, 0.0), (-0.3, 0.28), (-0.32, 0.0), (-0.3, -0.28), (-0.18, 0.28), (-0.2, 0.0), (-0.18, -0.28),
        (-0.08, 0.13), (-0.08, -0.13)),  # 1-3-3-2
    10: ((-0.44, 0.0), (-0.29, 0.33), (-0.31, 0.11), (-0.31, -0.11), (-0.29, -0.33), (-0.18, 0.28), (-0.19, 0.0),
         (-0.18, -0.28), (-0.08, 0.13), (-0.08, -0.13)),  # 1-4-3-2
    11: ((-0.45, 0.0), (-0.29, 0.34), (-0.31, 0.12), (-0.31, -0.12), (-0.29, -0.34), (-0.18, 0.34), (-0.19, 0.12),
         (-0.19, -0.12), (-0.18, -0.34), (-0.08, 0.13), (-0.08, -0.13)),  # 1-4-4-2
}  # fmt: skip


def schema(team_size: int) -> tuple[Setting, ...]:
    """Every setting of the game of `team_size` against `team_size`."""
    # 16 m: a player crosses in 3.4 s, and random play scores often enough for the reward to be found; the area grows
    # with the number of players
    length = round(16.0 * math.sqrt(max(team_size, 2) / 2), 2)
    return (
        Setting("mode", "training", choices=("training", "match"),
                description="training: random starts, a goal ends the game; match: kick-offs, goals are counted"),
        Setting("time_limit", 0.0, 0.0, 3600.0, description="s; 0 is the mode's own: 30 in training, 90 in a match"),
        Setting("decision_interval", 0.2, 0.02, 1.0, description="s between decisions"),
        Setting("physics_interval", 0.02, 0.001, 0.05, description="s of a physics step; divides decision_interval"),
        Setting("time_left_observed", True, description="false: the feature is always 1 (bootstrap the time limit)"),
        Setting("pitch_length", length, 8.0, 80.0, description="m"),
        Setting("pitch_aspect", 0.625, 0.4, 1.0, description="width / length"),
        Setting("goal_fraction", 0.4, 0.1, 0.8, description="goal width / pitch width"),
        Setting("post_radius", 0.08, 0.01, 0.3, description="m"),
        Setting("player_radius", 0.5, 0.2, 1.0, description="m"),
        Setting("player_mass", 5.0, 0.5, 100.0, description="kg"),
        Setting("player_drive", 14.0, 0.0, 100.0, description="m/s², the acceleration of a running player"),
        Setting("player_drag", 2.0, 0.0, 20.0, description="1/s"),
        Setting("player_max_speed", 5.0, 0.5, 20.0, description="m/s"),
        Setting("ball_radius", 0.35, 0.1, 1.0, description="m"),
        Setting("ball_mass", 0.45, 0.05, 50.0, description="kg"),
        Setting("ball_drag", 0.8, 0.0, 20.0, description="1/s"),
        Setting("ball_rolling", 0.3, 0.0, 20.0, description="m/s², constant, so that the ball truly stops"),
        Setting("ball_max_speed", 12.0, 0.5, 40.0, description="m/s"),
        Setting("kick_speed", 8.0, 0.0, 40.0, description="m/s that a kick gives the ball"),
        Setting("kick_range", 0.3, 0.0, 2.0, description="m, the widest gap between surfaces that a kick bridges"),
        Setting("kick_cooldown", 0.4, 0.0, 10.0, description="s between two kicks of a player"),
        Setting("restitution_ball_wall", 0.8, 0.0, 1.0, description="walls and posts"),
        Setting("restitution_ball_player", 0.5, 0.0, 1.0),
        Setting("restitution_player_player", 0.3, 0.0, 1.0),
        Setting("restitution_player_wall", 0.2, 0.0, 1.0, description="walls and posts"),
        Setting("kickoff_offset", 0.5, 0.0, 2.0, description="m, kick-off places vary by up to this, mirrored"),
        Setting("stuck_distance", 0.5, 0.0, 10.0, description="m; a ball that stays within it for stuck_time is stuck"),
        Setting("stuck_time", 4.0, 0.2, 600.0, description="s"),
        Setting("stuck_clearance", 1.5, 0.0, 10.0, description="m around the centre spot cleared for a stuck ball"),
        Setting("human_knowledge", "none", choices=("none", "ball_progress"),
                description="ball_progress adds c (gamma Φ' - Φ), Φ = the ball's x in the own frame / (L/2)"),
        Setting("ball_progress_weight", 0.5, 0.0, 10.0, description="c, in goals"),
        Setting("ball_progress_gamma", 0.985, 0.0, 1.0, description="gamma; use the learner's own"),
    )  # fmt: skip


def state_dtype(team_size: int) -> np.dtype:
    """The State of one size; P = 2 team_size seats, N = P + 1 bodies."""
    players, bodies = 2 * team_size, 2 * team_size + 1
    world = np.dtype([
        ("half_length", np.float64),          # m, L/2
        ("half_width", np.float64),           # m, W/2
        ("half_goal", np.float64),            # m, G/2
        ("post_radius", np.float64),          # m
        ("sight", np.float64),                # 1/m, 2/L: positions times this are observed
        ("top_speeds", np.float64),           # m/s, no two bodies differ by more
        ("dt", np.float64),                   # s, a physics step
        ("kick_speed", np.float64),           # m/s
        ("kick_reach", np.float64),           # m², of centres
        ("rolling_loss", np.float64),         # m/s that rolling takes off the ball in a physics step
        ("restitution_ball_wall", np.float64),
        ("restitution_ball_player", np.float64),
        ("restitution_player_player", np.float64),
        ("restitution_player_wall", np.float64),
        ("near_ball", np.float64),            # m², of centres: a player and the ball may touch within a physics step
        ("near_player", np.float64),          # m², likewise two players
        ("near_end", np.float64, bodies),     # |x| in m, after a physics step: a post or the wall may have been touched
        ("near_side", np.float64, bodies),    # |y| in m, likewise the wall
        ("radius", np.float64, bodies),       # m
        ("inverse_mass", np.float64, bodies),  # 1/kg
        ("max_speed", np.float64, bodies),    # m/s
        ("decay", np.float64, bodies),        # what drag leaves of a velocity in a physics step
        ("drive", np.float64, players),       # m/s that running adds in a physics step
        ("physics_steps", np.int32),          # of a decision
        ("max_decisions", np.int32),          # until the time limit
        ("cooldown_steps", np.int32),         # physics steps from a kick to the next
        ("stuck_decisions", np.int32),        # that a ball may lie about
    ], align=True)  # fmt: skip
    return np.dtype([
        ("rng", np.uint64),
        ("settings", settings_dtype(schema(team_size))),
        ("world", world),                         # what init derived from the settings; the rules read this
        ("position", np.float64, (bodies, 2)),    # m
        ("velocity", np.float64, (bodies, 2)),    # m/s
        ("drive", np.float64, (players, 2)),      # m/s gained in each physics step of this decision, by running
        ("kick_asked", np.int8, players),         # 1: asked for in this decision and not yet fired
        ("kick_ready_at", np.int32, players),     # the first physics step, counted by `clock`, that allows a kick
        ("clock", np.int32),                      # physics steps played
        ("decision", np.int32),                   # decisions played
        ("goal", np.int8),                        # the team that scored in the last decision, or -1
        ("last_touch_team", np.int8),             # the team that touched the ball last; -1: nobody, or both at once
        ("score", np.int32, 2),                   # goals of each team, own goals of the other included
        ("own_goals", np.int32, 2),               # goals that each team scored against itself
        ("ball_resets", np.int32),                # stuck balls put on the centre spot
        ("stuck_anchor", np.float64, 2),          # m, where the ball's net travel is measured from
        ("stuck_since", np.int32),                # decisions since it left an anchor
        ("potential", np.float64),                # Φ of team 0 before the last decision
        ("payoff", np.float64),                   # what the last decision paid team 0; team 1 got the opposite
        (f"ball_{team_size}v{team_size}", np.int8),  # the game's name makes the dtype its own
    ], align=True)  # fmt: skip


@compiled
def derive_world(state):
    """Fill `state.world` from `state.settings`."""
    settings, world = state.settings, state.world
    players = world.drive.shape[0]
    dt = settings.physics_interval
    world.half_length = 0.5 * settings.pitch_length
    world.half_width = world.half_length * settings.pitch_aspect
    world.half_goal = world.half_width * settings.goal_fraction
    world.post_radius = settings.post_radius
    world.sight = 1.0 / world.half_length
    world.dt = dt
    world.kick_speed = settings.kick_speed
    world.kick_reach = (settings.player_radius + settings.ball_radius + settings.kick_range) ** 2
    world.restitution_ball_wall = settings.restitution_ball_wall
    world.restitution_ball_player = settings.restitution_ball_player
    world.restitution_player_player = settings.restitution_player_player
    world.restitution_player_wall = settings.restitution_player_wall
    drive = settings.player_drive * _mean_time(settings.player_drag, dt)
    decay = math.exp(-settings.player_drag * dt)
    for seat in range(players):
        world.radius[seat] = settings.player_radius
        world.inverse_mass[seat] = 1.0 / settings.player_mass
        world.max_speed[seat] = settings.player_max_speed
        world.decay[seat] = decay
        world.drive[seat] = drive
    world.radius[players] = settings.ball_radius
    world.inverse_mass[players] = 1.0 / settings.ball_mass
    world.max_speed[players] = settings.ball_max_speed
    world.decay[players] = math.exp(-settings.ball_drag * dt)
    world.rolling_loss = settings.ball_rolling * _mean_time(settings.ball_drag, dt)
    _derive_reaches(world)
    limit = settings.time_limit
    if limit == 0:
        limit = MATCH_LIMIT if settings.mode == MATCH else TRAINING_LIMIT
    world.physics_steps = _whole_steps(settings.decision_interval, dt)
    world.max_decisions = _whole_steps(limit, settings.decision_interval)
    world.cooldown_steps = _whole_steps(settings.kick_cooldown, dt)
    world.stuck_decisions = _whole_steps(settings.stuck_time, settings.decision_interval)


@compiled
def _derive_reaches(world):
    """How near bodies can be without touching anything within a physics step, at the speed caps."""
    ball, dt = world.drive.shape[0], world.dt
    fastest = widest = 0.0
    for i in range(ball):
        fastest, widest = max(fastest, world.max_speed[i]), max(widest, world.radius[i])
    world.top_speeds = fastest + max(fastest, world.max_speed[ball])
    world.near_ball = (widest + world.radius[ball] + (fastest + world.max_speed[ball]) * dt + TOUCH) ** 2
    world.near_player = (2 * (widest + fastest * dt) + TOUCH) ** 2
    for i in range(ball + 1):
        # the post stands out of the goal line, and can be met on the way through a step
        world.near_end[i] = world.half_length - world.radius[i] - world.post_radius - world.max_speed[i] * dt - TOUCH
        world.near_side[i] = world.half_width - world.radius[i] - TOUCH


@compiled
def _mean_time(drag, dt):
    """s: exp(-drag t) integrated over a step; v exp(-drag dt) + a times this solves dv/dt = a - drag v exactly."""
    return -math.expm1(-drag * dt) / drag if drag > 0 else dt


@compiled
def _whole_steps(time, interval):
    """How many intervals cover the time; 1e-9 forgives the rounding of their quotient."""
    return math.ceil(time / interval - 1e-9)


def configure(team_size: int, settings: dict[str, Any]) -> dict[str, Any]:
    """What of the Game follows from the settings. Raises InvalidSetting where two of them contradict each other."""
    s = settings
    limit = s["time_limit"] or TIME_LIMITS[s["mode"]]
    interval, dt = s["decision_interval"], s["physics_interval"]
    _require(s, "time_limit", limit >= interval, f"at least decision_interval, {interval:g}, or 0")
    steps = interval / dt
    divides = abs(steps - round(steps)) < 1e-6
    _require(s, "physics_interval", divides, f"a whole fraction of decision_interval, {interval:g}")
    width = s["pitch_length"] * s["pitch_aspect"]
    ball, player, post = s["ball_radius"], s["player_radius"], s["post_radius"]
    # a body touches one post at a time
    least = 2.1 * (max(ball, player) + post) / width
    _require(s, "goal_fraction", s["goal_fraction"] >= least, f"at least {least:.3g} on this pitch, for a body to pass")
    # a body may not pass through another, or come to lie behind a wall, in one physics step
    longest = ball / (s["ball_max_speed"] + s["player_max_speed"])
    _require(s, "physics_interval", dt <= longest, f"at most {longest:.3g} at these speeds and this ball_radius")
    longest = player / (2 * s["player_max_speed"])
    _require(s, "physics_interval", dt <= longest, f"at most {longest:.3g} at this player_max_speed and player_radius")
    closest, roomiest = ball + player, width / 2 - player
    fits = closest <= s["stuck_clearance"] <= roomiest
    _require(s, "stuck_clearance", fits, f"in [{closest:.3g}, {roomiest:.3g}] on this pitch")
    if s["mode"] == "match":
        own = [(x * s["pitch_length"], y * width) for x, y in FORMATIONS[team_size]]
        everyone = own + [(-x, -y) for x, y in own]
        # an offset along both axes brings two players nearer by twice its diagonal, a player and the ball by one
        rooms = [(math.dist(a, b) - 2 * player) / math.sqrt(8) for i, a in enumerate(everyone) for b in everyone[:i]]
        rooms += [(math.hypot(x, y) - player - ball) / math.sqrt(2) for x, y in own]
        room = min(rooms + [width / 2 - abs(y) - player for _, y in own])
        _require(s, "kickoff_offset", s["kickoff_offset"] <= room, f"at most {room:.3g} on this pitch, not to overlap")
    else:  # a random start draws places until they are free: under a quarter covered it needs a few draws a body
        margin = player + post + START_GAP
        free = (s["pitch_length"] - 2 * margin) * (width - 2 * margin)
        covered = 2 * team_size * math.pi * (2 * player + START_GAP) ** 2 / 4
        _require(s, "pitch_length", covered <= 0.25 * free, f"longer: {2 * team_size} players have no room to start")
    return {"max_steps": math.ceil(limit / interval - 1e-9)}


def _require(settings: dict[str, Any], name: str, fits: bool, bounds: str) -> None:
    if not fits:
        raise InvalidSetting(f"setting '{name}' is {settings[name]!r}; it must be {bounds}")
