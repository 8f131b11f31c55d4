"""One camera stream: its frames read and drawn, or the keypoints that its browser found."""
