"""Training nets: a run is a folder with `log.jsonl`, which pages and the command line both read.

runs          `Run`, `list_runs`: a run's folder and its state; `background` trains beside a page
loop          `train_net`: the training loop, with `losses`, `checkpoint`, `averaging`
net_export, published_nets   nets as model files, and ImageNet weights to begin with
"""
