"""What a pose is: pure maths, arrays in, new arrays out.

For others: `skeletons` (the table `SKELETONS`), `types` (Frame, Pose, Estimate), `boxes` (boxes and
crops), `own_frame` (a pose without its direction), `drawing`, `heatmaps` (keypoints ↔ heatmaps),
`heatmap_layout` and `heatmap_drawing` (heatmaps to look at, and which tile a click means),
`smoothing` (one-euro and Kalman filters, label hysteresis), `tracking` (which hand is which),
`grips` (pinch and grab), `metrics` (PCK, AUC, EPE).
"""
