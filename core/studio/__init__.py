"""What the app does with frames, estimates and models; pages and command line call only this.

    store       everything recorded, in one database: samples, who and when, the bin, undo
    exchange    what comes in and goes out: pictures, videos, zips, tables, whole projects
    acting      stable gestures told to other programs

For others: `places.Places`, `store.Store`, `exchange.importing`, `evaluating`, `predicting`,
`recording.Recorder`, `live.LiveProcessor`, `training_room.TrainingRoom`.
"""
