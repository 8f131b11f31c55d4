"""The model in use and its answers, smoothing and actions."""
