"""Depth pictures and the hand in them: cameras, frames, cubes round a hand.

Convention: depth in mm, 0 where the sensor saw nothing. Points in space are x right, y down,
z forward, mm from the camera; points in a picture are u, v, d: column, row (px) and depth (mm).

For others: `cameras` (the table `CAMERAS`), `frames` (`DepthFrame`, `DepthSource`), `cubes.Cube` (a
hand's crop), `io` (recordings and published sets), `sensors` (depth cameras).
"""
