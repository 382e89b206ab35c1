"""Measurements: the vault beside borg and restic, proofs, and scale, on seeded samples.

`python -m benchmarks.vault`, `benchmarks.proofs` and `benchmarks.scale` each write a result file
and a table.  What they measure, and what they do not, stands in docs/benchmarks.md.
"""
