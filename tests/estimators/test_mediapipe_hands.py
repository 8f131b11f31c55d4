"""The hand landmarker on real pictures: found, in the right place, closed safely."""

import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from core.errors import EstimatorError
from core.estimators import create_estimator
from core.media.pictures import read_picture
from core.media.videos import read_video
from core.pose.types import Frame


@pytest.fixture(scope="module")
def hands(weights_folder):
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        yield estimator


def size(keypoints) -> float:
    return float(np.linalg.norm(np.ptp(keypoints, axis=0)))


def test_a_pointing_hand_has_its_index_tip_on_top(hands, pointing):
    pose = hands.estimate_still(pointing).poses[0]
    assert pose.keypoints.shape == (21, 2) and pose.world.shape == (21, 3)
    assert pose.keypoints[:, 1].argmin() == 8  # index tip
    assert pose.handedness in ("Left", "Right") and 0.5 < pose.score <= 1
    assert 0.05 < size(pose.world) < 0.35  # metres


def test_the_mirrored_picture_is_the_other_hand_at_the_mirrored_place(hands, pointing):
    pose = hands.estimate_still(pointing).poses[0]
    other = hands.estimate_still(np.ascontiguousarray(pointing[:, ::-1])).poses[0]
    assert {pose.handedness, other.handedness} == {"Left", "Right"}
    mirrored = other.keypoints * [-1, 1] + [639, 0]
    off = np.linalg.norm(mirrored - pose.keypoints, axis=1)
    assert off.mean() < 0.06 * size(pose.keypoints)


def test_a_hand_that_is_moved_enlarged_or_cut_out_has_keypoints_in_the_pixels_there(
    hands, pointing
):
    pose = hands.estimate_still(pointing).poses[0]
    x0, y0 = pose.keypoints.min(0).astype(int) - 4
    x1, y1 = pose.keypoints.max(0).astype(int) + 5
    for changed, factor, shift, within in (
        (cv2.copyMakeBorder(pointing, 16, 0, 32, 0, cv2.BORDER_REPLICATE), 1, (32, 16), 0.06),
        (cv2.resize(pointing, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC), 6, (0, 0), 0.03),
        # the second look finds it
        (np.ascontiguousarray(pointing[y0:y1, x0:x1]), 1, (-x0, -y0), 0.1),
    ):
        again = hands.estimate_still(changed).poses[0].keypoints
        off = np.linalg.norm((again - shift + 0.5) / factor - 0.5 - pose.keypoints, axis=1)
        assert off.mean() < within * size(pose.keypoints)
    for size_hw in ((4000, 10000), (120, 9000)):  # a large picture without a hand
        assert hands.estimate_still(np.full((*size_hw, 3), 90, np.uint8)).poses == ()


def test_tight_crops_are_found_by_the_second_look(hands, shared_data):
    folder = shared_data / "hand_images" / "hagrid_crops"
    paths = [p for gesture in sorted(folder.iterdir()) for p in sorted(gesture.iterdir())[:3]]
    found = [bool(hands.estimate_still(read_picture(path)).poses) for path in paths]
    assert len(paths) == 18 and np.mean(found) >= 0.85


@pytest.mark.parametrize(
    "name",
    [
        "fist/fist_2fd1448c-8792-416b-a403-8a0408dc7cab",
        "fist/fist_8747875e-29a1-4d43-b0b4-3da499e572ed",
        "ok/ok_1e25c1a2-b565-4dbc-b3f2-006d933eb20b",
        "point_up/one_74513cce-c33a-41e9-943f-148901ac344e",
        "thumbs_down/dislike_f923088a-106f-4dc0-8438-eee2a9a6f1c8",
        "thumbs_up/like_cd2879d1-728e-4ddf-afe0-4e906507cbd9",
    ],
)
def test_a_knuckle_is_not_taken_for_the_hand_of_a_tight_crop(hands, shared_data, name):
    rgb = read_picture(shared_data / "hand_images" / "hagrid_crops" / f"{name}.jpg")
    (pose,) = hands.estimate_still(rgb).poses
    # alone, the crop gives a hand of 0.14 to 0.26 of its longer side, on a part of the real one
    assert np.ptp(pose.keypoints, axis=0).max() > 0.6 * max(rgb.shape[:2])


def test_a_video_is_followed(weights_folder, shared_data):
    video = shared_data / "hand_videos" / "asl.mp4"
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        found = sum(bool(estimator.estimate(f).poses) for f in read_video(video))
    assert found >= 80  # of 102


def test_time_may_stand_still_or_run_backwards_and_the_picture_change_its_size(
    weights_folder, pointing
):
    small = np.ascontiguousarray(pointing[::2, ::2])
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        for time_s, rgb in ((1.0, pointing), (1.0, small), (0.2, pointing), (0.9, pointing)):
            estimate = estimator.estimate(Frame(rgb, time_s, mirrored_view=True))
            assert estimate.time_s == time_s and estimate.mirrored_view
            assert estimate.size_hw == rgb.shape[:2]


_CLOSING = """
import sys, threading, time
from pathlib import Path
import numpy as np
from core.errors import EstimatorError
from core.estimators import create_estimator
from core.pose.types import Frame

picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
for _ in range(3):
    estimator = create_estimator(sys.argv[2], Path(sys.argv[1]))

    def work():
        i = 0
        try:
            while True:
                estimator.estimate(Frame(picture, i / 15))
                i += 1
        except EstimatorError:
            pass

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    estimator.close()
    thread.join()
print("alive")
"""


@pytest.mark.parametrize("name", ["mediapipe-hands", "mediapipe-pose"])
def test_closing_during_a_call_does_not_crash(weights_folder, name):
    done = subprocess.run(
        [sys.executable, "-c", _CLOSING, str(weights_folder), name],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.strip() == "alive", done.stderr[-500:]


def test_an_unknown_estimator_is_named(weights_folder):
    with pytest.raises(EstimatorError, match="mediapipe-feet"):
        create_estimator("mediapipe-feet", weights_folder)


def test_a_crash_in_mediapipe_is_an_error_and_the_next_picture_is_read(weights_folder, pointing):
    with create_estimator("mediapipe-hands", weights_folder) as estimator:
        frames = [Frame(pointing, i / 15) for i in range(3)]
        before = estimator.estimate(frames[0]).poses[0]
        os.kill(estimator._runner.pid, signal.SIGSEGV)
        with pytest.raises(EstimatorError, match=r"640 x 480 pixels: it crashed.*restarted"):
            estimator.estimate(frames[1])
        after = estimator.estimate(frames[2]).poses[0]
        np.testing.assert_allclose(after.keypoints, before.keypoints, atol=20)
