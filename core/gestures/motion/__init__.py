"""Gestures that move: clips of keypoints → windows of equal length → features → templates.

For others: `windows.window` (a clip as STEPS poses, evenly spaced in time), `motion_features`
(what a window says, position, scale and speed apart), `templates` (warped distances between
windows), `stream` (frames → events). torch is needed by `motion_net`, `motion_fitting`,
`motion_augmentation` and `motion_learner` alone.
"""
