"""Recording samples: the gesture, the keyboard, the latest samples, remote control."""
