"""Model files: published weights and MediaPipe's models are fetched once, verified by sha256 and
converted; a net's folder holds its ONNX graph and metadata."""
