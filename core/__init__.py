"""Mudra's library. A Source gives Frames, an Estimator turns a Frame into an Estimate, and
everything else (drawing, recording, features, metrics) reads Estimates.

    media ──Frame──▶ estimators ──Estimate──▶ pose.drawing ──picture──▶ pages
                          ▲                ├─▶ recording, store─▶ gestures.features ─▶ label
                   nets + modelfiles       └─▶ pose.metrics

    errors       every exception, as a tree
    files        the one atomic write
    progress     the one signature by which long work reports how far it is
    parallel     the same work on many things: here, in processes, on several machines
    workers      child processes for work that may crash, hang or take all memory
    pose         what a pose is: pure maths on arrays
    media        pictures, videos, cameras → Frames; every limit on untrusted files
    depth        depth pictures and the hand in them: cameras, sources, cubes, labels
    nets         pose networks, one readable file each
    modelfiles   model files: fetched, verified, read whatever their format
    datasets     pictures with annotations → batches
    training     training nets: a run is a folder; one visible loop
    estimators   Frame → Estimate
    gestures     keypoints → gesture: features, training, evaluation, the model in use
    paths        where things lie
    store        everything recorded, in one database; bin, undo, migrations
    recording    camera, files and folders → samples
    jobs         trainings and measurements that outlive their page
    exchange     projects, tables, COCO, bundles: in and out
    reading      estimates → named gestures, depth frames → hands: what live and files share
    live         one camera stream
    offline      files, folders, videos → answers and tables
    measuring    estimators, nets and gesture models against labels
    actions      stable gestures told to other programs
    review       order, label noise, balance, the map of the samples
    admin        doctor, privacy, erasing, memory
    lab          how what ships was made: starter model, light nets, rendered hands; bench
    cli          the command line over the same functions as the pages

A folder imports only what stands above it in this list. Nothing is imported here.
"""
