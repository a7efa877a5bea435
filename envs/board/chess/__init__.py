"""Chess, as a folder by concern; the game and its documentation are in game.py.

bits.py       what a processor does with 64 bits in one instruction
tables.py     where pieces attack
actions.py    the 8 x 8 x 73 actions
position.py   the State, its hash
moves.py      legal moves
game.py       the verbs
"""
