"""Gestures that move: clips of keypoints → windows of equal length → features → templates.

For others: `windows.window` (a clip as STEPS poses, evenly spaced in time), `motion_features`
(what a window says, position, scale and speed apart), `templates` (warped distances between
windows). What needs torch is in `gestures.training`: `motion_net`, `motion_learner`.
"""
