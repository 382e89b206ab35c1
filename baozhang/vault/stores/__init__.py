"""Stores: places that keep named, immutable objects whole."""
