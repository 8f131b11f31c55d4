"""Whole bodies: of the camera, a picture or a video; in space, as angles, before a background."""
