"""VMAS football on a CPU, random actions: python -m experiments.benchmarks.peers.vmas_football TEAM_SIZE NUM_GAMES

All players of both teams are agents. The game is a cousin, not the same: two teams of round bodies push a ball into
goals by continuous forces.
"""

import sys
import warnings

from experiments.benchmarks.serving import Channel, serve_play


def main(team_size: int, num_games: int) -> None:
    channel = Channel()
    warnings.simplefilter("ignore")
    import torch
    from vmas import make_env

    torch.set_num_threads(1)
    env = make_env(
        scenario="football",
        num_envs=num_games,
        device="cpu",
        continuous_actions=True,
        seed=0,
        n_blue_agents=team_size,
        n_red_agents=team_size,
        ai_red_agents=False,
        observe_teammates=team_size > 1,
    )
    env.reset()

    @torch.no_grad()
    def play(steps: int) -> int:
        for _ in range(steps):
            _, _, over, _ = env.step([env.get_random_action(agent) for agent in env.agents])
            for game in over.nonzero().flatten().tolist():
                env.reset_at(game)
        return steps * num_games

    serve_play(channel, play, ["vmas", "torch"])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
