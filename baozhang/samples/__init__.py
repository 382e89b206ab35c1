"""Seeded Chinese agencies of any size, and damage for drills: everything here is synthetic.

The same seed gives the same bytes and the same times.  Randomness is always a `random.Random` that
`seeds` made from a seed and a name, so that one client's books do not depend on how many others
there are.  `agency` makes the folders, `damage` spoils one thing in them and says which.
"""
