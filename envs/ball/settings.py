"""The settings of the ball game: every value that `make("ball_2v2", ...)` can change, its bounds, what must fit.

make("ball_2v2", mode="match", ball_mass=1.0)                 a value
make("ball_2v2", ball_mass_factor=(0.5, 2.0))                 a range: each episode draws from it (randomisation.py)
"""

import math
from typing import Any

from envs.ball.actions import HEADING
from envs.game import InvalidSetting, Setting

TOUCH = 1e-3  # m, bodies this close touch: far under what is seen, far over what is rounded
START_GAP = 0.1  # m, the least gap between bodies, and between bodies and walls, at a random start
TIME_LIMITS = {"training": 30.0, "match": 90.0}  # s, where `time_limit` is 0
MATCH_LIMIT, TRAINING_LIMIT = TIME_LIMITS["match"], TIME_LIMITS["training"]
TRAINING, MATCH = 0, 1  # indices of the choices of `mode`
VECTOR, ENTITIES = 0, 1  # indices of the choices of `observation`

# Where a team stands at kick-off, by team size: (fraction of L, fraction of W), team 0's; team 1's is rotated by 180°.
FORMATIONS = {
    1: ((-0.2, 0.0),),
    2: ((-0.2, 0.2), (-0.2, -0.2)),
    3: ((-0.35, 0.0), (-0.15, 0.25), (-0.15, -0.25)),
    4: ((-0.38, 0.0), (-0.22, 0.27), (-0.22, -0.27), (-0.12, 0.0)),  # 1-2-1, the first the keeper
    5: ((-0.4, 0.0), (-0.26, 0.24), (-0.26, -0.24), (-0.12, 0.2), (-0.12, -0.2)),  # 1-2-2
    6: ((-0.42, 0.0), (-0.28, 0.2), (-0.28, -0.2), (-0.13, 0.3), (-0.13, 0.0), (-0.13, -0.3)),  # 1-2-3
    7: ((-0.43, 0.0), (-0.29, 0.28), (-0.31, 0.0), (-0.29, -0.28), (-0.17, 0.2), (-0.17, -0.2),
        (-0.08, 0.0)),  # 1-3-2-1
    8: ((-0.44, 0.0), (-0.3, 0.28), (-0.32, 0.0), (-0.3, -0.28), (-0.18, 0.28), (-0.2, 0.0), (-0.18, -0.28),
        (-0.08, 0.0)),  # 1-3-3-1
    9: ((-0.44, 0.0), (-0.3, 0.28), (-0.32, 0.0), (-0.3, -0.28), (-0.18, 0.28), (-0.2, 0.0), (-0.18, -0.28),
        (-0.08, 0.13), (-0.08, -0.13)),  # 1-3-3-2
    10: ((-0.44, 0.0), (-0.29, 0.33), (-0.31, 0.11), (-0.31, -0.11), (-0.29, -0.33), (-0.18, 0.28), (-0.19, 0.0),
         (-0.18, -0.28), (-0.08, 0.13), (-0.08, -0.13)),  # 1-4-3-2
    11: ((-0.45, 0.0), (-0.29, 0.34), (-0.31, 0.12), (-0.31, -0.12), (-0.29, -0.34), (-0.18, 0.34), (-0.19, 0.12),
         (-0.19, -0.12), (-0.18, -0.34), (-0.08, 0.13), (-0.08, -0.13)),  # 1-4-4-2
}  # fmt: skip


TURNING = (
    Setting("turn_rate", round(math.pi / 4 / 0.2, 4), 0.1, 15.0, description="rad/s; a decision turns by 45°"),
    Setting("kick_cone", 60.0, 5.0, 180.0, description="degrees from the heading to the ball at most, for a kick"),
)

RANGES = (
    Setting("ball_mass_factor", (1.0, 1.0), 0.1, 10.0, description="range of what the ball's mass is multiplied by"),
    Setting("ball_drag_factor", (1.0, 1.0), 0.1, 10.0, description="of the ball's drag and rolling resistance"),
    Setting("restitution_factor", (1.0, 1.0), 0.0, 5.0, description="of every restitution, which stays within 1"),
    Setting("pitch_size_factor", (1.0, 1.0), 0.5, 2.0, description="of the pitch's length and width"),
    Setting("player_speed_factor", (1.0, 1.0), 0.2, 2.0, description="of a player's top speed"),
    Setting("player_drive_factor", (1.0, 1.0), 0.2, 3.0, description="of a player's acceleration"),
    Setting("kick_speed_factor", (1.0, 1.0), 0.2, 1.5, description="of the speed that a player's kick gives"),
    Setting("kick_angle_noise", (0.0, 0.0), 0.0, 45.0, description="degrees, standard deviation of where a kick goes"),
    Setting("action_delay", (0, 0), 0, 2, description="decisions from an action to its effect"),
    Setting("observation_noise", (0.0, 0.0), 0.0, 1.0, description="standard deviation, in units of the observation"),
    Setting("observation_dropout", (0.0, 0.0), 0.0, 1.0, description="probability that another body is not seen"),
    Setting("push_rate", (0.0, 0.0), 0.0, 5.0, description="pushes per second that a player gets from nowhere"),
)  # fmt: skip # what randomisation.py draws anew in each episode; (1, 1) and (0, 0) are off


def schema(team_size: int, control: int) -> tuple[Setting, ...]:
    """Every setting of the game of `team_size` against `team_size` with this control (actions.py)."""
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
        Setting("start_area", (1.0, 1.0), 0.2, 1.0,
                description="training: everybody starts in this fraction of the pitch, before either goal by chance"),
        Setting("kickoff_offset", 0.5, 0.0, 2.0, description="m, kick-off places vary by up to this, mirrored"),
        Setting("stuck_distance", 0.5, 0.0, 10.0, description="m; a ball that stays within it for stuck_time is stuck"),
        Setting("stuck_time", 4.0, 0.2, 600.0, description="s"),
        Setting("stuck_clearance", 1.5, 0.0, 10.0, description="m around the centre spot cleared for a stuck ball"),
        Setting("human_knowledge", "none", choices=("none", "ball_progress"),
                description="ball_progress adds c (gamma Φ' - Φ), Φ = the ball's x in the own frame / (L/2)"),
        Setting("ball_progress_weight", 0.5, 0.0, 10.0, description="c, in goals"),
        Setting("ball_progress_gamma", 0.985, 0.0, 1.0, description="gamma; use the learner's own"),
        Setting("observation", "vector", choices=("vector", "entities"),
                description="entities: a row a body, so that one policy can play any team size"),
        Setting("statistics", False, description="count passes, shots, tackles, ... (statistics.py)"),
        *RANGES,
        Setting("push_speed", 2.0, 0.0, 10.0, description="m/s that a push of push_rate gives"),
        Setting("same_draw", True, description="both teams get the same of what is drawn for each player"),
        Setting("draws_observed", False, description="a player sees what was drawn (the vector observation only)"),
        *(TURNING if control == HEADING else ()),
    )  # fmt: skip


def configure(team_size: int, control: int, settings: dict[str, Any]) -> dict[str, Any]:
    """What of the Game follows from the settings. Raises InvalidSetting where two of them contradict each other.

    Where a range decides, its worst end must fit.
    """
    s = settings
    limit = s["time_limit"] or TIME_LIMITS[s["mode"]]
    interval, dt = s["decision_interval"], s["physics_interval"]
    _require(s, "time_limit", limit >= interval, f"at least decision_interval, {interval:g}, or 0")
    steps = interval / dt
    divides = abs(steps - round(steps)) < 1e-6
    _require(s, "physics_interval", divides, f"a whole fraction of decision_interval, {interval:g}")
    smallest = s["pitch_size_factor"][0]
    length, width = s["pitch_length"] * smallest, s["pitch_length"] * s["pitch_aspect"] * smallest
    where = "on this pitch" if smallest == 1 else f"on this pitch at the least pitch_size_factor, {smallest:g}"
    ball, player, post = s["ball_radius"], s["player_radius"], s["post_radius"]
    # a body touches one post at a time
    least = 2.1 * (max(ball, player) + post) / width
    _require(s, "goal_fraction", s["goal_fraction"] >= least, f"at least {least:.3g} {where}, for a body to pass")
    # a body may not pass through another, or come to lie behind a wall, in one physics step
    fastest = s["player_max_speed"] * s["player_speed_factor"][1]
    longest = ball / (s["ball_max_speed"] + fastest)
    _require(s, "physics_interval", dt <= longest, f"at most {longest:.3g} at these speeds and this ball_radius")
    longest = player / (2 * fastest)
    _require(s, "physics_interval", dt <= longest, f"at most {longest:.3g} at this player_max_speed and player_radius")
    closest, roomiest = ball + player, width / 2 - player
    fits = closest <= s["stuck_clearance"] <= roomiest
    _require(s, "stuck_clearance", fits, f"in [{closest:.3g}, {roomiest:.3g}] {where}")
    if s["mode"] == "match":
        own = [(x * length, y * width) for x, y in FORMATIONS[team_size]]
        everyone = own + [(-x, -y) for x, y in own]
        # an offset along both axes brings two players nearer by twice its diagonal, a player and the ball by one
        rooms = [(math.dist(a, b) - 2 * player) / math.sqrt(8) for i, a in enumerate(everyone) for b in everyone[:i]]
        rooms += [(math.hypot(x, y) - player - ball) / math.sqrt(2) for x, y in own]
        room = min(rooms + [width / 2 - abs(y) - player for _, y in own])
        _require(s, "kickoff_offset", s["kickoff_offset"] <= room, f"at most {room:.3g} {where}, not to overlap")
    else:  # a random start draws places until they are free: under a quarter covered it needs a few draws a body
        margin = player + post + START_GAP
        free = s["start_area"][0] * (length - 2 * margin) * (width - 2 * margin)
        covered = 2 * team_size * math.pi * (2 * player + START_GAP) ** 2 / 4
        longer = "longer" if smallest == 1 else "longer, or pitch_size_factor larger"
        longer += "" if s["start_area"][0] == 1 else ", or start_area larger"
        _require(s, "pitch_length", covered <= 0.25 * free, f"{longer}: {2 * team_size} players have no room to start")
    entities = s["observation"] == "entities"
    alone = not (entities and s["draws_observed"])
    _require(s, "draws_observed", alone, "false with observation 'entities', whose rows have no place for it")
    shape = observation_shape(team_size, control, entities=entities, draws_observed=s["draws_observed"])
    return {"max_steps": math.ceil(limit / interval - 1e-9), "observation_shape": shape}


def _require(settings: dict[str, Any], name: str, fits: bool, bounds: str) -> None:
    if not fits:
        raise InvalidSetting(f"setting '{name}' is {settings[name]!r}; it must be {bounds}")


OTHERS = 16  # numbers of the vector observation before the other players
ENTITY = 7  # numbers of an entity
DRAWN = 12  # numbers of what was drawn


def observation_shape(team_size: int, control: int, *, entities: bool, draws_observed: bool) -> tuple[int, ...]:
    """Where players have headings, two more numbers a player, cosine and sine; see observation.py."""
    heading = 2 if control == HEADING else 0
    if entities:
        return 2 * team_size + 1, ENTITY + heading
    others = (4 + heading) * (2 * team_size - 1)
    return (OTHERS + heading + others + (DRAWN if draws_observed else 0),)
