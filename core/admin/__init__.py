"""The installation: its doctor, login and access, privacy, deleting stored data, free memory."""
