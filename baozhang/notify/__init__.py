"""Short messages for people who must know at once, and the proof that nobody kept silent."""
