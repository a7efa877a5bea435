"""Games as compiled rules, and their standard faces. `make("connect_four")` gives the Game; `Batch` plays many at once."""

from importlib import import_module
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

        near = get_close_matches(game_id, GAMES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(GAMES)}"
        raise KeyError(f"unknown game '{game_id}'; {hint}; a game of your own is named 'module:id'")
    return with_settings(game, settings)
