"""Files without a browser: what is read, refused, remembered and forgotten."""

import pytest

from core.gestures.labels import safe_label
from tests.pages.conftest import go, texts, upload

pytestmark = pytest.mark.usefixtures("weights_folder")

ODD = "<img src=x onerror=alert(1)> **b** [x](http:x) :smile: $1$.jpg"


def shown(app):
    """How many pictures have their name below them."""
    return sum(1 for caption in app.caption if caption.value.endswith("jpg"))


@pytest.fixture
def photo(shared_data):
    """photo(gesture): a picture's content."""

    def content(gesture):
        folder = shared_data / "hand_images" / "emrecandir" / gesture
        return sorted(folder.iterdir())[0].read_bytes()

    return content


def test_the_empty_page_says_what_to_do(app):
    go(app, "files")
    assert "Drop pictures or videos" in app.info[0].value
    assert not app.get("download_button")


def test_pictures_come_back_with_gesture_and_downloads(app, photo):
    go(app, "files")
    upload(app, ("a.jpg", photo("thumbs_up")), ("b.jpg", photo("fist")), ("c.png", b"nothing"))
    said = texts(app)
    assert "**2** read · **1** skipped · **2** hands" in said
    assert "👍 **thumbs\\_up**" in said and "👊 **fist**" in said
    assert safe_label("c.png isn't a JPEG, PNG or WEBP image") in said
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Table (CSV)", "Annotated pictures (zip)"]


def test_a_name_with_markup_is_shown_as_text(app, photo):
    go(app, "files")
    upload(app, (ODD, photo("open_palm")), (f"2{ODD}", b"nothing"))
    assert safe_label(ODD) in [caption.value for caption in app.caption]
    assert safe_label(f"2{ODD} isn't a") in texts(app)


def kept_reads(app):
    """What was read of each file that is kept."""
    return {name: one.value for name, one in app.session_state["cached_values"].items()}


def test_results_survive_a_rerun_and_go_with_their_file(app, photo, shared_data):
    video = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
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
    app.toggle[0].set_value(False).run()
    assert "**2** read" in texts(app)
    app.file_uploader[0].set_value(None).run()
    assert not app.exception
    assert kept_reads(app) == {}
    assert list(folder.iterdir()) == []
    assert "Drop pictures or videos" in app.info[0].value


def test_what_was_read_is_forgotten_when_the_page_is_left(app, shared_data):
    go(app, "files")
    upload(app, ("v.mp4", (shared_data / "hand_videos" / "fist.mp4").read_bytes()))
    folder = app.session_state["files_folder"].folder
    assert len(kept_reads(app)) == len(list(folder.iterdir())) == 1
    go(app, "gestures")
    assert kept_reads(app) == {} and list(folder.iterdir()) == []


def test_many_pictures_are_shown_a_dozen_at_first(app, photo, shared_data):
    folder = shared_data / "hand_images" / "emrecandir" / "open_palm"
    go(app, "files")
    photos = [path.read_bytes() for path in sorted(folder.iterdir())[:14]]
    upload(app, *((f"{i}.jpg", content) for i, content in enumerate(photos)))
    assert shown(app) == 12
    next(b for b in app.button if b.label == "Show more (2 left)").click().run()
    assert not app.exception
    assert shown(app) == 14


def test_a_net_s_keypoints_are_shown_without_a_gesture(app, shared_data):
    folder = shared_data / "hand_images" / "emrecandir"
    photo = sorted((folder / "thumbs_up").iterdir())[0].read_bytes()
    app.switch_page("pages/files.py").run()
    next(box for box in app.selectbox if box.label == "Keypoint detector").select(
        "cpm.hand_light"
    ).run()
    assert "trained on mediapipe-hands" in app.warning[0].value
    app.file_uploader[0].upload("a.jpg", photo).run()
    assert not app.exception
    assert any("a hand" in markdown.value for markdown in app.markdown)
