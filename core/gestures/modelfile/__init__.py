"""A gesture model on disk and in use: ONNX, metadata, card, and the `.gesture` file."""
