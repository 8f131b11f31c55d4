"""What is shown beside a running video, and of files."""
