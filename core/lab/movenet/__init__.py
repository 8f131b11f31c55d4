"""How the shipped MoveNet nets were made of Google's TF.js graph models.

tfjs_graph     reads such a model: its graph and weights
tfjs_to_onnx   converts it, an operation after the other, by `onnx_builder`
make_nets      the recipe: which parts of which models, and their metadata
"""
