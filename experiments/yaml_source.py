"""YAML that knows where each key stands, read strictly: `read(text, "selfplay.yaml")`.

YAML 1.2 scalars (1e-3 is a float, `no` is a word), digits grouped as 3_000_000, duplicate keys refused, no tags, no
merge keys, one document, caps on size, depth and aliases. PyYAML scans; the values are made here, because its own
loader reads 1e-3 as a string, overwrites duplicates silently and forgets the lines.
"""

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from experiments.errors import ExitCode, UserError

MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_ALIASES = 64 * 1024, 24, 20_000, 100
COMMAND_LINE = "command line"

Path: TypeAlias = tuple[str | int, ...]  # ("training", "lr"), ("network", "hidden", 0)

_INT = re.compile(r"[-+]?[0-9](_?[0-9])*|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9](_?[0-9])*(\.([0-9](_?[0-9])*)?)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_OTHER_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # of YAML 1.1 too


@dataclass
class Source:
    """A tree of plain values and where each of them was written."""

    name: str  # the file
    data: dict[str, Any]
    places: dict[Path, str] = field(default_factory=dict)  # path -> "selfplay.yaml:14" or "command line"

    def where(self, path: Path) -> str:
        """The place of the key, or of what was written down nearest to it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
            for other, place in self.places.items():
                if other[:end] == path[:end]:
                    return place
        return self.name

    def override(self, assignment: str, place: str = COMMAND_LINE) -> None:
        """Apply `a.b=value`, from the command line if nothing else is said; the value is YAML."""
        dotted, equals, text = assignment.partition("=")
        keys = tuple(dotted.strip().split("."))
        if not equals or not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) for key in keys):
            raise config_error(COMMAND_LINE, f"'{assignment}' is not of the form section.key=value")
        value = _read_value(text, f"{COMMAND_LINE}: {dotted.strip()}")
        section = self.data
        for depth, key in enumerate(keys[:-1], 1):
            if not isinstance(section.get(key), dict):
                if section.get(key) is not None:
                    raise config_error(COMMAND_LINE, f"'{'.'.join(keys[:depth])}' has no keys of its own")
                section[key] = {}
            section = section[key]
        section[keys[-1]] = value
        for path in [path for path in self.places if path[: len(keys)] == keys]:
            del self.places[path]
        self.places[keys] = place


def is_plain_word(text: str) -> bool:
    """Whether it can stand in YAML without quotes and stays a text, for this reader and for older ones."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text) is not None and text.lower() not in _OTHER_WORDS


def quote(text: str) -> str:
    """In double quotes, in ASCII. (JSON's quotes will not do: it writes characters beyond 16 bits as two.)"""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if " " <= c <= "~" else f"\\U{ord(c):08x}" for c in text) + '"'


def config_error(place: str, problem: str) -> UserError:
    return UserError(f"{place}: {problem}", ExitCode.USAGE)


def read(text: str | bytes, name: str) -> Source:
    """The file's tree. Raises UserError with file and line."""
    if len(text) > MAX_BYTES:
        raise config_error(name, f"is larger than {MAX_BYTES // 1024} KB; that is no config")
    builder = _Builder(_events(text, name), name)
    value = builder.document()
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise config_error(f"{name}:1", "a config is a list of 'key: value' lines")
    return Source(name, value, builder.places)


def _read_value(text: str, name: str) -> Any:
    """One value from the command line."""
    if len(text) > MAX_BYTES:
        raise config_error(name, "is too long")
    return _Builder(_events(text, name), name).document()


def _place(name: str, mark: Any) -> str:
    return f"{name}:{mark.line + 1}" if mark and not name.startswith(COMMAND_LINE) else name


def _events(text: str | bytes, name: str) -> list[yaml.Event]:
    """All parser events. Depth is looked at while they come: the scanner is quadratic in it."""
    events, depth = [], 0
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            events.append(event)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise config_error(_place(name, event.start_mark), f"nested deeper than {MAX_DEPTH}")
        return events
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise config_error(_place(name, mark), f"not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        problem = getattr(error, "reason", None) or str(error).splitlines()[0]
        raise config_error(name, f"not a text file of YAML: {problem}") from None
    except (RecursionError, ValueError) as error:  # PyYAML lets int() and chr() errors of odd escapes through
        raise config_error(name, f"not valid YAML: {error}") from None


class _Builder:
    """Makes values from parser events, recording the place of every key and list item."""

    def __init__(self, events: list[yaml.Event], name: str):
        self.events, self.name = iter(events), name
        self.places: dict[Path, str] = {}
        self.anchors: dict[str, Any] = {}
        self.nodes = self.aliases = 0

    def document(self) -> Any:
        value = None
        for documents, event in enumerate(e for e in self.events if isinstance(e, yaml.DocumentStartEvent)):
            if documents:
                raise self.error(event, "a second document ('---'); a config is one")
            value = self.value(next(self.events), ())
        return value

    def error(self, event: yaml.Event, problem: str) -> UserError:
        return config_error(_place(self.name, event.start_mark), problem)

    def value(self, event: yaml.Event, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self.aliases += 1
            if event.anchor not in self.anchors:
                raise self.error(event, f"*{event.anchor} stands for nothing that was finished before it")
            if self.aliases > MAX_ALIASES:
                raise self.error(event, f"more than {MAX_ALIASES} aliases")
            return self.copy(event, self.anchors[event.anchor], len(path))
        self.count(event)
        assert isinstance(event, yaml.NodeEvent)
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            raise self.error(event, f"tags such as {tag[:40]} are not allowed")
        made: Any
        if isinstance(event, yaml.ScalarEvent):
            made = event.value if event.style or tag else self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            made = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                self.places[(*path, len(made))] = _place(self.name, item.start_mark)
                made.append(self.value(item, (*path, len(made))))
        else:
            made = self.mapping(path)
        if event.anchor:
            self.anchors[event.anchor] = made
        return made

    def mapping(self, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent) or key.tag or not key.value:
                raise self.error(key, "a key is a word")
            place = (*path, key.value)
            if key.value in made:
                dotted, first = ".".join(map(str, place)), self.places[place]
                raise self.error(key, f"'{dotted}' stands here for the second time (first: {first})")
            self.places[place] = _place(self.name, key.start_mark)
            made[key.value] = self.value(next(self.events), place)
        return made

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INT.fullmatch(text):
                return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
            return float(text) if _FLOAT.fullmatch(text) else text
        except ValueError:  # thousands of digits
            raise self.error(event, f"{text[:20]}... has too many digits") from None

    def copy(self, event: yaml.Event, value: Any, depth: int) -> Any:
        """What an alias stands for, copied, so that an override changes one place; counted, so that it stays small."""
        self.count(event)
        if depth > MAX_DEPTH:
            raise self.error(event, f"nested deeper than {MAX_DEPTH}")
        if isinstance(value, dict):
            return {key: self.copy(event, item, depth + 1) for key, item in value.items()}
        return [self.copy(event, item, depth + 1) for item in value] if isinstance(value, list) else value

    def count(self, event: yaml.Event) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(event, f"more than {MAX_NODES:,} values; that is no config")
