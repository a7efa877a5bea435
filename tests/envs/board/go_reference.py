"""Go in plain Python, slow and evident: no groups kept, no hashes, every legal move found by playing it out."""

Board = tuple[int, ...]  # point by point, 0 empty, 1 black, 2 white


def beside(point: int, size: int) -> list[int]:
    row, column = divmod(point, size)
    places = [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return [r * size + c for r, c in places if 0 <= r < size and 0 <= c < size]


def flood(board: Board, start: int, size: int) -> tuple[set[int], set[int]]:
    """(points of the start's colour that hang together with it, what other points are beside them)."""
    group, border, waiting = {start}, set(), [start]
    while waiting:
        for point in beside(waiting.pop(), size):
            if board[point] != board[start]:
                border.add(point)
            elif point not in group:
                group.add(point)
                waiting.append(point)
    return group, border


def after(board: Board, point: int, colour: int, size: int) -> Board | None:
    """The board after a stone there, or None for suicide."""
    new = list(board)
    new[point] = colour
    for neighbour in beside(point, size):
        if new[neighbour] == 3 - colour:
            group, border = flood(tuple(new), neighbour, size)
            if all(new[p] for p in border):
                for p in group:
                    new[p] = 0
    _, border = flood(tuple(new), point, size)
    return tuple(new) if any(new[p] == 0 for p in border) else None


def area(board: Board, size: int) -> tuple[int, int]:
    """(black's points, white's)."""
    points = [0, board.count(1), board.count(2)]
    for start in range(size * size):
        if board[start] == 0:
            _, border = flood(board, start, size)
            colours = {board[p] for p in border}
            if len(colours) == 1:
                points[colours.pop()] += 1
    return points[1], points[2]


class PlainGo:
    """A game; `play` takes points, size * size to pass."""

    def __init__(self, size: int):
        self.size, self.colour, self.passes = size, 1, 0
        self.boards: list[Board] = [(0,) * (size * size)]

    @property
    def board(self) -> Board:
        return self.boards[-1]

    def moves(self) -> dict[int, Board]:
        """Each legal stone and the board after it."""
        return {point: board for point, board in self.without_superko().items() if board not in self.boards}

    def without_superko(self) -> dict[int, Board]:
        empty = [point for point, colour in enumerate(self.board) if colour == 0]
        boards = {point: after(self.board, point, self.colour, self.size) for point in empty}
        return {point: board for point, board in boards.items() if board is not None}

    def play(self, point: int) -> None:
        if point == self.size**2:
            self.passes += 1
            self.boards.append(self.board)
        else:
            self.passes = 0
            self.boards.append(self.moves()[point])
        self.colour = 3 - self.colour
