"""Learning gestures from keypoints: the net, augmentation, rejection of unknown hands, the file."""
