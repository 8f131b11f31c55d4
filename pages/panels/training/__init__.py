"""A training watched, and what it gave."""
