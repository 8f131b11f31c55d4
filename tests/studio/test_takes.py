"""Takes from a real video, and from a camera that is not there."""

import pytest

from core.errors import MediaError, NotFoundError
from core.estimators import create_estimator
from core.studio.takes import record_source


@pytest.fixture
def hands(weights_folder):
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        yield estimator


def test_a_video_becomes_samples_of_a_gesture(store, hands, shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    told = []
    taken = record_source(
        store, "p", "👊", str(video), hands, rate_hz=5, person="Ada",
        tell=lambda progress, time_s: told.append(progress.kept),
    )  # fmt: skip
    project = store.project("p").id
    (row,) = (row for row in store.overview(project) if row.samples)
    assert (row.gesture.name, row.samples, row.persons, row.sessions) == ("fist", taken.kept, 1, 1)
    assert taken.kept >= 5
    assert told == sorted(told)
    assert store.samples(project, limit=1)[0].mirrored_view is False


def test_it_ends_after_the_seconds_asked_for(store, hands, shared_data):
    video = str(shared_data / "hand_videos" / "fist.mp4")
    short = record_source(store, "p", "fist", video, hands, seconds=0.5)
    whole = record_source(store, "p", "fist", video, hands)
    assert 1 <= short.kept < whole.kept


@pytest.mark.parametrize(
    ("source", "words"),
    [("camera:x", "camera:0"), ("nothing.mp4", "no video at nothing.mp4"), ("camera:97", "97")],
)
def test_a_source_that_is_not_there_is_named(store, hands, source, words):
    with pytest.raises(MediaError, match=words):
        record_source(store, "p", "fist", source, hands)


def test_an_unknown_gesture_is_told_with_those_there_are(store, hands, shared_data):
    video = str(shared_data / "hand_videos" / "fist.mp4")
    with pytest.raises(NotFoundError, match=r"no gesture “wave”.*thumbs_up"):
        record_source(store, "p", "wave", video, hands)
