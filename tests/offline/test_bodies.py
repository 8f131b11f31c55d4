"""Bodies in pictures and in videos made of a real picture."""

from functools import partial

import cv2
import numpy as np
import pandas as pd
import pytest

from core.errors import MediaError
from core.estimators import create_estimator
from core.live.live import LiveProcessor, Options
from core.media.pictures import encode_png, read_picture
from core.media.videos import VideoWriter, read_video
from core.offline.bodies import read_background, read_body_picture, read_body_video, sample_angles
from core.paths import Paths
from core.pose.drawing.bodies import BLUR, BodyView
from core.pose.drawing.poses import person_color
from core.pose.skeletons.angles import ANGLES
from core.reading.keypoint_sources import BLAZEPOSE, MOVENET, KeypointSource


@pytest.fixture(scope="module")
def skier(shared_data):
    return read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")


@pytest.fixture
def make(weights_folder):
    return partial(create_estimator, BLAZEPOSE, weights_folder)


def film(path, *pictures):
    """A video at 10 frames a second."""
    with VideoWriter(path, 10, pictures[0].shape[:2]) as writer:
        for rgb in pictures:
            writer.write(rgb)
    return path.read_bytes()


def test_a_video_becomes_a_table_and_a_copy_with_skeletons(make, skier, tmp_path):
    grey = np.full_like(skier, 128)
    moved = np.roll(skier, -20, axis=1)
    reports = []

    def progress(*report):
        reports.append(report)

    content = film(tmp_path / "walk.webm", grey, skier, skier, moved)
    read = read_body_video("walk.webm", content, make, tmp_path, BodyView(), progress=progress)
    assert (read.frames, read.found) == (4, 3)
    assert read.detected == 2  # nobody was followed when the first two came
    assert list(read.table["frame"]) == [1, 2, 3] and read.persons == [1]
    np.testing.assert_allclose(read.table["time_s"], [0.1, 0.2, 0.3], atol=0.01)
    assert set(read.table["source"]) == {"walk.webm"}
    assert read.table["x0"].iloc[2] < read.table["x0"].iloc[1] - 8
    copied = list(read_video(read.video))
    assert len(copied) == 4 and copied[1].size_hw == (424, 640)
    assert np.abs(copied[1].rgb.astype(int) - skier[:424]).max() > 100  # the skeleton
    assert [done for done, _ in reports] == [1, 2, 3, 4]
    assert [p.name for p in tmp_path.glob("*.seen.webm")] == [read.video.name]


def test_the_copy_has_the_background_of_one_s_choice(make, skier, tmp_path):
    content = film(tmp_path / "a.webm", *[np.full_like(skier, 128)] * 2, skier)
    view = BodyView(BLUR, skeleton=False)
    read = read_body_video("a.webm", content, lambda: make(masks=True), tmp_path, view)
    *_, last = read_video(read.video)
    assert last.rgb[:, :80].std(axis=1).mean() < 0.7 * skier[:424, :80].std(axis=1).mean()


@pytest.fixture(scope="module")
def two(skier):
    """A picture of two persons, beside each other."""
    near = skier[:424, 200:620]
    return np.hstack([near, near])


def test_several_people_of_a_copy_are_drawn_in_a_colour_each(make, two, tmp_path):
    content, pair = film(tmp_path / "two.webm", *[two] * 3), partial(make, num_poses=2)
    read = read_body_video("two.webm", content, pair, tmp_path, BodyView(), several=True)
    last = read.table[read.table["frame"] == 2].set_index("person")
    assert sorted(last.index) == [1, 2]
    *_, copied = read_video(read.video)
    halves = np.split(copied.rgb.astype(int), 2, axis=1)
    for half, number in zip(halves, last["x0"].sort_values().index, strict=True):
        near = [(np.abs(half - person_color(n)).max(axis=2) < 40).sum() for n in (1, 2)]
        assert near[number - 1] > 5 * near[2 - number]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("walk.exe", b"MZ", r"walk.exe is no video: .*\.mp4"),
        ("walk.mp4", b"no video", "walk.mp4"),
        ("walk.webm", b"", "walk.webm"),
    ],
)
def test_what_is_no_video_is_refused_and_leaves_nothing(make, tmp_path, name, content, said):
    with pytest.raises(MediaError, match=said):
        read_body_video(name, content, make, tmp_path, BodyView())
    assert not list(tmp_path.iterdir())


def test_a_video_that_was_left_half_way_leaves_nothing(make, skier, tmp_path):
    content = film(tmp_path / "a.webm", skier, skier)
    (tmp_path / "a.webm").unlink()

    def leave(*report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_body_video("a.webm", content, make, tmp_path, BodyView(), progress=leave)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_read_as_one_that_stands_alone(make, skier, two):
    rgb, estimate = read_body_picture("ski.png", encode_png(skier), make)
    assert np.array_equal(rgb, skier) and len(estimate.poses) == 1 and estimate.numbers == ()
    _, both = read_body_picture("two.png", encode_png(two), lambda: make(num_poses=2))
    assert both.numbers == (1, 2)
    with pytest.raises(MediaError, match=r"broken\.png"):
        read_body_picture("broken.png", b"nothing", make)


@pytest.fixture
def far(skier):
    """A picture in which somebody is too small for BlazePose."""
    picture = np.full((480, 640, 3), 128, np.uint8)
    picture[240:346, 200:360] = cv2.resize(skier[:424], (160, 106), interpolation=cv2.INTER_AREA)
    return picture


def test_the_fallback_finds_a_small_person_and_leaves_a_large_one_to_the_first(make, skier, far):
    fallback = partial(KeypointSource(MOVENET).open, Paths.find())
    _, none = read_body_picture("far.png", encode_png(far), make)
    assert not none.poses
    _, small = read_body_picture("far.png", encode_png(far), make, fallback)
    assert small.skeleton == "coco_17" and len(small.poses) == 1
    left, top = np.nanmin(small.poses[0].keypoints[:, :2], axis=0)
    right, bottom = np.nanmax(small.poses[0].keypoints[:, :2], axis=0)
    assert 200 < left < right < 360 and 240 < top < bottom < 346
    _, large = read_body_picture("ski.png", encode_png(skier), make, fallback)
    assert large.skeleton == "body_33"


def test_a_video_of_a_small_person_is_read_by_the_fallback_alone(make, skier, far, tmp_path):
    fallback = partial(KeypointSource(MOVENET).open, Paths.find())
    content = film(tmp_path / "far.webm", far, far, far)
    (tmp_path / "far.webm").unlink()
    read = read_body_video("far.webm", content, make, tmp_path, BodyView(), fallback=fallback)
    assert (read.skeleton, read.frames, read.found) == ("coco_17", 3, 3)
    assert list(tmp_path.iterdir()) == [read.video] and len(list(read_video(read.video))) == 3
    content = film(tmp_path / "near.webm", skier, skier, skier)
    read = read_body_video("near.webm", content, make, tmp_path, BodyView(), fallback=fallback)
    assert (read.skeleton, read.found) == ("body_33", 3)


def test_a_photo_behind_persons_is_made_smaller_and_a_small_one_stays(skier):
    photo = np.zeros((100, 3840, 3), np.uint8)
    photo[:, 1920:] = 90
    seen = read_background("photo.png", encode_png(photo))
    assert seen.shape == (50, 1920, 3) and seen[20, 900].max() == 0 and seen[20, 1000].min() == 90
    assert np.array_equal(read_background("small.png", encode_png(skier)), skier)
    with pytest.raises(MediaError, match=r"no\.png"):
        read_background("no.png", b"nothing")


def test_a_long_video_s_curves_are_thinned_evenly_to_one_person():
    table = pd.DataFrame({"person": 1, "time_s": np.arange(5) / 10} | dict.fromkeys(ANGLES, 90.0))
    few = sample_angles(table, 1, max_rows=3)
    assert list(few) == ["time_s", *ANGLES]
    np.testing.assert_allclose(few["time_s"], [0, 0.2, 0.4])
    assert sample_angles(table, 9).empty


def test_a_live_stream_blurs_what_is_behind_the_person(weights_folder, skier):
    source, seen = KeypointSource(BLAZEPOSE, masks=True), []
    options = Options(keypoints=source, body=BodyView(BLUR, skeleton=False))
    live = LiveProcessor(
        lambda options: create_estimator(BLAZEPOSE, weights_folder, masks=options.keypoints.masks),
        options,
        watch=lambda frame, estimate, version: seen.append(estimate) or "",
    )
    for _ in range(2):
        shown = live.process(skier)
    live.close()
    assert not live.latest().error and len(live.latest().hands) == 1
    [mask] = seen[-1].masks
    mirrored = skier[:, ::-1].astype(int)
    off = np.abs(shown.astype(int) - mirrored).mean(axis=2)
    person = mask[:, ::-1] > 0.99
    assert off[person].max() <= 3 and off[~person].mean() > 5
