"""Learning gestures from keypoints: the net, its augmentation, its rejection of unknown hands, its file."""
