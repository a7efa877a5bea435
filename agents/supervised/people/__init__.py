"""Labels from what people played: their moves, and how the games ended.

    labels = import_games(game, [Path("WTH_2001.wtb")], Options(), tell=print)

formats.py    which kind of file it is, by what is in it, and the games in it
collect.py    games put together as labels: positions that came up before merged, mirror images too
"""
