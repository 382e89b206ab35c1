"""The costs package: exact money, prices, savings."""
