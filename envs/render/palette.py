"""The colours of every picture, RGB. On the pitch team 0 is blue, team 1 orange: colour-blind eyes tell them apart."""

Colour = tuple[int, int, int]

PAPER: Colour = (247, 245, 240)
CARD: Colour = (255, 255, 255)
EDGE: Colour = (222, 218, 208)
INK: Colour = (34, 45, 60)
MUTED: Colour = (120, 129, 142)
GOOD: Colour = (46, 160, 103)

BLUE: Colour = (47, 111, 224)
ORANGE: Colour = (240, 113, 44)
TEAMS: tuple[Colour, ...] = (BLUE, ORANGE)
TEAM_NAMES = ("Blue", "Orange")

RED: Colour = (226, 62, 62)
YELLOW: Colour = (250, 200, 46)
RACK: Colour = (43, 99, 196)

GRASS: Colour = (116, 184, 102)
CHALK: Colour = (247, 252, 244)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of the way from a to b."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def lighter(colour: Colour, share: float) -> Colour:
    return mix(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float) -> Colour:
    return mix(colour, (16, 22, 40), share)
