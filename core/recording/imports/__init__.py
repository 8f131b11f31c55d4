"""Pictures, videos and keypoint tables → samples."""
