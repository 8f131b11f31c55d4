"""One camera stream: the session, the browser's channel and keypoints, the newest frame first."""
