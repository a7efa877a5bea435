"""What became of the games of self-play: sums by name, and the points against each past self.

games      0 ........................ B
           | latest against latest    | slot 0 | slot 1 | ...      one team of each of these is a past self
                                               | fixed 0 | ...     of each of these an agent that does not learn
controller [B, P] int8: 0 the learning policy, 1 + s the past self in slot s, -1 - k fixed agent k
"""

import numpy as np

DECISIVE = 0.5  # a smaller return is no win: of games with a shaped reward, what shaping paid

STATISTICS = (
    "episodes", "episode_steps", "decisive", "truncated", "first_seat_return", "pool_episodes", "pool_return",
    "fixed_episodes", "fixed_return",
)  # fmt: skip


class Tally:
    """Of B games whose seats are played by `controller`.

    steps_of_game  [B] int64, and
    returns        [B, P] float32, of the games that are on: kept by whoever plays them
    sums           since `clear`, by STATISTICS
    against_slots  [slots, 2] float64, since `clear`: games that ended against the past self in each slot, and the
                   learning team's points in them, 1 a win, 0.5 a draw
    """

    def __init__(self, controller: np.ndarray):
        self.controller = controller
        games, seats = controller.shape
        self.steps_of_game = np.zeros(games, np.int64)
        self.returns = np.zeros((games, seats), np.float32)
        self.against_slots = np.zeros((int(controller.max(initial=0)), 2))
        self.sums = dict.fromkeys(STATISTICS, 0.0)
        self._mixed = np.zeros(games, np.bool_)  # games in which a slot's past self was exchanged

    def clear(self) -> None:
        self.sums = dict.fromkeys(STATISTICS, 0.0)
        self.against_slots[:] = 0

    def exchanged(self, slot: int) -> None:
        """Another past self sits in this slot; games that it did not begin count for nobody."""
        self._mixed |= (self.controller == 1 + slot).any(axis=1) & (self.steps_of_game > 0)

    def end(self, over: np.ndarray, rewards: np.ndarray, truncated: int) -> None:
        """The games over [n] ended; their last step paid rewards [n, P]; the clock ended so many of them."""
        sums, controller = self.sums, self.controller[over]
        learning = controller == 0
        own_return = rewards[np.arange(len(over)), learning.argmax(axis=1)]
        sums["episodes"] += len(over)
        sums["episode_steps"] += int(self.steps_of_game[over].sum())
        sums["decisive"] += int(np.count_nonzero(rewards[:, 0]))
        sums["truncated"] += truncated
        sums["first_seat_return"] += float(rewards[:, 0].sum())
        for name, against in (("pool", (controller > 0).any(axis=1)), ("fixed", (controller < 0).any(axis=1))):
            sums[f"{name}_episodes"] += int(against.sum())
            sums[f"{name}_return"] += float(own_return[against].sum())
        for row in np.flatnonzero((controller > 0).any(axis=1) & ~self._mixed[over]):
            whole = self.returns[over[row], learning[row].argmax()]
            won = np.sign(whole) if abs(whole) > DECISIVE else 0
            self.against_slots[controller[row].max() - 1] += 1, (1 + won) / 2
        self.steps_of_game[over] = 0
        self.returns[over] = 0
        self._mixed[over] = False

    def restart(self) -> None:
        """Every game begins anew."""
        self.steps_of_game[:] = 0
        self.returns[:] = 0
        self._mixed[:] = False

    def state(self) -> dict[str, np.ndarray]:
        """Of the games that are on: arrays [B, ...], copied."""
        return {
            "steps_of_game": self.steps_of_game.copy(),
            "mixed": self._mixed.copy(),
            "returns": self.returns.copy(),
        }

    def load_state(self, arrays: dict[str, np.ndarray]) -> None:
        """Of as many games as there are, or fewer: the rest stay as they are."""
        count = len(arrays["steps_of_game"])
        self.steps_of_game[:count] = arrays["steps_of_game"]
        self._mixed[:count] = arrays["mixed"]
        self.returns[:count] = arrays["returns"]
