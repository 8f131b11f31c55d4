"""Pictures, videos, cameras and archives → Frames and arrays. `limits` says how much is read."""
