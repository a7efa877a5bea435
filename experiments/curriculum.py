"""What a run is trained on before its own game (`training.curriculum`), and when it goes on.

    stage 0 -> stage 1 -> ... -> the run's own game      each until its rating or its share of the budget is reached

Ratings are of the run's own game at every stage, so that the curves of runs with and without can be laid side by side.
"""

from typing import TYPE_CHECKING

from experiments.config import Config, Stage

if TYPE_CHECKING:
    from envs.game import Game


def game_of(stage: Stage, config: Config, game: "Game") -> tuple[str, "Game"]:
    """The stage's game and the name to make it by; `game` is the run's own with all its settings.

    Raises InvalidSetting for settings that the game refuses, or with which the network could not read both.
    """
    from agents.entities import any_size
    from envs import make
    from envs.game import InvalidSetting, with_settings
    from experiments.shift import chosen_settings

    name, made = config.game.id, game
    if stage.team_size is not None:
        name = any_size(name).replace("KvK", f"{stage.team_size}v{stage.team_size}")
        made = make(name, **chosen_settings(game.id, game.settings))
    made = with_settings(made, stage.settings)
    rows = 1 if config.network.type == "entities" else 0  # whose number may change
    if made.observation_shape[rows:] != game.observation_shape[rows:]:
        shapes = f"{list(made.observation_shape)} instead of {list(game.observation_shape)}"
        raise InvalidSetting(f"they change what is observed, {shapes}, so that one network cannot play both games")
    return name, made


def games_before(config: Config, game: "Game") -> list[tuple[str, "Game"]]:
    """The games of all stages in order, without the run's own, each with the name to make it by. Raises
    InvalidSetting."""
    return [game_of(stage, config, game) for stage in config.training.curriculum]


def stage_now(config: Config, stage: int, rating_low: float | None, share: float) -> int:
    """The stage to be played, from the one that is: one further where the last rating's lower bound, or the used share
    of the budget, says so. `len(curriculum)` is the run's own game, where it ends."""
    if stage == len(config.training.curriculum):
        return stage
    wanted = config.training.curriculum[stage]
    good = rating_low is not None and rating_low >= wanted.until_rating
    return stage + 1 if good or share >= wanted.until_share else stage
