"""Law as dated data: what must be kept, what an incident obliges to and until when, filing seasons.

`register` and `filing` load the data and refuse what is misspelt; `duties` answers "must we
report?" and never says no where it does not know.  Nobody's legal advice: every row carries how
sure it is.
"""
