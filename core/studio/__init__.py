"""What the app does with frames, estimates and models; pages and command line call only this.

For others: `places.Places`, `store.Store`, `importing`, `evaluating`, `predicting`, `extracting`,
`recording.Recorder`, `live.LiveProcessor`.
"""
