"""Every game id and the module that registers it, without imports, so that configs validate fast."""

GAMES = {
    "tic_tac_toe": "envs.board.tic_tac_toe",
    "connect_four": "envs.board.connect_four",
    "chess": "envs.board.chess.game",
    "ball_1v1": "envs.ball.match",
    "ball_2v2": "envs.ball.match",
    "ball_3v3": "envs.ball.match",
}
