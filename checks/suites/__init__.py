"""Suites: one module per frame, each with one `build` that returns a pure value.

Only expectations that are exact on strings are used: equality of a pair, not null, in a set, a
regular expression, unique keys, row count, columns.  None sums, and none sees money as a number.
"""
