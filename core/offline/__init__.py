"""Files, folders and videos → gestures, keypoint tables, samples and annotated copies."""
