"""Alpha-beta search to a fixed depth, for board games in which both sides see all: a graded ladder of opponents.

agent.py        AlphaBetaAgent, "alphabeta:4" by name
search.py       the search, written once over the verbs of envs/game.py
heuristics.py   `evaluate`, a verb that games bind: what a position is worth to whoever is to move
lines.py        its rules for Connect Four and Gomoku; the other files are named after their games
"""
