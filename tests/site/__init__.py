"""The site: its files, its wiring, its commands."""
