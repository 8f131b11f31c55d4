"""The motions that are measured: what they are made of, and how two examples of each are drawn."""

import numpy as np

from benchmarks.motions import fifteen_motions, two_examples


def test_two_persons_make_fifteen_motions_that_few_examples_tell_apart(shared_data):
    folder = shared_data / "moving"
    data = fifteen_motions(folder)
    assert len(data.gestures) == 15 and {*data.persons} == {"speller", "signer"}
    assert data.keypoints.shape[1:] == (16, 21, 2)
    assert (np.bincount(data.labels) >= 5).all()
    found = two_examples(data, draws=2)
    ours, plain = found["ours"]["mean"], found["plain DTW, keypoints"]["mean"]
    assert ours > 0.5 and ours > plain + 0.1
