"""The contract: what a game is, and how code written once for all games calls it.

A game is a numpy structured dtype, its State, and seven compiled functions over one record of it, the verbs below (a
game of cards has one more, and any game with turns may have another).
Letters: B batch, P players, A actions. A State is changed in place; copying the record copies the game, its random
stream (`rng`, uint64) and its settings included. Rewards, observations and masks go into arrays that the caller owns.

    init(state)                            a fresh position; keeps `state.settings` and goes on with `state.rng`
    step(state, actions)                   int32: the mover's action in a sequential game, [P] in a simultaneous one;
                                           float32 [P, N] if an action is N numbers (`action_shape`)
    legal_action_mask(state, player, out)  out [A] bool, true where legal
    observe(state, player, out)            out [*observation_shape], seen by `player`
    is_terminal(state) -> bool             the rules ended it
    is_truncated(state) -> bool            the clock ended it
    rewards(state, out)                    out [P] float32, what the last step paid each seat

Chance. Whatever a game leaves to it comes from `state.rng`. A game of cards shuffles once, in `init`: what is turned up
later lies face down until then. So it is one of `num_deals` games, each as likely, and an eighth verb lays out any of
them, for solvers that go through all; `init` draws the number:

    deal(state, index)                     the fresh position of deal `index`; of a game without it, deal 0 is `init`

Random play. Where drawing from the mask would cost most of a random game, a game with turns has a way of its own, with
`state.rng`; `envs.random_moves.random_legal_action` takes it, or the mask of a game without it:

    random_legal_action(state) -> int      a legal action of the seat to move, each as likely

Hidden information. `observe` gives a seat all that it knows and remembers, and nothing else; `legal_action_mask` tells
whoever is to move nothing more. Agents are handed whole States, and look at them through `observe`; one that looks at
the State itself, or plays on from a copy, must refuse a game that says `hidden_information`.

Generic code (batch.py, search) calls these very names on `states[i]`, compiled or in plain Python. Numba resolves the
call by the type of the record while it compiles, so the rules are inlined and the compiled driver is found in the
on-disk cache by every process. Functions handed over as arguments, or closed over, would be compiled again in each.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload

from envs import compile_cache  # first: it sets where compiled code is kept, before anything is compiled


class Dynamics(Enum):
    SEQUENTIAL = "one seat moves at a time"
    SIMULTANEOUS = "all seats move at once"


class IllegalAction(ValueError):
    """An action that the position does not allow; the message names the position and the legal actions."""


class InvalidSetting(ValueError):
    """A setting that the game does not have, or a value outside its bounds; the message names key, bounds and fix."""


@dataclass(frozen=True)
class Setting:
    """One value that `make(id, **settings)` can change and that the State carries in `state.settings.<name>`.

    The default's type is the setting's type: bool, int, float, str with `choices` (kept as the choice's index), or a
    pair of numbers, (lowest, highest): a range, of which both ends lie within the bounds; one number is both ends.
    """

    name: str
    default: bool | int | float | str | tuple[int, int] | tuple[float, float]
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    description: str = ""

    @property
    def field(self) -> tuple[str, Any] | tuple[str, Any, int]:
        """(name, numpy type) in the settings record, and 2 for a range."""
        if isinstance(self.default, tuple):
            return self.name, np.int64 if isinstance(self.default[0], int) else np.float64, 2
        kind = np.int8 if self.choices or isinstance(self.default, bool) else type(self.default)
        return self.name, {int: np.int64, float: np.float64}.get(kind, kind)

    def check(self, value: Any) -> Any:
        """The value in the setting's own type, or InvalidSetting."""
        if isinstance(self.default, tuple):
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = (value, value)  # a range of one number
            if not isinstance(value, list | tuple) or len(value) != 2:
                raise InvalidSetting(f"setting '{self.name}' is {value!r}; it must be a range, [lowest, highest]")
            try:
                low, high = (replace(self, default=self.default[0]).check(end) for end in value)
            except InvalidSetting as error:
                bounds = str(error).partition("; it ")[2]
                raise InvalidSetting(f"setting '{self.name}' is {value!r}; each end {bounds}") from None
            if low > high:
                raise InvalidSetting(f"setting '{self.name}' is {value!r}; its first number must not exceed its second")
            return low, high
        if self.choices:
            if value not in self.choices:
                raise InvalidSetting(f"setting '{self.name}' is {value!r}; it must be one of {', '.join(self.choices)}")
            return value
        wanted = type(self.default)
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if wanted is bool:
            fits = isinstance(value, bool)
        else:
            fits = number and (wanted is float or float(value).is_integer()) and np.isfinite(value)
        if not fits:
            raise InvalidSetting(f"setting '{self.name}' is {value!r}; it must be {_KIND_NAMES[wanted]}")
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        if not low <= value <= high:
            raise InvalidSetting(f"setting '{self.name}' is {value!r}; it must be in [{low:g}, {high:g}]")
        return wanted(value)


_KIND_NAMES = {bool: "true or false", int: "a whole number", float: "a finite number"}


def settings_dtype(schema: tuple[Setting, ...]) -> np.dtype:
    """The dtype of `state.settings`, one field a setting."""
    return np.dtype([setting.field for setting in schema], align=True)


@dataclass(frozen=True, eq=False)
class Symmetry:
    """One way to turn or mirror a game that its rules do not notice, as index maps: for augmentation and for tests.

    Playing action[a] wherever a was played leads from the first position to the turned one at every step:

    name         for people
    action       [A] int32: what a is called in the turned position
    observation  [size of an observation] int32: turned.ravel() = seen.ravel()[observation], for either seat; a policy
                 or mask turns by turned[action] = policy
    """

    name: str
    action: np.ndarray
    observation: np.ndarray


@dataclass(frozen=True, eq=False)
class Game:
    """What is known of a game before a position is reached."""

    id: str
    state_dtype: np.dtype
    dynamics: Dynamics
    num_players: int
    teams: tuple[int, ...]  # the team of each seat
    num_actions: int
    observation_shape: tuple[int, ...]
    observation_dtype: np.dtype
    max_steps: int  # no game is longer
    action_to_string: Callable[[np.void, int], str]  # (state before the action, action)
    state_to_string: Callable[[np.void], str]  # for people: error messages and playthroughs
    schema: tuple[Setting, ...] = ()
    observation_range: tuple[float, float] = (0, 1)  # every number of every observation lies in it
    largest_reward: float = 1  # no step pays a seat more, or costs it more
    action_shape: tuple[int, ...] = ()  # (N,): an action is N numbers in [-1, 1]; then num_actions is 0, and no mask
    num_deals: int = 1  # that `deal` can lay out, each as likely
    hidden_information: bool = False  # a seat does not see all
    symmetries: tuple[Symmetry, ...] = ()  # all but the identity
    settings: dict[str, Any] = field(default_factory=dict)  # the values, every one of the schema

    @property
    def action_dtype(self) -> np.dtype:
        return np.dtype(np.float32 if self.action_shape else np.int32)

    def new_states(self, count: int, streams: np.ndarray) -> np.ndarray:
        """States [count] with settings and random streams [count] uint64 filled in, not yet initialised."""
        states = np.zeros(count, self.state_dtype)
        states["rng"] = streams
        for setting in self.schema:
            value = self.settings[setting.name]
            states["settings"][setting.name] = setting.choices.index(value) if setting.choices else value
        return states


RULES_MARKER = "rules_"  # begins the name of the field that `register` adds
VERBS = ("init", "step", "legal_action_mask", "observe", "is_terminal", "is_truncated", "rewards")
DEAL = "deal"  # the verb that only games with more than one deal have
DRAW = "random_legal_action"  # the verb that only games have which draw sooner than from the mask
_rules: dict[types.Record, dict[str, Callable]] = {}
_rules_of_dtype: dict[np.dtype, dict[str, Callable]] = {}
_games: dict[str, Game] = {}
_configure: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def register(
    game: Game, configure: Callable[[dict[str, Any]], dict[str, Any]] | None = None, **verbs: Callable
) -> Game:
    """Bind a game's compiled functions to its State's dtype; two games must differ in dtype, the type is the address.

    `configure(settings)` may return fields of Game that depend on the settings (max_steps, say), and raises
    InvalidSetting where two settings contradict each other. Use the returned Game: where the rules lie outside this
    package its dtype has one more field, named after the hash of their sources, so that an edited rule is never served
    by a driver compiled before the edit.
    """
    if missing := set(VERBS) - set(verbs):
        raise ValueError(f"{game.id}: register() lacks {', '.join(sorted(missing))}")
    if unknown := set(verbs) - {*VERBS, DEAL, DRAW}:
        raise ValueError(f"{game.id}: register() knows no {', '.join(sorted(unknown))}")
    if (DEAL in verbs) != (game.num_deals > 1):
        raise ValueError(f"{game.id}: a game has a verb 'deal' if num_deals is more than 1; it is {game.num_deals}")
    names = game.state_dtype.names or ()
    if "rng" not in names or game.state_dtype["rng"] != np.uint64:
        raise ValueError(f"{game.id}: the State needs a field 'rng' of type uint64")
    if game.dynamics is Dynamics.SEQUENTIAL and "current_player" not in names:
        raise ValueError(f"{game.id}: the State of a sequential game needs a field 'current_player'")
    outside = compile_cache.sources_outside({getattr(verb, "py_func", verb).__module__ for verb in verbs.values()})
    if outside:
        marker = (RULES_MARKER + compile_cache.fingerprint(outside), np.int8)
        game = replace(game, state_dtype=np.dtype([*_fields(game.state_dtype), marker]))
    record = numba.from_dtype(game.state_dtype)
    if record in _rules and game.id not in _games:
        raise ValueError(f"{game.id}: another game has the same State dtype; name a field after the game")
    defaults = {setting.name: setting.default for setting in game.schema}
    game = replace(game, settings=defaults, **(configure(defaults) if configure else {}))
    _rules[record] = _rules_of_dtype[game.state_dtype] = verbs
    _games[game.id] = game
    if configure:
        _configure[game.id] = configure
    return game


def _fields(dtype: np.dtype) -> list[tuple]:
    return [(name, dtype[name].base, dtype[name].shape) for name in dtype.names or ()]


def registered(game_id: str) -> Game | None:
    """The game with its default settings, if its module has been imported."""
    return _games.get(game_id)


def with_settings(game: Game, settings: dict[str, Any]) -> Game:
    """The game with these settings over its defaults. Raises InvalidSetting."""
    known = {setting.name: setting for setting in game.schema}
    values = dict(game.settings)
    for name, value in settings.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; it has {', '.join(sorted(known)) or 'none'}"
            raise InvalidSetting(f"{game.id} has no setting '{name}'{hint}")
        values[name] = known[name].check(value)
    configure = _configure.get(game.id)
    return replace(game, settings=values, **(configure(values) if configure else {}))


# The verbs. Called from Python on one record they run the compiled rule (about 3 us a call: use a Batch for speed);
# called from compiled code the overloads below take their place at compile time.


def init(state):
    _rules_of_dtype[state.dtype]["init"](state)


def deal(state, index):
    rules = _rules_of_dtype[state.dtype]
    if DEAL in rules:
        rules[DEAL](state, index)
    else:
        rules["init"](state)


def step(state, actions):
    actions = np.asarray(actions)
    actions = actions.astype(np.float32 if actions.dtype.kind == "f" else np.int32)
    _rules_of_dtype[state.dtype]["step"](state, actions[()])


def legal_action_mask(state, player, out):
    _rules_of_dtype[state.dtype]["legal_action_mask"](state, player, out)


def observe(state, player, out):
    _rules_of_dtype[state.dtype]["observe"](state, player, out)


def is_terminal(state):
    return _rules_of_dtype[state.dtype]["is_terminal"](state)


def is_truncated(state):
    return _rules_of_dtype[state.dtype]["is_truncated"](state)


def rewards(state, out):
    _rules_of_dtype[state.dtype]["rewards"](state, out)


def find_rule(record, verb: str):
    """For overloads: the compiled function of the game whose State is of that numba type, or None."""
    return _rules[record].get(verb) if isinstance(record, types.Record) and record in _rules else None


@overload(init, inline="always")
def _(state):
    rule = find_rule(state, "init")
    return rule and (lambda state: rule(state))


@overload(deal, inline="always")
def _(state, index):
    rule, without = find_rule(state, DEAL), find_rule(state, "init")
    if rule:
        return lambda state, index: rule(state, index)
    return without and (lambda state, index: without(state))


@overload(step, inline="always")
def _(state, actions):
    rule = find_rule(state, "step")
    return rule and (lambda state, actions: rule(state, actions))


@overload(legal_action_mask, inline="always")
def _(state, player, out):
    rule = find_rule(state, "legal_action_mask")
    return rule and (lambda state, player, out: rule(state, player, out))


@overload(observe, inline="always")
def _(state, player, out):
    rule = find_rule(state, "observe")
    return rule and (lambda state, player, out: rule(state, player, out))


@overload(is_terminal, inline="always")
def _(state):
    rule = find_rule(state, "is_terminal")
    return rule and (lambda state: rule(state))


@overload(is_truncated, inline="always")
def _(state):
    rule = find_rule(state, "is_truncated")
    return rule and (lambda state: rule(state))


@overload(rewards, inline="always")
def _(state, out):
    rule = find_rule(state, "rewards")
    return rule and (lambda state, out: rule(state, out))
