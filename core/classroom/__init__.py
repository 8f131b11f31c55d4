"""A class: links by which others record into one project from their own devices, and what they may
do there."""
