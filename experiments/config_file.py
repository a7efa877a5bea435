"""From a file and overrides to a Config, and back.

    config, source = load("selfplay.yaml", ["training.minutes=3"])

Every mistake is reported with its place and a hint: `selfplay.yaml:14: unknown key 'training.lrr'; did you mean
'training.lr'?`. Imports neither torch nor Ray nor numba.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

import configs
from experiments import yaml_source
from experiments.config import QUICK, Config, Stage, TrainingSection
from experiments.config_learning import ALGORITHMS
from experiments.config_types import nearest, show
from experiments.errors import ExitCode, UserError
from experiments.yaml_source import Source, config_error

if TYPE_CHECKING:
    from envs.game import Game
    from experiments.compare.config import CompareConfig

_Model = TypeVar("_Model", bound=BaseModel)

PACKAGED = Path(configs.__file__).parent
# what --resume may change
_EXTENDABLE = ("training.env_steps", "training.minutes", "training.flops", "training.gradient_steps")
_MOST_MISTAKES = 10  # shown at once


def load(file: str, overrides: Sequence[str] = ()) -> tuple[Config, Source]:
    """The config of that file (looked up here, then in the packaged configs/), with `a.b=value` overrides applied.

    Raises UserError with exit code 2 and a line for every mistake.
    """
    found, source = load_any(file, overrides)
    if not isinstance(found, Config):
        raise config_error(file, "is a study (experiment: compare); python -m experiments.run runs it")
    return found, source


def load_any(file: str, overrides: Sequence[str] = ()) -> "tuple[Config | CompareConfig, Source]":
    """As `load`, or the study that the file describes."""
    source = _read(_find(file), file)
    if source.data.get("experiment") == "compare":
        from experiments.compare.config import CompareConfig

        for text in overrides:
            source.override(text)
        return _model(source, CompareConfig), source
    if source.data.get("budget") == "quick" or "budget=quick" in (text.replace(" ", "") for text in overrides):
        for key, value in QUICK.items():
            source.override(f"{key}={value}", place="budget: quick")
    for text in overrides:
        source.override(text)
    return validated(source), source


def load_resolved(file: Path) -> Config:
    """The config of a run folder: everything is in it, so nothing is put over it."""
    return validated(_read(file, str(file)))


def extend(saved: Config, overrides: Sequence[str]) -> Config:
    """The saved config with a longer budget; --resume can change nothing else. Raises UserError."""
    source = Source("the saved run", saved.model_dump(mode="json"))
    for text in overrides:
        key = text.partition("=")[0].strip()
        if key not in _EXTENDABLE:
            raise config_error(
                yaml_source.COMMAND_LINE, f"--resume cannot change '{key}', only {', '.join(_EXTENDABLE)}"
            )
        source.override(text)
    longer = validated(source)
    for key in _EXTENDABLE:
        before, after = (getattr(config.training, key.partition(".")[2]) for config in (saved, longer))
        if before is not None and after is not None and after < before:
            place = source.where(tuple(key.split(".")))
            raise config_error(place, f"{key} was {before} and can only be extended, not set to {after}")
    return longer


def changed(config: Config, values: Mapping[str, Any], place: str) -> Config:
    """The config with other values of these dotted keys; `place` is where they come from. Raises UserError."""
    source = Source(place, config.model_dump(mode="json"))
    for key, value in values.items():
        source.override(f"{key}={_scalar(value)}", place=place)
    return validated(source)


def build_game(config: Config, source: Source | None = None) -> "Game":
    """The configured game with its settings. Compiles nothing yet. Raises UserError naming the place in the file."""
    import envs
    from envs.game import Dynamics, InvalidSetting

    try:
        game = envs.make(config.game.id, **config.game.settings)
    except InvalidSetting as error:
        raise config_error(_where(source, "game", "settings"), f"game.settings: {error}") from None
    except (KeyError, ModuleNotFoundError) as error:
        raise config_error(_where(source, "game", "id"), f"game.id: {error.args[0]}") from None
    if config.training.random_opening_plies and game.dynamics is Dynamics.SIMULTANEOUS:
        place = _where(source, "training", "random_opening_plies")
        raise config_error(place, f"training.random_opening_plies must be 0: {game.id} has no turns")
    if game.action_shape:
        fix = f"use {game.id.replace('_continuous', '')}, or train it through Gymnasium or PettingZoo"
        raise config_error(_where(source, "game", "id"), f"game.id: actions of {game.id} are numbers, which self-play "
                           f"does not learn; {fix}")  # fmt: skip
    if config.network.type == "entities":
        _check_rows(game, _where(source, "network", "type"))
    if config.network.type in ("windows", "resnet"):
        _check_board(config, game, source)
    for position, stage in enumerate(config.training.curriculum):
        from experiments.curriculum import game_of

        try:
            game_of(stage, config, game)
        except InvalidSetting as error:
            place = _where(source, "training", "curriculum", position, "settings")
            raise config_error(place, f"training.curriculum.{position}.settings: {error}") from None
    return game


def _check_rows(game: "Game", place: str) -> None:
    """A network over entities needs an observation of rows. Raises UserError."""
    from agents.entities import row_size

    try:
        row_size(game.observation_shape)
    except ValueError as error:
        choices = next((setting.choices for setting in game.schema if setting.name == "observation"), ())
        fix = "set game.settings.observation: entities" if "entities" in choices else "use mlp"
        raise config_error(place, f"network.type is entities, which {error} as in {game.id}; {fix}") from None


def _check_board(config: Config, game: "Game", source: Source | None) -> None:
    """Networks of filters need the observation of a board. Raises UserError."""
    from agents.boards import check_board

    kind, key = config.network.type, "type" if len(game.observation_shape) != 3 else "window"
    try:
        check_board(game.observation_shape, config.network.window if kind == "windows" else 1)
    except ValueError as error:
        fix = "use mlp" if key == "type" else f"set network.window to at most {min(game.observation_shape[1:])}"
        message = f"network.type is {kind}, which {error} as in {game.id}; {fix}"
        raise config_error(_where(source, "network", key), message) from None


def to_yaml(config: Config) -> str:
    """Every key with its value and what it means; `load` reads it back."""
    return "\n".join(_lines(config, "")) + "\n"


def json_schema() -> str:
    """For editors that check and complete YAML."""
    return json.dumps(Config.model_json_schema(), indent=1)


def _where(source: Source | None, *path: str | int) -> str:
    return source.where(path) if source else ".".join(map(str, path))


def _find(file: str) -> Path:
    path = Path(file).expanduser()
    if path.is_file():
        return path
    shipped = sorted(packaged.name for packaged in PACKAGED.glob("*.yaml"))
    if path.name == file and not path.exists():
        if file in shipped:
            return PACKAGED / file
        here = [other.name for other in Path().glob("*.yaml")]
        near = get_close_matches(file, [*here, *shipped], n=1) or get_close_matches(f"{file}.yaml", shipped, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"shipped: {', '.join(shipped)}"
        raise config_error(file, f"no such config in the working folder or among the shipped ones; {hint}")
    raise config_error(file, "is a folder, not a config" if path.is_dir() else "no such file")


def _read(path: Path, name: str) -> Source:
    try:
        with open(path, "rb") as opened:
            return yaml_source.read(opened.read(yaml_source.MAX_BYTES + 1), name)
    except OSError as error:
        raise config_error(name, f"cannot be read ({error.strerror})") from None


def validated(source: Source) -> Config:
    """The config in a tree of keys. Raises UserError with exit code 2 and a line for every mistake."""
    return _model(source, Config)


def _model(source: Source, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        found = error.errors(include_url=False)
        if any(mistake["loc"][:1] == ("algorithm",) and mistake["loc"][-1] == "name" for mistake in found):
            # which keys it has depends on that
            found = [m for m in found if m["loc"][:1] != ("algorithm",) or m["loc"][-1] == "name"]
        mistakes = dict.fromkeys(_explain(source, mistake, model) for mistake in found)
    lines = sorted(mistakes, key=lambda line: (line.startswith(yaml_source.COMMAND_LINE), _line_number(line)))
    if len(lines) > _MOST_MISTAKES:
        lines[_MOST_MISTAKES:] = [f"... and {len(lines) - _MOST_MISTAKES} more"]
    raise UserError("\n".join(lines), ExitCode.USAGE)


def _line_number(line: str) -> int:
    number = line.partition(": ")[0].rpartition(":")[2]
    return int(number) if number.isdigit() else 0


_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list, such as [128, 128]",
    "model_type": "a section of keys",
    "dict_type": "a section of keys",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "multiple_of": "a multiple of {multiple_of}",
    "setting_type": "true or false, a number, text or a range [low, high]",
    "too_short": "{min_length} or more items",
    "too_long": "at most {max_length} items",
    "string_pattern_mismatch": "letters, digits, '_', '-' and '.' only (at most 64)",
}


# Where settings of a game stand, and how long the path of one is.
_SETTINGS = (
    (("game", "settings"), 3),
    (("evaluation", "shift", "worlds"), 5),
    (("training", "curriculum", "*", "settings"), 5),
)


def _explain(source: Source, mistake: Any, model: type[BaseModel]) -> str:
    kind, path, context = mistake["type"], tuple(mistake["loc"]), mistake.get("ctx", {})
    section = path[1] if path[:1] == ("algorithm",) and len(path) > 1 else None  # which of them was meant
    if section:
        path = (path[0], *path[2:])
    if kind == "problem" and context["keys"]:
        paths = [(*path, *(int(key) if key.isdigit() else key for key in keys.split("."))) for keys in context["keys"]]
        path = next((path for path in paths if path in source.places), paths[0])
    named = tuple("*" if type(key) is int else key for key in path)
    for values, depth in _SETTINGS:
        if named[: len(values)] == values and len(path) > depth:  # one complaint instead of one for each type it is not
            path, kind = path[:depth], "setting_type"
    dotted, place = ".".join(map(str, path)), source.where(path)
    if kind == "missing":
        return f"{place}: '{dotted}' is missing"
    if kind == "extra_forbidden":
        return f"{place}: unknown key '{dotted}'; {_suggest(path, section, model)}"
    if kind == "problem":
        return f"{place}: {dotted} {context['message']}"
    bounds = {name: f"{bound:g}" if isinstance(bound, float) else bound for name, bound in context.items()}
    wanted = _WANTED.get(kind, mistake["msg"]).format(**bounds)
    found = show(mistake["input"])
    if isinstance(mistake["input"], str) and "number" in wanted:
        found = f"the text {found}"
    return f"{place}: {dotted} is {found}; wanted {wanted}"


def _suggest(path: tuple[str | int, ...], algorithm: str | None, model: type[BaseModel]) -> str:
    """The key of the schema that was meant: spelt nearly so, or spelt so in another section. `algorithm`: which one's
    section the path is in."""
    for name, other in ALGORITHMS.items():
        if algorithm and name != algorithm and path[-1] in other.model_fields:
            return f"it is a key of {name}, not of {algorithm}"
    known = list(_keys(model, "", algorithm))
    section, last = ".".join(key for key in path[:-1] if isinstance(key, str)), str(path[-1])
    siblings = [key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == section]
    near = get_close_matches(last, siblings, n=1)
    if near:
        return f"did you mean '{'.'.join(map(str, (*path[:-1], near[0])))}'?"
    spelt = get_close_matches(last, [key.rpartition(".")[2] for key in known], n=1, cutoff=0.8)
    elsewhere = [key for key in known if key.rpartition(".")[2] in spelt]
    if elsewhere:
        return f"did you mean '{elsewhere[0]}'?"
    return nearest(last, siblings)


def _keys(model: type[BaseModel], prefix: str, algorithm: str | None = None) -> Iterator[str]:
    """Dotted; of the algorithms' sections that one's, or all."""
    for name, field in model.model_fields.items():
        yield prefix + name
        if name == "algorithm":
            for section in [ALGORITHMS[algorithm]] if algorithm else ALGORITHMS.values():
                yield from _keys(section, f"{prefix}{name}.")
        elif isinstance(field.default, BaseModel):
            yield from _keys(type(field.default), f"{prefix}{name}.")
    if model is TrainingSection:
        yield from _keys(Stage, f"{prefix}curriculum.")


_COMMENT_COLUMN = 44


def _lines(section: BaseModel, indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        else:
            entry = f"{indent}{name}: {_scalar(value)}"
            yield f"{entry:{_COMMENT_COLUMN}}  # {field.description}" if field.description else entry


def _scalar(value: Any) -> str:
    """On one line, in YAML that means the same to any reader."""
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_scalar(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str):
        return value if yaml_source.is_plain_word(value) else yaml_source.quote(value)
    return json.dumps(value)
