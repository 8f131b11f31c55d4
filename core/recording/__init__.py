"""Samples come in: from the camera, from pictures and videos, from folders and keypoint tables."""
