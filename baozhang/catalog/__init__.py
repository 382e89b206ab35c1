"""The catalog: what the vaults hold and what runs found out, where questions are quick to answer.

One half is derived: snapshots, rebuilt from the vaults at any time.  The other is a journal: what
only people and runs know, only ever appended to, and stored in the agency's own namespace of the
vault.  Nothing here is needed to restore.
"""
