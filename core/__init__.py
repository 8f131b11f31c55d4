"""Mudra's library. A Source gives Frames, an Estimator turns a Frame into an Estimate, and
everything else (drawing, recording, features, metrics) reads Estimates.

    media ──Frame──▶ estimators ──Estimate──▶ pose.drawing ──picture──▶ pages
                          ▲                ├─▶ studio (record, store) ─▶ gestures.features ─▶ label
                   nets + weights          └─▶ pose.metrics

    errors      every exception, as a tree
    pose        what a pose is: pure maths on arrays
    media       pictures, videos, cameras → Frames; every limit on strangers' files
    weights     third-party model files: fetched, verified, prepared
    nets        pose networks, one readable file each
    learning    training nets: crops, the loop, the file to use; a training run is a folder
    estimators  Frame → Estimate
    gestures    keypoints → gesture: features, training, validation, the model in use, as a file
    studio      what the app does with all this: store, importing, recording, live, actions
    cli         the command line over the same functions as the pages

A folder imports only what stands above it in this list. Nothing is imported here.
"""
