"""Vaults of every released format, kept for ever: each later release must restore them."""
