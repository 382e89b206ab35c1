"""Measurements: the vault beside borg and restic, and proofs, on seeded sample agencies.

`python -m benchmarks.vault` and `python -m benchmarks.proofs` write a result file and a table.
What they measure, and what they do not, stands in docs/benchmarks.md.
"""
