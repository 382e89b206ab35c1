"""The audit log: who did what to which object, in a chain that cannot be changed unnoticed.

`records` says what a record and a head look like as bytes, `signing` keeps the key, `log` appends,
and `verification` holds a log against its signed head, on any machine, with no site.
Normative: docs/audit-log.md.
"""
