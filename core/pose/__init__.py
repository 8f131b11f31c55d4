"""What a pose is: pure maths, arrays in, new arrays out.

For others: `skeleton.HAND`, `structures.Frame/Pose/Estimate`, `geometry` (boxes and crops),
`drawing` (skeletons on pictures), `smoothing` (one-euro filter, label hysteresis), `beliefs`
(keypoints ↔ belief maps), `metrics` (PCK, AUC, EPE).
"""
