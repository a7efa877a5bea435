"""Studies: several ways to learn, arms, at equal cost, many seeds, one report (`experiment: compare`).

config.py       what a study's file can say        plan.py         its runs, each an ordinary config
study.py        the folder, the order of things    work.py         runs side by side, gone on with after a stop
one.py          a run of a study, as a process     instruments.py  what the agents that it saved can do
"""
