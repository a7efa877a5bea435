"""What a window is asked to show below the picture, and what it reports: words shared by it and those who use it.

Data alone, so that a command can say which buttons it wants before anything heavy is imported.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Button:
    """`keys` do the same: names as pygame gives them, "space", "f2", "[+]" of the keypad; "ctrl+z" with Ctrl or Cmd."""

    command: str
    label: str
    keys: tuple[str, ...]
    key_name: str  # what the help calls its key
    main: bool = False  # drawn in colour
    pressed_label: str = ""  # instead of `label` where Status.active has the command


@dataclass(frozen=True)
class Gauge:
    """A number shown between two buttons; Status.gauge is its value."""

    label: str


@dataclass(frozen=True)
class Controls:
    """The bar, from left to right, and the line of help below it."""

    items: tuple[Button | Gauge, ...]
    help: str
    quit_keys: tuple[str, ...]

    @property
    def buttons(self) -> dict[str, Button]:
        """command -> its button, from left to right"""
        return {item.command: item for item in self.items if isinstance(item, Button)}

    def command(self, key: str) -> str | None:
        """What the key of that name asks for."""
        if key in self.quit_keys:
            return "quit"
        return next((name for name, button in self.buttons.items() if key in button.keys), None)


@dataclass(frozen=True)
class Status:
    """What the bar says now."""

    line: str = ""
    help: str = ""  # instead of the controls' own
    gauge: str = ""
    active: frozenset[str] = frozenset()  # commands whose button is pressed in
    idle: frozenset[str] = frozenset()  # commands that would do nothing: their buttons are grey


@dataclass(frozen=True)
class Panel:
    """A card of help over the picture."""

    title: str
    rows: tuple[tuple[str, str], ...]  # (keys, what they do)
    foot: str = ""


# What a Window reports, in the order in which it happened.


@dataclass(frozen=True)
class Command:
    """A button or its key; "quit" also for the closing of the window."""

    name: str


@dataclass(frozen=True)
class Key:
    """A key that stands for no command went down, or is held and repeats."""

    name: str
    text: str = ""  # the letter it types


@dataclass(frozen=True)
class Release:
    """A key was let go, whatever it stood for."""

    name: str


@dataclass(frozen=True)
class Pointer:
    """The mouse over the picture; a drag that began there goes on outside of it."""

    kind: str  # down, move, up (of the left button); cancel: another button
    at: tuple[float, float]  # pixels of the picture


Event = Command | Key | Release | Pointer
