"""Samples to look at and to care for."""
