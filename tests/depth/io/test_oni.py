"""OpenNI's recordings: the real one, made ones of both versions, and damaged ones."""

import struct
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import Camera
from core.depth.io.oni import decode_16zp, decode_16zt
from core.depth.io.recordings import open_depth
from core.errors import MediaError
from tests.support.oni_files import MODE, make_oni, pack_header, pack_property


def test_the_real_recording_is_a_person_at_a_desk_seen_by_a_kinect(shared_data: Path) -> None:
    with open_depth(shared_data / "depth" / "openni" / "Captured.oni") as source:
        focal = (source.camera.fx, source.camera.fy)
        assert focal == pytest.approx([120 / 0.1042 / 2] * 2, rel=1e-6)  # its ZPD and ZPPS
        assert (source.camera.u0, source.camera.v0) == (320, 240)
        frames = list(source)
        assert np.array_equal(source.read(1).depth_mm, frames[1].depth_mm)
    assert [round(frame.time_s, 6) for frame in frames] == [0, 0.133477, 0.166847, 0.200216]
    for frame in frames:
        seen = frame.depth_mm[frame.depth_mm > 0]
        assert frame.depth_mm.shape == (480, 640) and 400 < seen.min() < seen.max() < 2200
        assert 0.7 < seen.size / frame.depth_mm.size < 0.73
        assert 500 < np.median(frame.depth_mm[340:350, 300:320]) < 650  # the near arm
        steps = np.abs(np.diff(frame.depth_mm[340:350, 200:400], axis=1))
        assert np.median(steps) <= 3  # a surface


@pytest.mark.parametrize("old", [False, True])
def test_both_versions_of_the_format_are_read(tmp_path, old) -> None:
    (tmp_path / "a.oni").write_bytes(make_oni(old=old))
    with open_depth(tmp_path / "a.oni") as source:
        assert source.count == 2
        assert source.camera == Camera("openni", pytest.approx(4), pytest.approx(4), 4, 3, 8, 6)
        second = source.read(1)
    assert (second.depth_mm == 800).all() and second.depth_mm.shape == (6, 8)
    assert second.time_s == pytest.approx(0.04)
    with pytest.raises(MediaError, match=r"a\.oni can't be read"):
        source.read(0)  # after close


PIXELS = np.arange(48, dtype="<u2").reshape(6, 8)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("oniPixelFormat", 101, PIXELS / np.float32(10)),
        ("xnMirror", 1, PIXELS[:, ::-1]),
        ("xnMirror", 0, PIXELS),
    ],
)
def test_tenths_of_mm_and_mirrored_pictures_are_converted(tmp_path, name, value, expected) -> None:
    properties = pack_property(name, struct.pack("<Q", value))
    content = make_oni(codec=b"NONE", contents=[PIXELS.tobytes()], properties=properties)
    (tmp_path / "a.oni").write_bytes(content)
    with open_depth(tmp_path / "a.oni") as source:
        assert source.read(0).depth_mm == pytest.approx(expected)


def test_a_recording_that_was_cut_short_has_the_frames_before(tmp_path) -> None:
    content = make_oni()
    for end in (len(content) - 30, content.rindex(b"NIR\0") - 1):
        (tmp_path / "a.oni").write_bytes(content[:end])
        with open_depth(tmp_path / "a.oni") as source:
            assert 1 <= source.count <= 2 and (source.read(0).depth_mm == 700).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "doesn't start with NI10"),
        (b"RIFF" + bytes(40), "doesn't start with NI10"),
        (pack_header(), "has no depth"),
        (make_oni(contents=[]), "has no depth"),
        (pack_header() + b"JUNK" * 10, "damaged at byte 24"),
        (pack_header() + struct.pack("<4s4IQ", b"NIR\0", 6, 1, 2**31, 0, 0), "damaged at byte 24"),
        (pack_header() + struct.pack("<4s4IQ", b"NIR\0", 6, 1, 0, 0, 0), "damaged at byte 24"),
        (make_oni(mode=struct.pack("<3I", 2**31, 2**31, 1)), "2147483648 x 2147483648"),
        (make_oni(mode=struct.pack("<3I", 0, 6, 1)), "0 x 6"),
        (make_oni(mode=MODE[:7]), "0 x 0"),
        (make_oni(fov=b"\xff" * 16), "its camera .* is unknown"),
        (make_oni().replace(b"xnFOV", b"\xff\xfe\xfd\xfc\xfb"), "its camera .* is unknown"),
        (make_oni() + pack_property("xnCropping", struct.pack("<5I", 1, 0, 0, 4, 4)), "cropped"),
        (make_oni() + pack_property("oniPixelFormat", struct.pack("<Q", 102)), "form 102"),
    ],
)
def test_a_damaged_or_other_file_is_an_error(tmp_path, content, message) -> None:
    (tmp_path / "a.oni").write_bytes(content)
    with pytest.raises(MediaError, match=message):
        open_depth(tmp_path / "a.oni")


@pytest.mark.parametrize(
    ("codec", "picture"),
    [(b"16zP", b"\0\0\xef"), (b"16zT", b"\xff\xff"), (b"NONE", bytes(95)), (b"Im8z", bytes(96))],
)
def test_a_damaged_picture_is_an_error_when_it_is_read(tmp_path, codec, picture) -> None:
    (tmp_path / "a.oni").write_bytes(make_oni(codec=codec, contents=[picture]))
    with open_depth(tmp_path / "a.oni") as source, pytest.raises(MediaError, match="frame 0"):
        source.read(0)


@pytest.mark.parametrize(
    ("codes", "pixels"),
    [
        ("E803 57", [1000, 1001, 1000]),  # 6 − 5, then 6 − 7
        ("E803 0C", [1000, 1006, 1000]),
        ("E803 5D", [1000, 1001]),  # no second one
        ("E803 E2", [1000] * 5),
        ("E803 E0", [1000]),
        ("E803 FF 80", [1000, 1064]),  # 192 − 128
        ("E803 FF FF", [1000, 937]),
        ("E803 FF 07D0", [1000, 2000]),
        ("E803 6F 07D0 57", [1000, 1000, 2000, 2001, 2000]),
        ("E803 6F C1 E1", [1000, 1000, 999, 999, 999]),
        ("0000 FF 0000 E1 FF 7FFF", [0, 0, 0, 0, 32767]),
        ("0100 CD", [1, 65531]),  # wraps
        # bytes in full that look like codes
        ("E803 FF 0FFF 66 FF 00E3 66", [1000, 4095, 4095, 4095, 227, 227, 227]),
        ("E803 FF 0DFF FF FF E1", [1000, 3583, 3520, 3520, 3520]),
    ],
)
def test_pixels_follow_from_the_codes(codes, pixels) -> None:
    assert decode_16zp(bytes.fromhex(codes), len(pixels), "a").tolist() == pixels


def test_a_table_s_indices_stand_for_values() -> None:
    codes = bytes.fromhex("0300 0000 E803 D007 0200 7D E1 5D")
    # the table 0, 1000, 2000; its indices 2, 1, 1, 1, 2
    assert decode_16zt(codes, 5, "a").tolist() == [2000, 1000, 1000, 1000, 2000]


@pytest.mark.parametrize(
    ("decode", "codes", "count"),
    [
        *((decode_16zp, codes, 4) for codes in ("", "E8", "E803 FF", "E803 FF 07", "E803")),
        *((decode_16zp, codes, 4) for codes in ("E803 EF EF", "E803 FE")),
        *((decode_16zt, codes, 1) for codes in ("", "FFFF 0000", "0100 E803 0100", "0200 E803")),
        (decode_16zt, "0100 E803 0000 5D", 2),
    ],
)
def test_another_number_of_pixels_or_an_index_beyond_the_table_is_an_error(
    decode, codes, count
) -> None:
    with pytest.raises(MediaError, match="is damaged"):
        decode(bytes.fromhex(codes), count, "a")
