"""Fit the net of still gestures: architecture, augmentation, optimizer, the training itself."""
