"""What the sections of a config are made of: types of values, and complaints. Imports nothing heavy."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


def problem(message: str, *keys: str) -> PydanticCustomError:
    """A validator's complaint, to follow the dotted key at fault, seen from the section that complains. Of several keys
    the first that was written down is blamed."""
    return PydanticCustomError("problem", "{message}", {"message": message, "keys": keys})


def _whole(value: Any) -> Any:
    """1e6 is a fine way to write a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _auto_or_whole(value: Any) -> Any:
    value = _whole(value)
    if value == "auto" or (type(value) is int and value >= 0):
        return value
    raise problem(f"is {show(value)}; wanted auto, or a whole number, 0 or more")


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    from agents.names import check_name

    for position, name in enumerate(names):
        try:
            check_name(name)
        except ValueError as error:
            raise problem(f"names nobody: {error}", str(position)) from None
    return names


Whole = Annotated[int, BeforeValidator(_whole)]
Widths = Annotated[tuple[Annotated[Whole, Field(ge=1, le=65536)], ...], BeforeValidator(as_tuple)]
AgentNames = Annotated[tuple[str, ...], BeforeValidator(as_tuple), AfterValidator(_named)]
Range = Annotated[tuple[int | float, int | float], BeforeValidator(as_tuple)]
SettingValue = bool | int | float | str | Range
AutoOrWhole = Annotated[Literal["auto"] | int, BeforeValidator(_auto_or_whole)]


class Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint at the end of a complaint: the nearest known word, or all of them."""
    known = list(known)
    near = get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def show(value: Any) -> str:
    """A value as a config would write it, shortened."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value) if isinstance(value, float) or abs(value) < 10**60 else "a number of more than 60 digits"
