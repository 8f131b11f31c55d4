"""Files, folders and videos → answers and tables."""
