"""Operations counted by hand."""

from agents.flops import forward_flops
from agents.network import PolicyValueNetwork, arguments_of
from envs import make


def network(kind: str, game, hidden, **own):
    return PolicyValueNetwork(**arguments_of(kind, game), hidden=hidden, activation="relu", **own)


def test_a_layer_multiplies_and_adds_every_weight_once():
    game = make("connect_four")
    assert forward_flops(network("mlp", game, [128, 64]), game) == 2 * (84 * 128 + 128 * 64 + 64 * 8)


def test_filters_look_at_every_place():
    game = make("connect_four")  # 3 x 4 windows of 4 x 4, two planes
    wanted = 2 * (12 * 32 * 48 + 12 * 48 * 100 + 100 * 8)
    assert forward_flops(network("windows", game, [100], window=4, filters=48), game) == wanted


def test_convolutions():
    game = make("go_5x5")
    planes, cells = game.observation_shape[0], 25
    found = forward_flops(network("resnet", game, [16], filters=8, blocks=2), game)
    body = 2 * 9 * cells * 8 * (planes + 2 * 2 * 8)
    assert body < found < 1.3 * body  # the heads come on top


def test_rows_of_entities_go_through_the_encoder_one_by_one():
    game = make("ball_2v2", observation="entities")
    rows, size = game.observation_shape
    small = forward_flops(network("entities", game, [10], entity_hidden=[6]), game)
    large = forward_flops(network("entities", game, [10], entity_hidden=[7]), game)
    assert large - small >= 2 * (rows - 1) * 2 * size
