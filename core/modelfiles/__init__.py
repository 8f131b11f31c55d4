"""Third-party model files: fetched once, verified by sha256, prepared, offline afterwards.

For others: `mediapipe_models.prepare`, `path_of`, `is_prepared`, `MODELS`; of published nets
`table.WEIGHTS`, `published.import_weights`, `load_weights`, `fetch.fetch`.
"""
