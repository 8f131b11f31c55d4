"""Everything live of one visitor (session.py): the camera's stream, read and drawn (live.py), what
the page shows of it (answers.py, cards.py), and the channel that brings it there (channel.py)."""
