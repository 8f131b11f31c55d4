"""What a pose is: pure maths, arrays in, new arrays out.

For others: `skeletons` (the table `SKELETONS`), `types` (Frame, Pose, Estimate), `boxes` (boxes and
crops), `own_frame` (a pose without its direction), `drawing`, `heatmaps` (keypoints ↔ heatmaps),
`smoothing` (one-euro and Kalman filters, label hysteresis), `tracking` (which hand is which),
`metrics` (PCK, AUC, EPE).
"""
