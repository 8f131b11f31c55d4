"""Body and Heatmaps without a browser: what they say of nothing, of persons, and of what can't be
read; what a picture and a video leave behind."""

import json

import numpy as np
import pytest

from core.gestures.labels import safe_label
from core.live.cards import START_CAMERA
from core.media.pictures import encode_png, read_picture
from core.media.videos import VideoWriter
from pages.panels.controls import colored_number
from tests.pages.conftest import choose, downloads, go, labelled, press, tables, texts, upload

pytestmark = pytest.mark.usefixtures("weights_folder")


@pytest.fixture(scope="module")
def skier(shared_data):
    return read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")


def plots(app):
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_before_the_camera_starts_it_says_so_and_what_will_be_computed(app):
    go(app, "body")
    assert START_CAMERA in texts(app) and "computed" not in texts(app)
    [angles] = tables(app)
    assert angles == {
        "joint": ["Elbow", "Shoulder", "Hip", "Knee"],
        "left": ["–"] * 4,
        "right": ["–"] * 4,
    }
    app.toggle(key="body_steps").set_value(True).run()
    assert "the rest is computed from them" in texts(app)


def test_a_picture_s_person_stands_in_space_and_other_pictures_are_named(app, skier):
    choose(go(app, "body"), "Source", "Picture")
    assert "Drop a picture" in app.info[0].value and not plots(app)
    upload(app, ("ski.png", encode_png(skier)))
    assert "1 person found" in texts(app)
    [plot] = plots(app)
    lines = {line["name"]: line for line in plot["data"] if line["mode"] == "lines"}
    assert set(lines) == {"left", "right", "middle"}
    heights = [z for z in lines["left"]["z"] if z is not None]
    assert -1 < min(heights) < -0.4 and 0.3 < max(heights) < 1  # the foot, the head; metres
    [angles] = tables(app)
    assert all(60 < float(text[:-1]) <= 180 for text in [angles["left"][3], angles["right"][3]])
    app.file_uploader[0].clear()
    upload(app, ("wall.png", encode_png(np.full((60, 90, 3), 90, np.uint8))))
    assert "No one was found" in app.warning[0].value and not plots(app)
    app.file_uploader[0].clear()
    upload(app, ("broken.png", b"nothing"))
    assert safe_label("broken.png") in app.error[0].value


def test_of_several_persons_of_a_picture_one_is_chosen_by_number_and_colour(app, skier):
    choose(go(app, "body"), "Source", "Picture")
    choose(app, "People", "2")
    choose(app, "Detector", "mediapipe-pose")
    near = skier[:, 200:620]
    upload(app, ("two.png", encode_png(np.hstack([near, near]))))
    assert "2 persons found" in texts(app)
    [first] = plots(app)
    whose = labelled(app.button_group, "Person")
    assert whose.options == [colored_number(1), colored_number(2)]
    choose(app, "Person", 2)
    assert plots(app) != [first]


def test_several_people_are_movenet_s_and_one_person_blazepose_s_and_the_page_says_why(app, skier):
    choose(go(app, "body"), "Source", "Picture")
    assert "BlazePose finds one person" in texts(app)
    choose(app, "People", "6")
    assert "MoveNet finds up to 6 people, also small ones" in texts(app)
    near = skier[:, 200:620]
    upload(app, ("three.png", encode_png(np.hstack([near, near, near]))))
    assert "3 persons found" in texts(app) and not plots(app)
    [angles] = tables(app)
    assert all(40 < float(text[:-1]) <= 180 for text in [angles["left"][3], angles["right"][3]])
    app.toggle(key="body_steps").set_value(True).run()
    assert "BlazePose finds up to 4 people" in texts(app) and plots(app)
    choose(app, "Detector", "movenet.multipose")
    assert "MoveNet finds up to 6 people" in texts(app) and not plots(app)


def test_one_small_person_is_found_by_movenet_where_blazepose_finds_nobody(app, skier, tmp_path):
    far = np.full((480, 640, 3), 128, np.uint8)
    far[240:346, 200:360] = skier[:424:4, ::4]
    choose(go(app, "body"), "Source", "Picture")
    upload(app, ("far.png", encode_png(far)))
    assert "1 person found" in texts(app)
    assert "Found by MoveNet: BlazePose found nobody." in texts(app) and not plots(app)
    choose(app, "Detector", "mediapipe-pose")
    assert "No one was found" in app.warning[0].value and "Found by MoveNet" not in texts(app)
    choose(app, "Detector", "automatic")
    choose(app, "Source", "Video")
    with VideoWriter(tmp_path / "far.webm", 10, far.shape[:2]) as writer:
        for _ in range(3):
            writer.write(far)
    upload(app, ("far.webm", (tmp_path / "far.webm").read_bytes()))
    assert "3 frames, somebody in 3" in texts(app) and "in too few frames" in texts(app)


def test_a_video_s_people_found_by_movenet_are_downloaded_as_17_keypoints(app, skier, tmp_path):
    choose(go(app, "body"), "Source", "Video")
    choose(app, "Detector", "movenet.multipose")
    path = tmp_path / "ski.webm"
    with VideoWriter(path, 10, skier.shape[:2]) as video:
        for _ in range(3):
            video.write(skier)
    upload(app, ("ski.webm", path.read_bytes()))
    assert "3 frames, somebody in 3; the detector ran in 1" in texts(app)
    assert downloads(app) == ["CSV", "Parquet", "JSON", "Video"]
    assert not plots(app) and not app.exception


def test_the_picture_behind_stays_while_others_are_tried_and_is_removed_on_demand(app, skier):
    choose(go(app, "body"), "Background", "picture")
    upload(app, ("beach.png", encode_png(skier)))
    assert not [b for b in app.button if "Remove" in b.label]  # the field has its own
    choose(app, "Background", "blur")
    choose(app, "Background", "picture")
    press(app, f"Remove {safe_label('beach.png')}")
    assert not [b for b in app.button if "Remove" in b.label]
    upload(app, ("broken.png", b"nothing"))
    assert safe_label("broken.png") in app.error[0].value


def test_a_video_comes_back_with_its_keypoints_to_download(app, skier, tmp_path):
    with VideoWriter(tmp_path / "ski.webm", 10, skier.shape[:2]) as writer:
        for shift in (0, 4, 8):
            writer.write(np.roll(skier, shift, axis=1))
    choose(go(app, "body"), "Source", "Video")
    upload(app, ("ski.webm", (tmp_path / "ski.webm").read_bytes()))
    assert "3 frames, somebody in 3; the detector ran in 1." in texts(app)
    assert downloads(app) == ["CSV", "Parquet", "JSON", "Video"]
    assert len(plots(app)) == 1 and len(app.get("vega_lite_chart")) == 1
    app.select_slider[0].set_value(0.2).run()
    assert not app.exception and len(plots(app)) == 1


def test_a_video_that_is_none_leaves_an_error_alone(app):
    choose(go(app, "body"), "Source", "Video")
    upload(app, ("broken.mp4", b"nothing"))
    assert safe_label("broken.mp4") in app.error[0].value
    assert not app.get("download_button") and not app.get("progress")


@pytest.fixture
def photo(shared_data):
    return sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[0]


def test_a_picture_is_seen_in_every_view_and_another_crop_closes_the_estimator_before(app, photo):
    choose(go(app, "heatmaps"), "Source", "Picture")
    upload(app, ("a.jpg", photo.read_bytes()))
    for view in ("multi", "hm"):
        choose(app, "View", view)
        assert downloads(app) == ["Download"]
    first = app.session_state["cached_values"]["maps_estimator"].value
    crop = next(radio for radio in app.radio if radio.key == "maps_crop")
    crop.set_value("self").run()
    assert not app.exception
    assert app.session_state["cached_values"]["maps_estimator"].value is not first
    with pytest.raises(Exception, match="closed"):
        first.estimate_still(read_picture(photo))


def test_a_video_s_former_copy_goes_and_the_last_one_with_the_page(app, photo, tmp_path):
    rgb = read_picture(photo)
    with VideoWriter(tmp_path / "a.webm", 10, rgb.shape[:2]) as writer:
        for _ in range(3):
            writer.write(rgb)
    choose(go(app, "heatmaps"), "Source", "Video")
    upload(app, ("a.webm", (tmp_path / "a.webm").read_bytes()))
    folder = app.session_state["files_folder"].folder
    [first] = folder.iterdir()
    choose(app, "View", "multi")
    [second] = folder.iterdir()
    assert second != first
    go(app, "gestures")
    assert list(folder.iterdir()) == []
