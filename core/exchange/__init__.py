"""Export and import of whole projects (`project`), samples as tables (`tables`), and models.

Imported files are untrusted: they are read within limits and checked before anything is stored.
"""
