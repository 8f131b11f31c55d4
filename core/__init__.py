"""Mudra's library. A Source gives Frames, an Estimator turns a Frame into an Estimate, and
everything else (drawing, recording, features, metrics) reads Estimates.

    media ──Frame──▶ estimators ──Estimate──▶ pose.drawing ──picture──▶ pages
                          ▲                ├─▶ recording, store─▶ gestures.features ─▶ label
                   nets + modelfiles       └─▶ pose.metrics

A folder imports only what stands above it in the map in CONTRIBUTING.md. Nothing is imported here.
"""
