"""Every game id and the module that registers it, without imports, so that configs validate fast."""

GAMES = {
    "tic_tac_toe": "envs.board.tic_tac_toe",
    "connect_four": "envs.board.connect_four",
    "connect_four_5x4": "envs.board.connect_four",
    "connect_four_6x5": "envs.board.connect_four",
    "connect_four_8x7": "envs.board.connect_four",
    "othello_6x6": "envs.board.othello",
    "othello": "envs.board.othello",
    "gomoku_9": "envs.board.gomoku",
    "gomoku_15": "envs.board.gomoku",
    "hex_3": "envs.board.hex",
    "hex_5": "envs.board.hex",
    "hex_7": "envs.board.hex",
    "hex_9": "envs.board.hex",
    "hex_11": "envs.board.hex",
    "hex_13": "envs.board.hex",
    "breakthrough_6": "envs.board.breakthrough",
    "breakthrough_8": "envs.board.breakthrough",
    "go_5x5": "envs.board.go",
    "go_7x7": "envs.board.go",
    "go_9x9": "envs.board.go",
    "go_13x13": "envs.board.go",
    "go_19x19": "envs.board.go",
    "chess": "envs.board.chess.game",
    "kuhn_poker": "envs.cards.kuhn_poker",
    "leduc_poker": "envs.cards.leduc_poker",
    **{
        f"ball_{k}v{k}{control}": "envs.ball.match" for control in ("", "_continuous", "_heading") for k in range(1, 12)
    },
}

# Of these, those in which a seat does not see all: a test compares them with what the games say of themselves.
HIDDEN_INFORMATION = ("kuhn_poker", "leduc_poker")
