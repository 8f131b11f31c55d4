"""Trainings: their progress, results, curves and comparisons."""
