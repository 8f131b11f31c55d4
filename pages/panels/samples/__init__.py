"""Samples to view, select, correct and count."""
