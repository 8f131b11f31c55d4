"""Training: a run is a folder with `log.jsonl`, written and read alike by pages and command line.

For others: `runs.Run`, `runs.list_runs`.
"""
