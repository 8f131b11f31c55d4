"""Samples to look at and to curate."""
