"""The report of a study, for a reader who was not there: python -m experiments.report STUDY

schema.py       results.json, checked           statistics.py   intervals, claims, Holm's correction
crossing.py     where one curve passes another  scaling.py      what tenfold compute brings
figures.py      pictures                        tables.py       CSV
page.py         the HTML                        write.py        all of it into a study's folder
"""
