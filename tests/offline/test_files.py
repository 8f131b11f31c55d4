"""Untrusted files: read, or refused with the reason, never a crash."""

import io
import zipfile
from functools import partial

import numpy as np
import pandas as pd
import pytest

from core.media.pictures import encode_png, read_picture
from core.media.videos import video_info
from core.offline.files import (
    FileResult,
    TemporaryFolder,
    describe_skip,
    read_upload,
    tabulate_hands,
    zip_pictures,
)
from tests.support.hands_together import both_hands
from tests.support.zips import zip_of


@pytest.fixture
def upload(starter, make_estimator, tmp_path):
    """upload(name, content): what the shipped model reads in it, in the test's own folder."""

    def read(name, content, folder=tmp_path, make=make_estimator, **options):
        return read_upload(name, content, starter, make, folder, **options)

    return read


@pytest.fixture(scope="module")
def thumb(hand_photos):
    return hand_photos("thumbs_up")[0].read_bytes()


def test_a_picture_comes_back_annotated_and_in_the_table(upload, thumb, tmp_path):
    read = upload("=thumb.jpg", thumb)
    (seen,) = read.files
    assert read.skipped == []
    assert seen.records[0]["hands"][0]["gesture"] == "thumbs_up"
    annotated = read_picture(seen.jpeg)
    assert annotated.shape == read_picture(thumb).shape
    table = tabulate_hands([seen])
    assert table["file"].tolist() == ["'=thumb.jpg"]  # a spreadsheet must not run it
    assert table["gesture"].tolist() == ["thumbs_up"]
    assert list(tmp_path.iterdir()) == []  # the untrusted file is not kept


def test_a_video_comes_back_as_webm_with_a_row_a_hand(upload, shared_data, tmp_path):
    content = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    told = []

    def progress(done, total):
        told.append(done / total)

    read = upload("Fist.MP4", content, progress=progress)
    (seen,) = read.files
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert seen.video is not None and seen.damage == ""
    info = video_info(seen.video)
    assert info.seconds == pytest.approx(len(seen.records) / info.fps, rel=0.1)
    table = tabulate_hands([seen])
    assert table["gesture"].mode()[0] == "fist"
    assert [path.suffix for path in tmp_path.iterdir()] == [".webm"]
    assert seen.gesture_fractions["fist"] == pytest.approx((table["gesture"] == "fist").mean())
    assert sum(seen.gesture_fractions.values()) == pytest.approx(1)
    read.delete_videos()
    assert list(tmp_path.iterdir()) == []


def test_of_a_damaged_video_it_is_said_how_much_was_read(upload, shared_data):
    whole = shared_data / "hand_videos" / "two_palms.mp4"
    content = whole.read_bytes()
    begin = content.index(b"mdat") + len(content) // 2
    damaged = content[:begin] + bytes(len(content) // 4) + content[begin + len(content) // 4 :]
    (seen,) = upload("b.mp4", damaged).files
    frames = video_info(whole).frames
    assert len(seen.records) < 0.9 * frames
    assert seen.damage == (
        f"{len(seen.records)} of {frames} frames could be read: the video is damaged"
    )


def test_a_video_that_is_broken_off_leaves_nothing(upload, shared_data, tmp_path):
    content = (shared_data / "hand_videos" / "fist.mp4").read_bytes()

    def left(done, total):
        if done > 0.1 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload("fist.mp4", content, progress=left)
    assert list(tmp_path.iterdir()) == []


def test_a_gesture_that_looks_like_a_formula_is_quoted_in_the_table():
    rest = {"probability": 0.5, "rejected": False, "handedness": None, "score": 1.0}
    hands = [{"gesture": name, **rest} for name in ("=1+1", "fist", "fist", None)]
    seen = FileResult("-a.jpg", [{"frame": 0, "time_s": 0.0, "hands": hands}], b"")
    table = tabulate_hands([seen])
    assert table["gesture"].tolist() == ["'=1+1", "fist", "fist", ""]
    assert table["file"].tolist() == ["'-a.jpg"] * 4
    # a hand without a model's word has no share
    assert list(seen.gesture_fractions.items()) == [("fist", 2 / 3), ("=1+1", 1 / 3)]


def test_a_zip_is_read_file_by_file_and_says_what_it_left_out(upload, thumb):
    content = zip_of({"a/one.jpg": thumb, "a/two.jpg": b"no picture", "notes.txt": b"hello"})
    read = upload("hands.zip", content)
    assert [seen.name for seen in read.files] == ["hands.zip/a/one.jpg"]
    reasons = dict(read.skipped)
    assert set(reasons) == {"hands.zip/a/two.jpg", "hands.zip/notes.txt"}
    assert "neither picture nor video" in reasons["hands.zip/notes.txt"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jpg", b"", "a.jpg"),
        ("a.png", b"GIF89a" + b"\0" * 50, "a.png"),
        ("a.mp4", b"", "a.mp4 is empty"),
        ("a.mp4", b"\0" * 4000, "a.mp4 isn't a video that can be read (Invalid data found"),
        ("a.zip", b"PK\x03\x04 and no more", "a.zip isn't a zip"),
        ("a.zip", zip_of({}), "a.zip is empty"),
        ("a.zip", zip_of({"../up.jpg": b"x"}), "unsafe name"),
        ("a.exe", b"MZ", "a.exe"),
        ("../../etc/passwd", b"root", "etc/passwd"),
        ("a." + "x" * 300, b"MZ", "xxx"),
        ("a.jp\0g", b"MZ", "isn't a JPEG"),
        ("a.\ud800", b"MZ", "isn't a JPEG"),
        ("." * 300, b"MZ", "..."),
        ("", b"MZ", "isn't a JPEG"),
    ],
)
def test_what_can_t_be_read_is_refused_by_its_own_name(upload, tmp_path, name, content, words):
    folder = tmp_path / "in"
    folder.mkdir()
    read = upload(name, content, folder)
    assert read.files == []
    ((refused, reason),) = read.skipped
    assert refused == name
    assert words in reason
    assert str(folder) not in reason
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


def test_an_annotated_video_that_can_t_be_written_is_refused_by_the_video_s_name(
    upload, shared_data, tmp_path, monkeypatch
):
    content = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    monkeypatch.setattr("core.offline.files.secrets.token_hex", lambda size: "drawn")
    (tmp_path / "drawn.seen.webm").symlink_to(tmp_path / "gone" / "away")  # where the copy goes
    ((name, reason),) = upload("Fist.MP4", content).skipped
    assert name == "Fist.MP4" and reason.startswith("the annotated copy of Fist.MP4 can't be")
    assert "drawn" not in reason and str(tmp_path) not in reason


def test_a_name_that_is_part_of_the_reason_leaves_the_reason_as_it_is(upload):
    ((_, reason),) = upload("is no.jpg", b"MZ").skipped
    assert reason == "is no.jpg isn't a JPEG, PNG or WEBP image"


def test_a_picture_without_a_hand_is_read_and_has_no_row(upload):
    grey = encode_png(np.full((100, 140, 3), 120, np.uint8))
    read = upload("grey.png", grey)
    assert read.files[0].hands == 0
    table = tabulate_hands(read.files)
    assert table.empty
    written = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert list(written.columns)[:2] == ["file", "frame"]


def test_annotated_pictures_are_packed_under_numbers():
    seen = FileResult("../evil.jpg", [], b"a picture")
    with zipfile.ZipFile(io.BytesIO(zip_pictures([seen, seen]))) as archive:
        assert archive.namelist() == ["0001.jpg", "0002.jpg"]


def test_two_hands_of_a_picture_have_two_rows(upload, make_estimator, thumb):
    photo = read_picture(thumb)
    two = encode_png(both_hands(photo, photo))
    read = upload("two.png", two, make=partial(make_estimator, num_poses=2))
    table = tabulate_hands(read.files)
    assert table["hand"].tolist() == [0, 1]
    assert table["gesture"].tolist() == ["thumbs_up"] * 2


def test_a_package_goes_with_its_holder():
    temporary = TemporaryFolder()
    folder = temporary.folder
    (folder / "a.webm").write_bytes(b"x")
    del temporary
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("a.jpg", "a.jpg is empty", "a.jpg is empty"),
        ("z/a.jpg", "a.jpg is empty", "z/a.jpg is empty"),
        ("a.jpg", "no hand", "a.jpg: no hand"),
        ("</b>.png", "</b>.png is empty", "</b>.png is empty"),
    ],
)
def test_a_refused_file_is_named_once(name, reason, said):
    assert describe_skip(name, reason) == said
