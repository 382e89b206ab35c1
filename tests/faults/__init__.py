"""Faults by the hundred, or by the thousand: how many of each, `sizes.py` alone decides."""
