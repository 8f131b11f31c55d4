"""The project: selected, created and changed in the sidebar; exported and imported."""
