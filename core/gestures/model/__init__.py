"""A gesture model in use and as a file, by onnxruntime alone: answers, smoothing, card, bundle."""
