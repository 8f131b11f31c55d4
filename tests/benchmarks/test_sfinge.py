"""What is learned from SFINGE 3D's recordings, and what is asked of them."""

import numpy as np

from benchmarks.sfinge import Recording, cut_out, recordings, taught


def test_recordings_hold_their_gestures_in_order_and_inside(shared_data):
    found = recordings(shared_data / "moving")
    assert len(found) == 54 and sum(len(one.gestures) for one in found) == 206
    for one in found:
        ends = [frame for _, *span in one.gestures for frame in span]
        assert ends == sorted(ends) and ends[0] >= 0 and ends[-1] <= len(one.hands) + 1


def test_a_gesture_is_learned_with_its_ends_moved_and_what_does_not_fit_one_as_none():
    """A hand that moves by a metre a frame tells which frames a window was taken from."""
    way = np.arange(400, dtype=np.float32)[:, None, None]
    recording = Recording(np.tile(way, (1, 21, 3)), [("tap", 100.0, 140.0), ("one", 250.0, 300.0)])
    data = taught(([], np.array([], str), np.array([], int)), [recording])
    names = np.array([gesture.name for gesture in data.gestures])[data.labels]
    assert (names == "tap").sum() == (names == "one").sum() == 4
    ends = data.keypoints[:, [0, -1], 0, 0]
    for name, begin, end in recording.gestures:
        most = 0.2 * (end - begin) + 1
        assert (np.abs(ends[names == name] - [begin, end - 1]) <= most + 1).all()
        off = np.abs(ends[names == "none"] - [begin, end - 1]) / (end - begin)
        assert ((off[:, 0] > 0.3) | (off[:, 1] > 0.15)).all()
    assert (names == "none").sum() > 20


def test_the_dictionary_has_thirty_six_of_each_gesture_in_thirds(shared_data):
    clips, labels, thirds = cut_out(shared_data / "moving")
    assert len(clips) == 468
    for label in np.unique(labels):
        assert np.bincount(thirds[labels == label]).tolist() == [12, 12, 12]
