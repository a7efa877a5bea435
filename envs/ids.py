"""Every game id and the module that registers it, without imports, so that configs validate fast."""

GAMES = {
    "tic_tac_toe": "envs.board.tic_tac_toe",
    "connect_four": "envs.board.connect_four",
    "go_5x5": "envs.board.go",
    "go_7x7": "envs.board.go",
    "go_9x9": "envs.board.go",
    "go_13x13": "envs.board.go",
    "go_19x19": "envs.board.go",
    "ball_1v1": "envs.ball.match",
    "ball_2v2": "envs.ball.match",
    "ball_3v3": "envs.ball.match",
}
