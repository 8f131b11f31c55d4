"""Hands in depth: of a recording, a sensor, a rendered example; and a plain webcam's, in space."""
