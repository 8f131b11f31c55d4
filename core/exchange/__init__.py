"""What comes in and goes out: pictures, videos, zips and tables; whole projects as one zip.

Untrusted files are read within core.media's limits and judged before anything is stored.
"""
