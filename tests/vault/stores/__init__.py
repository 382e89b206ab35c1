"""Stores: the contract on each, locks, and what networks do to them."""
