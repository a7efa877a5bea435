"""A sitting in the window: events go to whose turn it is, the game goes on in real time, the bar says what is on."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from agents.agent import Forfeit
from envs.ball.actions import CONTINUOUS, HEADING, control_of
from envs.batch import mask_rows
from envs.game import Dynamics, Game
from envs.render.boards import wins
from envs.render.controls import Button, Command, Controls, Event, Key, Panel, Pointer, Status
from experiments.hands import LEFT_HAND, LEFT_KICKS, RIGHT_HAND, RIGHT_KICKS, BallHand, BoardHand, Sight
from experiments.sitting import Sitting

NEW = Button("new", "new game", ("f2", "ctrl+n"), "F2")
SWAP = Button("swap", "swap sides", ("f3", "ctrl+s"), "F3")
HELP = Button("help", "help", ("f1", "ctrl+h"), "F1")
QUIT_KEYS = ("ctrl+q", "ctrl+w")

BOARD = Controls(
    items=(
        Button("undo", "undo", ("ctrl+z",), "Backspace"),
        Button("hint", "hint", ("tab",), "Tab"), NEW, SWAP, HELP,
    ),
    help="Backspace  undo      Tab  hint      F2  new game      F3  swap sides      F1  help",
    quit_keys=QUIT_KEYS,
)  # fmt: skip
BALL = Controls(
    items=(
        Button("pause", "pause", ("p", "escape"), "P", main=True, pressed_label="play"),
        NEW, SWAP, HELP,
    ),
    help="W A S D or arrows  run      space  kick      P  pause      F2  new game      F1  help",
    quit_keys=QUIT_KEYS,
)  # fmt: skip
HEADING_BALL = replace(BALL, help=BALL.help.replace("or arrows  run", "or arrows  turn and run"))

LISTED = 16  # legal moves in words, where a game cannot be clicked


def controls(game: Game) -> Controls:
    if game.dynamics is Dynamics.SEQUENTIAL:
        return BOARD
    return HEADING_BALL if _control(game) == HEADING else BALL


def _control(game: Game) -> int:
    """Which of the ball game's."""
    return control_of(game.new_states(1, np.zeros(1, np.uint64))[0])


def hands(game: Game, people: int) -> list[Any]:
    """By team. At a board one hand serves whoever is to move."""
    if game.dynamics is Dynamics.SEQUENTIAL:
        return [BoardHand(game)] * 2
    control = _control(game)
    if people == 2:
        return [BallHand(0, LEFT_HAND, LEFT_KICKS, control), BallHand(1, RIGHT_HAND, RIGHT_KICKS, control)]
    return [BallHand(team, {**LEFT_HAND, **RIGHT_HAND}, LEFT_KICKS | RIGHT_KICKS, control) for team in (0, 1)]


class Playing:
    """What is shown now, and what the people asked for."""

    def __init__(self, sitting: Sitting, window, speed: float = 1.0):
        self.sitting, self.window, self.speed = sitting, window, speed
        self.on_the_pitch = sitting.game.dynamics is Dynamics.SIMULTANEOUS
        self.ended = False
        self.paused = self.helped = self.on_the_pitch  # the ball waits until the keys have been read
        self.note = ""  # for the bar, until something happens
        self.hinted: int | None = None
        self._due = 0.0
        self._legal: tuple[int, list[str]] | None = None  # of which move, and in words
        self._show_match()

    def run(self) -> None:
        """Until somebody quits. However it ends, the game is kept."""
        passed = 1.0
        try:
            while not self.ended:
                for event in self.window.events():
                    self.feel(event)
                self.advance(passed)
                self.draw()
                passed = self.window.wait()
        finally:
            self.sitting.keep()

    # What people do

    def feel(self, event: Event) -> None:
        if isinstance(event, Command):
            self.obey(event.name)
        elif self.helped and isinstance(event, Key | Pointer):
            if isinstance(event, Key) or event.kind == "down":
                self.helped = self.paused = False
                self._feel_hands(event)  # who presses a key to kick off means to run with it
        elif self.sitting.match.over and isinstance(event, Key) and event.name in ("return", "enter"):
            self.obey("new")
        else:
            self._feel_hands(event)

    def _feel_hands(self, event: Event) -> None:
        if self.on_the_pitch:
            for hand in self.sitting.hands:
                if isinstance(hand, BallHand):
                    hand.feel(event)
        elif self.my_turn:
            if isinstance(event, Key) or (isinstance(event, Pointer) and event.kind == "down"):
                self.note = ""
            if command := self.hand.feel(event, self.sight):
                self.obey(command)
        elif isinstance(event, Key) and event.name == "backspace":
            self.obey("undo")

    def obey(self, command: str) -> None:
        self.note = ""
        if command == "quit":
            self.ended = True
        elif command == "help":
            self.helped = not self.helped
            self.paused = self.helped and self.on_the_pitch
        elif command == "pause":
            self.paused = not self.paused
            self.helped = False
        elif command in ("new", "swap"):
            self.sitting.begin(swap=command == "swap")
            self.paused = self.helped = False
            self._show_match()
        elif command == "undo":
            if self.sitting.undo():
                self._show_match()
            else:
                self.note = "there is nothing to take back"
        elif command == "hint":
            self._show_hint()

    def _show_hint(self) -> None:
        if not self.my_turn:
            return
        if self.hinted is None:  # asked again, the adviser might draw another of its best
            try:
                self.hinted = self.sitting.hint()
            except Forfeit as forfeit:
                self.note = f"no hint: who gives them {forfeit}"
                return
        if self.hinted is None:
            self.note = "no hints here: the only agent at hand plays at random (--against AGENT names a better one)"
        else:
            name = self.sitting.game.action_to_string(self.sitting.match.state, self.hinted)
            self.note = f"hint: {name}"

    # What is on

    @property
    def hand(self) -> BoardHand:
        """Of whoever is to move at a board."""
        hand = self.sitting.hands[0]
        assert isinstance(hand, BoardHand)
        return hand

    @property
    def my_turn(self) -> bool:
        """Whether a person is to move at a board."""
        return not self.on_the_pitch and self.frame.settled and self.sitting.persons_turn()

    @property
    def sight(self) -> Sight:
        seats = self.sitting.seats_of_people
        one = seats[0] if len(seats) == 1 and not self.on_the_pitch else None
        return Sight(self.sitting.match.state, self.window.picture_size, flipped=one == 1, viewer=one)

    def _show_match(self) -> None:
        """The sitting's game as it stands."""
        self._frames = self.sitting.match.frames()
        self.frame = next(self._frames)
        self.hinted = self._legal = None

    def advance(self, frames: float) -> None:
        """So many frames of real time on."""
        if self.paused:
            return
        self._due += frames * self.speed
        while self._due >= 1:
            self._due -= 1
            self._next()
        if not self.on_the_pitch and self.hand.decided is not None:
            before = self.sitting.match.moves  # nobody waits for the rest of the last move's pause
            while self.sitting.match.moves == before and self._next():
                pass

    def _next(self) -> bool:
        moves = self.sitting.match.moves
        frame = next(self._frames, None)
        if frame is not None:
            self.frame = frame
        if self.sitting.match.moves != moves:
            self.hinted = self._legal = None
        if self.frame.over:
            self.sitting.settle()
        return frame is not None

    def draw(self) -> None:
        sight = self.sight
        marks: dict[str, Any] = {} if self.on_the_pitch else self.hand.view(sight)
        if self.on_the_pitch:
            marks["mine"] = self.sitting.seats_of_people
        elif self.my_turn:
            marks |= self.hand.marks(sight, self.window.pointer, len(self.legal_moves))
            if self.hinted is not None:
                marks["hint"] = self.hinted
        picture = self.sitting.match.picture(self.frame, sight.size, self.sitting.score, **marks)
        active = {name for name, on in (("pause", self.paused), ("help", self.helped)) if on}
        idle = set()
        if not self.on_the_pitch:
            idle = {name for name, off in (("undo", not self._can_undo), ("hint", not self.my_turn)) if off}
        status = Status(self.line, active=frozenset(active), idle=frozenset(idle))
        self.window.show(picture, status, self.panel if self.helped else None)

    @property
    def _can_undo(self) -> bool:
        people = self.sitting.teams_of_people
        return any(team in people for team in self.sitting.match.movers)

    @property
    def legal_moves(self) -> list[str]:
        """In words, of whoever is to move at a board."""
        match = self.sitting.match
        if self._legal is None or self._legal[0] != match.moves:
            states = match.state.reshape(1)
            legal = np.flatnonzero(mask_rows(match.game, states, states["current_player"])[0])
            self._legal = (match.moves, [match.game.action_to_string(match.state, int(a)) for a in legal])
        return self._legal[1]

    @property
    def line(self) -> str:
        """What the bar says."""
        sitting, match = self.sitting, self.sitting.match
        if sitting.failure is not None:
            return f"the game could not be saved: {sitting.failure.strerror or sitting.failure}"
        if self.frame.over:
            returns = [match.team_return(team) for team in (0, 1)]
            result = "A draw" if returns[0] == returns[1] else wins(sitting.names[int(np.argmax(returns))])
            why = f" ({match.forfeit})" if match.forfeit else ""
            return f"{result}{why}. Enter or F2: another game; saved as {sitting.path.name}"
        if self.on_the_pitch:
            if self.paused:
                return "paused: press P to go on" if match.moves else "press a key to kick off"
            sides = ("blue, towards the right", "orange, towards the left")
            who = [f"{sitting.names[team]}: {sides[team]}" for team in sitting.teams_of_people]
            return "      ".join(who) + f"      against {sitting.company.rival_name}" * (len(who) == 1)
        if not self.my_turn:
            return self.note or ("" if match.over else self._turn())
        if self.hand.typed:
            return f"move: {self.hand.typed}_      Enter plays it, Escape forgets it"
        return self.note or self.hand.message or self._invitation()

    def _turn(self) -> str:
        match = self.sitting.match
        name = match.names[match.game.teams[int(match.state["current_player"])]]
        return "Your turn" if name.lower() == "you" else f"{name} to move"

    def _invitation(self) -> str:
        turn = self._turn()
        if self.hand.picks_up:
            return f"{turn}: drag a piece, or click it and then its goal"
        if self.hand.points:
            return f"{turn}: click where to play"
        words = self.legal_moves
        shown = " ".join(words[:LISTED]) + (" ..." if len(words) > LISTED else "")
        return f"{turn}: type a move and press Enter ({shown})"

    @property
    def panel(self) -> Panel:
        """All there is to know."""
        sitting = self.sitting
        common = (
            ("F2", "new game (what was played is saved)"),
            ("F3", "swap sides and begin anew"),
            ("F1", "this help"),
            ("Ctrl+Q", "leave"),
        )
        if self.on_the_pitch:
            control = _control(sitting.game)
            runs = self._pitch_keys_of_two(control) if len(sitting.teams_of_people) == 2 else self._pitch_keys(control)
            return Panel(sitting.game.id, (*runs, ("P", "pause"), *common), "press a key to kick off")
        by_mouse = (
            (("drag, or two clicks", "move a piece"),) if self.hand.picks_up
            else (("click", "play there"),) if self.hand.points else ()
        )  # fmt: skip
        example = self.legal_moves[0] if not sitting.match.over and self.legal_moves else ""
        typed = (("letters, Enter", f"type a move, as {example}" if example else "type a move"),)
        keys = (("Backspace", "take back to your last turn"), ("Tab", "a hint"))
        return Panel(sitting.game.id, (*by_mouse, *typed, *keys, *common), "a click or a key closes this")

    def _pitch_keys(self, control: int) -> tuple[tuple[str, str], ...]:
        """What the keys of the only person do."""
        colour = ("blue, towards the right", "orange, towards the left")[self.sitting.teams_of_people[0]]
        you = ("you", f"the ringed player; {colour}")
        if control == HEADING:
            degrees = math.degrees(self.sitting.match.state["world"]["turn"])
            return (
                you,
                ("A D, left right", f"turn, {degrees:.0f}° at a time; held, on and on"),
                ("W S, up down", "run the way you face, and backwards"),
                ("space", "kick where the chevrons point; the ball must be ahead of you"),
            )
        run = "run with full force" if control == CONTINUOUS else "run"
        return (
            you,
            ("W A S D, arrows", f"{run}; two at once for a diagonal"),
            ("space", "kick, away from you; held, as soon as the ball is near"),
        )

    def _pitch_keys_of_two(self, control: int) -> tuple[tuple[str, str], ...]:
        runs = "turns and runs" if control == HEADING else "runs"
        first, second = self.sitting.names
        return (
            (first, f"blue: {runs} with W A S D, kicks with space"),
            (second, f"orange: {runs} with the arrows, kicks with Enter"),
        )
