"""Estimates, bodies and heatmaps drawn on pictures."""
