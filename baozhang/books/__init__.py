"""The ledger domain, pure: what a book is, how exports are read, what must hold, what is proven.

    profile (YAML) ─► reader ─► rows ─► proof: fingerprint, control totals, laws
                                          └─► compare: restored against source

Everything streams and is exact: text is untouched after decoding, amounts are integers of minor
units, NULL is not ''.  Nothing here knows a vault, a site or a person; `docs/checks.md` says
each law in words and `docs/guides/add-a-profile.md` how a new product is added without code.
"""
