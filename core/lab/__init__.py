"""How what ships was made: the starter model, the light nets, and rendered hands to train them on.

starter             the starter model; `starter_data` reads its training data, `open_set` measures
                    how it rejects unknown signs
net_data            the training data of `train-net`
body_distilling     the training data of the light body net
renderer            depth pictures of hands with their true keypoints
palm_frames         depth frames with a known palm, and how often a hand is found in them
movenet             the MoveNet nets, converted from Google's
bench               what a training, an import and a net cost; `bench_live`: a live frame
"""
