"""Gestures in files, as records and as annotated copies that can be opened."""

import json

import numpy as np
import pytest

from core.errors import MediaError
from core.media.pictures import encode_png, read_picture
from core.media.videos import read_video, video_info
from core.recognition.predicting import predict


@pytest.fixture
def estimator(make_estimator):
    with make_estimator() as estimator:
        yield estimator


def test_a_photo_has_its_gesture(starter, photos, estimator, tmp_path):
    path = next((photos / "ok").iterdir())
    [found] = predict(str(path), starter, estimator, out=tmp_path / "seen.png")
    record = found.record()
    assert record["source"] == path.name and record["hands"][0]["gesture"] == "ok"
    assert record["hands"][0]["probability"] > 0.5
    assert len(record["hands"][0]["keypoints"]) == 21
    before, after = read_picture(path), read_picture(tmp_path / "seen.png")
    assert before.shape == after.shape and (before != after).any()


def test_a_folder_gives_one_record_a_picture(starter, photos, estimator, tmp_path):
    found = list(predict(str(photos), starter, estimator, out=tmp_path / "seen"))
    assert len(found) == 6
    assert {f.frame.source.split("/")[0] for f in found} == {"ok", "fist"}
    assert len(list((tmp_path / "seen").rglob("*.jpg"))) == 6


def test_a_video_gives_one_record_a_frame_and_a_video(starter, estimator, shared_data, tmp_path):
    path = shared_data / "hand_videos" / "asl.mp4"
    found = list(predict(str(path), starter, estimator, out=tmp_path / "seen.webm"))
    assert len(found) == 102 and sum(bool(f.estimate.poses) for f in found) >= 80
    assert video_info(tmp_path / "seen.webm").size_hw == (360, 440)
    assert len(list(read_video(tmp_path / "seen.webm"))) == 102


def test_a_picture_without_a_hand_has_no_hands(starter, estimator, tmp_path):
    path = tmp_path / "grey.png"
    path.write_bytes(encode_png(np.full((200, 200, 3), 90, np.uint8)))
    [found] = predict(str(path), starter, estimator)
    assert found.record()["hands"] == []


def test_missing_keypoints_are_null_in_json(starter, photos, estimator):
    [found] = predict(str(next((photos / "ok").iterdir())), starter, estimator)
    found.estimate.poses[0].keypoints[4] = np.nan
    text = json.dumps(found.record(), allow_nan=False)
    assert json.loads(text)["hands"][0]["keypoints"][4] == [None, None]


@pytest.mark.parametrize(
    ("source", "out", "says"),
    [
        ("gone.png", None, "does not exist"),
        ("camera:x", None, "camera:0"),
        ("camera:77", None, "camera 77 gives no picture"),
    ],
)
def test_what_cannot_be_read_is_named(starter, estimator, source, out, says):
    with pytest.raises(MediaError, match=says):
        list(predict(source, starter, estimator, out=out))


def test_a_video_is_only_written_as_webm(starter, estimator, shared_data, tmp_path):
    path = shared_data / "hand_videos" / "asl.mp4"
    with pytest.raises(MediaError, match=r"\.webm"):
        list(predict(str(path), starter, estimator, out=tmp_path / "seen.mp4"))
