"""Depth pictures and the hand in them: cameras, cubes round a hand, published labels.

Convention: depth in mm, 0 where the sensor saw nothing. Points in space are x right, y down,
z forward, mm from the camera; points in a picture are u, v, d: column, row (px) and depth (mm).

For others: `cameras` (the table `CAMERAS`), `cubes.Cube` (a hand's crop), `frames.read_depth`,
`joint_files` (published label and result files), `published` (the table `DEPTH_SETS`).
"""
