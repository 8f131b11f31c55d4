"""Depth pictures and the hand in them.

Convention: depth in mm, 0 where the sensor saw nothing. Points in space are x right, y down,
z forward, mm from the camera; points in a picture are u, v, d: column, row (px) and depth (mm).

For others: `cameras.CAMERAS`, `frames` (`DepthFrame`, `DepthSource`), `cubes.Cube` (a hand's crop),
`segmentation` (the hand without a net), `io` (recordings and published sets), `sensors`.
"""
