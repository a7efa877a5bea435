"""mctx's tree search on Pgx's game: python -m experiments.benchmarks.peers.mctx_search GAME GAMES SIMULATIONS HIDDEN...

All in one compiled call: the Gumbel search of Danihelka et al. (2022) from the start, with the game as its model and a
network of fully connected layers, as self-play makes it.
"""

import os
import sys
from math import prod

from experiments.benchmarks.serving import Channel, pin_as_told, serve_play


def main(name: str, num_games: int, simulations: int, hidden: tuple[int, ...]) -> None:
    channel = Channel()
    pin_as_told()  # before XLA starts its threads
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
    import jax
    import jax.numpy as jnp
    import mctx
    import pgx

    env = pgx.make(name)
    widths = (prod(env.observation_shape), *hidden, env.num_actions + 1)
    keys = jax.random.split(jax.random.PRNGKey(0), len(widths))
    weights = [
        jax.random.normal(key, (below, above)) / below**0.5
        for key, below, above in zip(keys, widths, widths[1:], strict=False)
    ]

    def network(weights, states):
        x = states.observation.astype(jnp.float32).reshape(num_games, -1)
        for weight in weights[:-1]:
            x = jax.nn.relu(x @ weight)
        heads = x @ weights[-1]
        logits = jnp.where(states.legal_action_mask, heads[:, :-1], jnp.finfo(jnp.float32).min)
        return logits, jnp.tanh(heads[:, -1])

    def advance(weights, _, actions, states):
        after = jax.vmap(env.step)(states, actions)
        logits, value = network(weights, after)
        reward = after.rewards[jnp.arange(num_games), states.current_player]
        discount = jnp.where(after.terminated, 0.0, -1.0)  # the other one is to move
        value = jnp.where(after.terminated, 0.0, value)
        return mctx.RecurrentFnOutput(reward=reward, discount=discount, prior_logits=logits, value=value), after

    def search(weights, key, states):
        logits, value = network(weights, states)
        root = mctx.RootFnOutput(prior_logits=logits, value=value, embedding=states)
        found = mctx.gumbel_muzero_policy(
            weights, key, root, advance, simulations, invalid_actions=~states.legal_action_mask
        )
        return found.action, found.action_weights

    states = jax.jit(jax.vmap(env.init))(jax.random.split(keys[-1], num_games))
    compiled = jax.jit(search).lower(weights, keys[-1], states).compile()
    searches = 0

    def play(repetitions: int) -> int:
        nonlocal searches
        for _ in range(repetitions):
            searches += 1
            jax.block_until_ready(compiled(weights, jax.random.PRNGKey(searches), states))
        return repetitions * num_games * simulations

    serve_play(channel, play, ["mctx", "pgx", "jax"])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), tuple(map(int, sys.argv[4:])))
