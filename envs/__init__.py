"""Games as compiled rules, and their standard faces. `make("connect_four")` gives the Game; `Batch` plays many at once.

gymnasium.make("envs:bitterball/connect_four-v0")       one seat learns (gymnasium_env.py)
pettingzoo_env.env("connect_four")                      every seat is an agent (pettingzoo_env.py)
"""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envs.game import Game


def make(game_id: str, **settings: Any) -> "Game":
    """The game of that id, with settings (komi, time limit, ...) over its defaults.

    A game of your own is named "module:id"; the module is imported, and must call `envs.game.register`.
    Raises KeyError for an unknown id (with the nearest known one), InvalidSetting for a wrong setting.
    """
    from envs.game import registered, with_settings
    from envs.ids import GAMES

    module, _, own_id = game_id.rpartition(":")
    if module:
        import_module(module)
    elif game_id in GAMES:
        import_module(GAMES[game_id])
    game = registered(own_id)
    if game is None:
        from difflib import get_close_matches

        if game_id.startswith("ball_"):
            raise KeyError(f"unknown game '{game_id}'; the ball games are ball_1v1 to ball_11v11, as they are or with "
                           "_continuous or _heading after it")  # fmt: skip
        near = get_close_matches(game_id, GAMES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(GAMES)}"
        raise KeyError(f"unknown game '{game_id}'; {hint}; a game of your own is named 'module:id'")
    return with_settings(game, settings)


def _register_with_gymnasium() -> None:
    """Every id as Gymnasium's "bitterball/<id>-v0", by strings: a face is imported when one is made."""
    from gymnasium.envs.registration import register, registry

    from envs.ids import GAMES

    for game_id in GAMES:
        if f"bitterball/{game_id}-v0" not in registry:
            register(
                f"bitterball/{game_id}-v0",
                entry_point="envs.gymnasium_env:SeatEnv",
                vector_entry_point="envs.gymnasium_env:SeatVectorEnv",
                kwargs={"game_id": game_id},
            )


class _OnceGymnasiumIsImported(MetaPathFinder):
    """Registers the games right after Gymnasium's import, so that importing `envs` before it works and costs nothing.

    Gymnasium 1.0 dropped the entry points by which plugins were found; a registration must run in the process.
    """

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "gymnasium":
            return None
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next((spec for spec in specs if spec and spec.loader), None)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_then_register(module: ModuleType) -> None:
                execute(module)
                _register_with_gymnasium()

            spec.loader.exec_module = execute_then_register  # type: ignore[method-assign]
        return spec


if "gymnasium.envs.registration" in sys.modules:
    _register_with_gymnasium()
else:
    sys.meta_path.insert(0, _OnceGymnasiumIsImported())
