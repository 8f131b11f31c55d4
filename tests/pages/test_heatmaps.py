"""Heatmaps without a browser: what a picture and a video leave behind."""

import pytest

from core.media.pictures import read_picture
from core.media.videos import VideoWriter
from tests.pages.conftest import choose, downloads, go, upload

pytestmark = pytest.mark.usefixtures("weights_folder")


@pytest.fixture
def photo(shared_data):
    return sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[0]


def test_a_picture_is_seen_in_every_view_and_another_crop_closes_the_estimator_before(app, photo):
    choose(go(app, "heatmaps"), "Source", "Picture")
    upload(app, ("a.jpg", photo.read_bytes()))
    for view in ("multi", "hm"):
        choose(app, "View", view)
        assert downloads(app) == ["Download"] and app.get("imgs")
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
