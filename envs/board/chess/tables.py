"""Where pieces attack on an 8 x 8 board, as sets of squares: uint64, bit 0 = a1, bit 7 = h1, bit 63 = h8.

Source: the Chess Programming Wiki on bitboards: "obstruction difference" for one slider, "Kogge-Stone" for all of them.
"""

import numpy as np
from numba import njit

from envs.bits import leading_zeros

ZERO, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(2**64 - 1)
NOT_A, NOT_H = np.uint64(0xFEFEFEFEFEFEFEFE), np.uint64(0x7F7F7F7F7F7F7F7F)  # all files but the first, but the last
RANK_3, RANK_8 = np.uint64(0xFF << 16), np.uint64(0xFF << 56)
DARK = np.uint64(0xAA55AA55AA55AA55)  # a1 is dark

# (files to the right, ranks up), clockwise from straight ahead; the order of the planes of an action
DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
KNIGHT_JUMPS = ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2))
RANK, FILE, DIAGONAL, ANTIDIAGONAL = range(4)  # the lines through a square; a diagonal rises to the right
_UPWARD = ((1, 0), (0, 1), (1, 1), (-1, 1))  # the way along each line on which square numbers rise


def moved(square: int, right: int, up: int) -> int:
    """The square so far from this one, -1 if that is off the board."""
    file, rank = square % 8 + right, square // 8 + up
    return rank * 8 + file if 0 <= file < 8 and 0 <= rank < 8 else -1


def _ray(square: int, right: int, up: int) -> list[int]:
    """The squares on the way to the edge."""
    squares = []
    while (square := moved(square, right, up)) >= 0:
        squares.append(square)
    return squares


def _set(squares) -> int:
    return sum(1 << square for square in squares if square >= 0)


def _leaps(jumps) -> np.ndarray:
    return np.array([_set(moved(square, *jump) for jump in jumps) for square in range(64)], np.uint64)


KNIGHT, KING = _leaps(KNIGHT_JUMPS), _leaps(DIRECTIONS)  # [64]
PAWN = _leaps(((-1, 1), (1, 1)))  # [64]: what a pawn that goes up attacks

# [64, 4]: each line through a square (without it), split into what lies above it and below it
ABOVE = np.array([[_set(_ray(square, *way)) for way in _UPWARD] for square in range(64)], np.uint64)
BELOW = np.array([[_set(_ray(square, -way[0], -way[1])) for way in _UPWARD] for square in range(64)], np.uint64)
LINES = ABOVE | BELOW
ORTHOGONALS = LINES[:, RANK] | LINES[:, FILE]  # [64]: a rook on an empty board
DIAGONALS = LINES[:, DIAGONAL] | LINES[:, ANTIDIAGONAL]  # [64]: a bishop


def _between_and_through() -> tuple[np.ndarray, np.ndarray]:
    between, through = np.zeros((64, 64), np.uint64), np.zeros((64, 64), np.uint64)
    for square in range(64):
        for right, up in DIRECTIONS:
            ray = _ray(square, right, up)
            line = _set([*ray, square, *_ray(square, -right, -up)])
            for distance, other in enumerate(ray):
                between[square, other] = _set(ray[:distance])
                through[square, other] = line
    return between, through


BETWEEN, THROUGH = _between_and_through()  # [64, 64]: squares between two, the whole line through two; 0 off line


@njit(cache=True, inline="always")
def line_attacks(square, line, occupied):
    """What a slider on `square` attacks along one line: as far as the first piece either way, that piece included."""
    above, below = occupied & ABOVE[square, line], occupied & BELOW[square, line]
    nearest_above = above & (~above + ONE)  # none: 0
    nearest_below = np.uint64(1 << 63) >> leading_zeros(below | ONE)  # none: the bottom of the board
    return LINES[square, line] & ((nearest_above << ONE) - nearest_below)


@njit(cache=True)
def rook_attacks(square, occupied):
    return line_attacks(square, RANK, occupied) | line_attacks(square, FILE, occupied)


@njit(cache=True)
def bishop_attacks(square, occupied):
    return line_attacks(square, DIAGONAL, occupied) | line_attacks(square, ANTIDIAGONAL, occupied)


@njit(cache=True, inline="always")
def _slide_up(sliders, free, by, landing):
    """What all `sliders` attack in a direction in which square numbers rise by `by`; `landing` keeps from wrapping."""
    free &= landing
    sliders |= free & (sliders << by)
    free &= free << by
    sliders |= free & (sliders << (by + by))
    free &= free << (by + by)
    sliders |= free & (sliders << (by + by + by + by))
    return (sliders << by) & landing


@njit(cache=True, inline="always")
def _slide_down(sliders, free, by, landing):
    free &= landing
    sliders |= free & (sliders >> by)
    free &= free >> by
    sliders |= free & (sliders >> (by + by))
    free &= free >> (by + by)
    sliders |= free & (sliders >> (by + by + by + by))
    return (sliders >> by) & landing


_1, _7, _8, _9 = np.uint64(1), np.uint64(7), np.uint64(8), np.uint64(9)
_2, _16 = np.uint64(2), np.uint64(16)
_NOT_AB, _NOT_GH = np.uint64(0xFCFCFCFCFCFCFCFC), np.uint64(0x3F3F3F3F3F3F3F3F)


@njit(cache=True)
def all_slides(straight, oblique, free):
    """What rooks and queens (`straight`) and bishops and queens (`oblique`) attack together over `free` squares."""
    return (
        _slide_up(straight, free, _8, ALL)
        | _slide_down(straight, free, _8, ALL)
        | _slide_up(straight, free, _1, NOT_A)
        | _slide_down(straight, free, _1, NOT_H)
        | _slide_up(oblique, free, _9, NOT_A)
        | _slide_down(oblique, free, _9, NOT_H)
        | _slide_up(oblique, free, _7, NOT_H)
        | _slide_down(oblique, free, _7, NOT_A)
    )


@njit(cache=True)
def all_knight_attacks(knights):
    near = ((knights << _1) & NOT_A) | ((knights >> _1) & NOT_H)
    far = ((knights << _2) & _NOT_AB) | ((knights >> _2) & _NOT_GH)
    return (near << _16) | (near >> _16) | (far << _8) | (far >> _8)


@njit(cache=True)
def all_downward_pawn_attacks(pawns):
    return ((pawns >> _7) & NOT_A) | ((pawns >> _9) & NOT_H)
