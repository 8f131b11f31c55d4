"""What is learned from SFINGE 3D's recordings, and what is asked of them."""

import numpy as np

from benchmarks.sfinge import FPS, Recording, cut_out, parts_of, recordings, taught


def test_recordings_hold_their_gestures_in_order_and_inside(shared_data):
    found = recordings(shared_data / "moving")
    assert len(found) == 54 and sum(len(one.gestures) for one in found) == 206
    for one in found:
        ends = [frame for _, *span in one.gestures for frame in span]
        assert ends == sorted(ends) and ends[0] >= 0 and ends[-1] <= len(one.hands) + 1


def test_gestures_and_what_is_between_them_are_learned_cut_to_what_moves():
    """A hand whose first finger waves from frame 110 to 130 of a gesture, and between gestures."""
    hands = np.tile(np.random.default_rng(0).normal(0, 0.1, (1, 21, 3)), (400, 1, 1))
    for begin, end in ((110, 130), (180, 200), (255, 275)):
        hands[begin:end] += np.linspace(0, 0.5, end - begin)[:, None, None]
        hands[end:] += 0.5
    recording = Recording(hands.astype(np.float32), [("tap", 100.0, 140.0), ("one", 250.0, 300.0)])
    parts = [(0, 100, "none"), (140, 250, "none"), (300, 400, "none")]
    assert list(parts_of(recording)) == [*parts, (100, 140, "tap"), (250, 300, "one")]
    data = taught(([], np.array([], str), np.array([], int)), [recording])
    names = [data.gestures[label].name for label in data.labels]
    assert names == ["none", "tap", "one"]  # nothing moves before the first and after the last
    np.testing.assert_allclose(data.seconds, 19 / FPS, atol=3 / FPS)


def test_the_dictionary_has_thirty_six_of_each_gesture_in_thirds(shared_data):
    clips, labels, thirds = cut_out(shared_data / "moving")
    assert len(clips) == 468
    for label in np.unique(labels):
        assert np.bincount(thirds[labels == label]).tolist() == [12, 12, 12]
