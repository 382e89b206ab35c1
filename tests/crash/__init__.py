"""Real processes that die, collide or run out of room, small enough for every `make test`."""
