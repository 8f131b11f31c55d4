"""Gestures in files, as records and as annotated copies that can be opened."""

import json

import numpy as np
import pytest

from core.errors import EstimatorError, MediaError
from core.estimators import Estimator
from core.media.pictures import encode_png, read_picture
from core.media.videos import VideoWriter, read_video, video_info
from core.offline.predicting import predict
from core.pose.drawing.poses import person_color
from core.pose.skeletons.table import COCO_17
from core.pose.types import Estimate, Frame, Pose


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
    found.estimate.poses[0].keypoints[4] = np.nan
    text = json.dumps(found.record(), allow_nan=False)
    assert json.loads(text)["hands"][0]["keypoints"][4] == [None, None]


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


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("gone.png", "does not exist"),
        ("camera:x", "camera:0"),
        ("camera:77", "camera 77 gives no picture"),
    ],
)
def test_what_cannot_be_read_is_named(starter, estimator, source, says):
    with pytest.raises(MediaError, match=says):
        list(predict(source, starter, estimator))


# ---------------------------------------------------------------------------------- several people


class Walkers(Estimator):
    """Two people who cross, one stick of a body each, and one who stands; the first is seen last in
    every other frame."""

    name, version, skeleton = "walkers", "1", COCO_17.name

    def estimate(self, frame):
        xs = [60 + 20 * frame.index, 180 - 20 * frame.index, 280]
        poses = tuple(self.standing(x) for x in (xs[::-1] if frame.index % 2 else xs))
        return Estimate(poses, frame.size_hw, self.name, frame.time_s, skeleton=self.skeleton)

    def estimate_still(self, rgb, *, num_poses=None, mirrored_view=False):
        return self.estimate(Frame(rgb))

    def close(self):
        pass

    @staticmethod
    def standing(x):
        keypoints = np.stack([x + 8 * (np.arange(17) % 2), np.linspace(40, 200, 17)], 1)
        return Pose(keypoints.astype(np.float32), np.ones(17, np.float32))


@pytest.fixture
def walk(tmp_path):
    path = tmp_path / "walk.webm"
    with VideoWriter(path, 10, (240, 320)) as video:
        for _ in range(6):
            video.write(np.full((240, 320, 3), 40, np.uint8))
    return path


def test_people_keep_number_and_colour_through_a_video_in_which_they_cross(walk, tmp_path):
    out = tmp_path / "seen.webm"
    found = list(predict(str(walk), None, Walkers(), out=out))
    assert len(found) == len(list(read_video(out))) == 6
    hip, knee = COCO_17.index("left_hip"), COCO_17.index("left_knee")
    for i, frame in enumerate(found):
        people = sorted(frame.record()["hands"], key=lambda person: person["person"])
        assert [person["person"] for person in people] == [1, 2, 3]
        assert [p["keypoints"][0][0] for p in people] == [60 + 20 * i, 180 - 20 * i, 280]
        if i in (2, 3, 4):
            continue  # one before the other
        picture = frame.picture()
        for person in people:
            x, y = np.mean([person["keypoints"][hip], person["keypoints"][knee]], axis=0)
            color = picture[round(y), round(x)].astype(int)
            apart = {n: np.abs(color - person_color(n)).sum() for n in range(1, 9)}
            assert min(apart, key=apart.get) == person["person"]


def test_every_picture_counts_its_people_anew_and_hands_are_not_numbered(
    tmp_path, photos, estimator, starter
):
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(encode_png(np.zeros((240, 320, 3), np.uint8)))
    for found in predict(str(tmp_path), None, Walkers()):
        assert [person["person"] for person in found.record()["hands"]] == [1, 2, 3]
    [hand] = predict(str(next((photos / "ok").iterdir())), starter, estimator)
    assert "person" not in hand.record()["hands"][0]


def test_boxes_are_refused_where_they_have_no_use(tmp_path, walk, estimator):
    boxes = tmp_path / "boxes.json"
    boxes.write_text("[]")
    with pytest.raises(EstimatorError, match="mediapipe-hands looks for people by itself"):
        next(predict(str(walk), None, estimator, boxes=boxes))
