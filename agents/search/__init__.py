"""Tree search over many games at once, compiled once for all games of the contract.

tree.py        the nodes; children; the subtree that is kept after a move
selection.py   which child a simulation goes to: UCB1, PUCT, sequential halving at the root
backup.py      what a simulation leaves behind: visits, values, proofs
results.py     what a search has found: the move, the policy, the value
noise.py       Gumbel and Dirichlet numbers for the root
cache.py       what the network said of observations before
simulate.py    the compiled loops: until a position waits for the network, or a whole search by random play
search.py      Search: B games and their arrays
agent.py       SearchAgent: a search as a player
"""
