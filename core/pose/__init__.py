"""What a pose is: pure maths, arrays in, new arrays out.

For others: `skeleton.HAND`, `structures.Frame/Pose/Estimate`, `geometry` (boxes and crops),
`drawing` (skeletons on pictures), `smoothing` (one-euro and Kalman filters, label hysteresis),
`heatmaps` (keypoints ↔ heatmaps), `tracking` (a crop that follows its keypoints), `metrics` (PCK,
AUC, EPE).
"""
