"""Recording samples: the gesture cards, and the options of a recording."""
