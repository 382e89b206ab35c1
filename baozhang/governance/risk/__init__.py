"""Risk: what could go wrong, how bad it would be, what is done about it, and how it looks now.

    library ─► register (proposed ─► open ─► closed)     scale: words, frequencies, yuan
                   │
    indicators ────┼─► levels, treatment, coverage of causes, range of a year's loss ─► review
                   │
    signals ───────┴─► proposals that a person accepts or rejects

Everything here is computed from values that are handed in; `tasks.risk_signals` reads our records.
"""
