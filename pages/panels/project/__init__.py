"""The project: chosen, undone, taken out and in."""
