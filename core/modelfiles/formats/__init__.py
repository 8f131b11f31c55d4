"""Readers of the formats that others publish weights in."""
