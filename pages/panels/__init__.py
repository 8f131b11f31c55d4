"""What pages are made of, by subject."""
