"""Policies: what is due, and whose turn it is."""
