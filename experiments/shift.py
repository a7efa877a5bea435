"""An agent's rating in worlds other than the one it trained in, as `evaluation.shift` names them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from experiments.config import ShiftSection
from experiments.errors import ExitCode, UserError

if TYPE_CHECKING:
    from agents.agent import Agent
    from agents.shift import ShiftResult, ShiftResults
    from envs.game import Game


def measure_shift(
    make_agent: Callable[["Game"], "Agent"],
    game: "Game",
    shift: ShiftSection,
    any_size: bool,
    opponents: tuple[str, ...],
    seed: int,
    tell: Callable[["ShiftResult"], None] | None = None,
) -> "ShiftResults":
    """`any_size`: the agent can play other team sizes, so these are tried, too. Raises UserError for a game that has no
    worlds to be tried in, or one of these that it refuses."""
    from agents import entities
    from agents.shift import evaluate_shift, shifts_of
    from envs import make
    from envs.game import InvalidSetting

    worlds = shifts_of(game) if shift.worlds is None else shift.worlds
    if not worlds:
        raise UserError(f"{game.id} has no worlds to be tried in; name some in evaluation.shift.worlds", ExitCode.USAGE)
    others = []
    ids = [entities.any_size(game.id).replace("KvK", f"{size}v{size}") for size in shift.team_sizes if any_size]
    try:
        others = [make(other, **chosen_settings(game.id, game.settings)) for other in ids if other != game.id]
        return evaluate_shift(
            make_agent, game, worlds, shift.strengths, opponents, shift.games // 2, seed, other_games=others, tell=tell
        )
    except InvalidSetting as error:
        raise UserError(f"evaluation.shift: {error}", ExitCode.USAGE) from None


def chosen_settings(game_id: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Those of a game's settings that are not its defaults: what is to hold for another team size as well."""
    from envs import make

    usual, used = make(game_id), make(game_id, **settings)
    return {key: value for key, value in used.settings.items() if value != usual.settings[key]}
