"""Pgx on a CPU, random legal play: python -m experiments.benchmarks.peers.pgx_games GAME NUM_GAMES

Everything in one compiled loop: draw a legal action for each game, step, start anew where a game ended; the states
with their observations and masks are carried along. One random number chooses an action, by the sums of the mask, which
is cheaper than jax.random.categorical.
"""

import os
import sys

from experiments.benchmarks.serving import Channel, serve_play

STEPS = 64  # of every game in one call, so that calling costs nothing


def main(name: str, num_games: int) -> None:
    channel = Channel()
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
    import jax
    import jax.numpy as jnp
    import pgx
    from pgx.experimental.wrappers import auto_reset

    env = pgx.make(name)
    advance = jax.vmap(auto_reset(env.step, env.init))

    def one_step(carry, _):
        key, states = carry
        key, draw, restart = jax.random.split(key, 3)
        legal = jnp.cumsum(states.legal_action_mask, axis=1)  # [B, A], how many up to each action
        chosen = (jax.random.uniform(draw, (num_games,)) * legal[:, -1]).astype(legal.dtype)
        actions = jnp.argmax(legal > chosen[:, None], axis=1)
        return (key, advance(states, actions, jax.random.split(restart, num_games))), None

    many_steps = jax.jit(lambda carry: jax.lax.scan(one_step, carry, None, length=STEPS)[0])
    key = jax.random.PRNGKey(0)
    carry = key, jax.jit(jax.vmap(env.init))(jax.random.split(key, num_games))

    def play(calls: int) -> int:
        nonlocal carry
        for _ in range(calls):
            carry = many_steps(carry)
        jax.block_until_ready(carry)
        return calls * STEPS * num_games

    serve_play(channel, play, ["pgx", "jax"])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
