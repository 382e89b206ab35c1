"""Baozhang 保账: encrypted, proven, recoverable backups of client ledgers."""

__version__ = "0.1.0"
