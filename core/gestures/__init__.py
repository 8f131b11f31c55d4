"""Keypoints → gesture.

`labels`: names and emoji; `data`: labelled samples; `features`: keypoints → numbers; `classifier`:
the net of still gestures; `openset`: rejection of unknown hands; `motion`: moving gestures;
`evaluation`: splits, figures, label noise; `modelfile`: the model in use (onnxruntime) and on disk.
"""
