"""Heatmaps of a net: which are shown, of the camera, a picture or a video."""
