"""Learning from labels: what people played, or what teachers say. Nothing here is used by self-play.

labels.py    labelled positions of one game: the format, on disk and in memory
dataset.py   labels expanded to what a network learns from; which of them may be learned from
"""
