"""Keys: the secrets people and machines hold, and the slots in which they lock a vault's key."""
