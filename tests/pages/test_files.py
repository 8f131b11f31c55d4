"""Files without a browser: what is read, refused, remembered and forgotten."""

import pytest

from core.gestures.labels import safe_label
from tests.pages.conftest import downloads, go, labelled, press, run, texts, upload

pytestmark = pytest.mark.usefixtures("weights_folder")

ODD = "<img src=x onerror=alert(1)> **b** [x](http:x) :smile: $1$.jpg"


def shown(app):
    """How many pictures have their name below them."""
    return sum(1 for caption in app.caption if caption.value.endswith("jpg"))


@pytest.fixture
def photo(hand_photos):
    """photo(gesture): a picture's content."""
    return lambda gesture: hand_photos(gesture)[0].read_bytes()


@pytest.fixture
def video(shared_data):
    return (shared_data / "hand_videos" / "fist.mp4").read_bytes()


def test_pictures_come_back_with_gesture_and_downloads_and_names_with_markup_as_text(app, photo):
    go(app, "files")
    assert "Drop pictures or videos" in app.info[0].value and not downloads(app)
    upload(app, (ODD, photo("thumbs_up")), ("b.jpg", photo("fist")), (f"2{ODD}", b"nothing"))
    said = texts(app)
    assert "**2** read · **1** skipped · **2** hands" in said
    assert "👍 **thumbs\\_up**" in said and "👊 **fist**" in said
    assert safe_label(ODD) in [caption.value for caption in app.caption]
    assert safe_label(f"2{ODD} isn't a JPEG, PNG or WEBP image") in said
    assert downloads(app) == ["Table (CSV)", "Annotated pictures (zip)"]


def kept_reads(app):
    return {name: one.value for name, one in app.session_state["cached_values"].items()}


def test_results_survive_a_rerun_and_go_with_their_file_and_with_the_page(app, photo, video):
    go(app, "files")
    upload(app, ("a.jpg", photo("thumbs_up")), ("v.mp4", video))
    reads = kept_reads(app)
    folder = app.session_state["files_folder"].folder
    assert [path.suffix for path in folder.iterdir()] == [".webm"]
    app.run()
    again = kept_reads(app)
    assert all(again[key] is read for key, read in reads.items())  # not looked at once more
    app.toggle[0].set_value(True).run()
    assert len(kept_reads(app)) == 2  # as they were read last, and one video
    assert [path.suffix for path in folder.iterdir()] == [".webm"]
    go(app, "gestures")
    assert kept_reads(app) == {} and list(folder.iterdir()) == []
    upload(go(app, "files"), ("a.jpg", photo("thumbs_up")))
    assert len(kept_reads(app)) == 1
    app.file_uploader[0].set_value(None)
    assert kept_reads(run(app)) == {}
    assert "Drop pictures or videos" in app.info[0].value


def test_many_pictures_are_shown_a_dozen_at_first(app, hand_photos):
    photos = [path.read_bytes() for path in hand_photos("open_palm")[:14]]
    upload(go(app, "files"), *((f"{i}.jpg", content) for i, content in enumerate(photos)))
    assert shown(app) == 12
    assert shown(press(app, "Show more (2 left)")) == 14


def test_a_net_s_keypoints_are_shown_without_a_gesture(app, photo):
    go(app, "files")
    labelled(app.selectbox, "Keypoint detector").select("cpm.hand_light").run()
    assert "trained on mediapipe-hands" in app.warning[0].value
    assert "a hand" in texts(upload(app, ("a.jpg", photo("thumbs_up"))))
