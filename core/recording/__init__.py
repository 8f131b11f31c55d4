"""Making samples: from the camera, from pictures and videos, from folders and keypoint tables.

`Recorder` turns a camera's estimates into samples; `imports` reads files.
"""
