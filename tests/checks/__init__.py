"""Checks: what a restored ledger must not get past."""
