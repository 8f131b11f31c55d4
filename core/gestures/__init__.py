"""Keypoints → gesture.

For others: `labels` (names and emoji), `data.GestureData`, `features.features`,
`training.train` and `training.start_training` (torch), `model.GestureModel` (in use: onnxruntime).
"""
