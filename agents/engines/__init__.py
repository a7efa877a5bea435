"""Engines of other people: as agents (uci.py, gtp.py), and our agents as engines (uci_server.py, gtp_server.py).

UCI     chess, by python-chess: http://wbec-ridderkerk.nl/html/UCIProtocol.html
GTP     Go: Farneback, "Specification of the Go Text Protocol, version 2" (2002), https://www.lysator.liu.se/~gunnar/gtp/

An engine is a program that runs with your rights: name only those that you would start yourself.
"""
