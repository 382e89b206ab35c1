"""Incidents: what happened, what was done about it, and who approved it; one journal each.

`journal` keeps events and makes steps happen once, `approvals` says whether a gate is open.
Why it is so: docs/decisions/0007-an-incident-is-its-journal.md.
"""
