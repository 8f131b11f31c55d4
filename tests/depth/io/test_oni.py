"""OpenNI's recordings: the real one, made ones of both versions, and damaged ones."""

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.io.oni import unpack, unpack_by_table
from core.depth.io.recordings import open_depth
from core.errors import MediaError

FOV = struct.pack("<2d", math.pi / 2, 2 * math.atan(3 / 4))  # of 8 x 6 pixels: f = 4
MODE = struct.pack("<3I", 8, 6, 30)


def test_the_real_recording_is_a_person_at_a_desk_seen_by_a_kinect(shared_data: Path) -> None:
    with open_depth(shared_data / "depth" / "openni" / "Captured.oni") as source:
        assert source.count == 4
        focal = (source.camera.fx, source.camera.fy)
        assert focal == pytest.approx([120 / 0.1042 / 2] * 2, rel=1e-6)  # its ZPD and ZPPS
        assert (source.camera.u0, source.camera.v0) == (320, 240)
        frames = list(source)
        again = source.read(1)
    assert [round(frame.time_s, 6) for frame in frames] == [0, 0.133477, 0.166847, 0.200216]
    for frame in frames:
        seen = frame.depth_mm[frame.depth_mm > 0]
        assert frame.depth_mm.shape == (480, 640) and 400 < seen.min() < seen.max() < 2200
        assert 0.7 < seen.size / frame.depth_mm.size < 0.73
        assert frame.rgb is None
        assert 500 < np.median(frame.depth_mm[340:350, 300:320]) < 650  # the near arm
        steps = np.abs(np.diff(frame.depth_mm[340:350, 200:400], axis=1))
        assert np.median(steps) <= 3  # a surface
    assert np.array_equal(again.depth_mm, frames[1].depth_mm)
    still = np.abs(frames[3].depth_mm - frames[2].depth_mm)
    assert np.median(still[(frames[3].depth_mm > 0) & (frames[2].depth_mm > 0)]) < 8


def record(
    kind: int, node: int, fields: bytes, content: bytes = b"", *, old: bool = False
) -> bytes:
    size = (24 if old else 28) + len(fields)
    layout = "<4s5I" if old else "<4s4IQ"
    return struct.pack(layout, b"NIR\0", kind, node, size, len(content), 0) + fields + content


def text(name: str) -> bytes:
    return struct.pack("<I", len(name) + 1) + name.encode() + b"\0"


def said(node: int, name: str, value: bytes, *, old: bool = False) -> bytes:
    return record(6, node, text(name) + struct.pack("<I", len(value)) + value, old=old)


def node(number: int, kind: int, codec: bytes, *, old: bool = False) -> bytes:
    return record(13, number, text("Some") + struct.pack("<I", kind) + codec + bytes(28), old=old)


def frame(number: int, time_us: int, content: bytes, *, old: bool = False) -> bytes:
    return record(10, number, struct.pack("<QI", time_us, 1), content, old=old)


def head(*, old: bool = False) -> bytes:
    return struct.pack("<4sBBHIQI", b"NI10", 1, 0, 0 if old else 1, 6 if old else 0, 0, 2)


def pictures(values: list[int]) -> list[bytes]:
    """Packed as 16zP: one value everywhere."""
    return [struct.pack("<H", v) + b"\xef\xe8\x6d" for v in values]  # 1 + 30 + 16 + 1


def made(
    *, old: bool = False, codec: bytes = b"16zP", contents: list[bytes] | None = None
) -> bytes:
    content = [head(old=old), node(1, 1, b"NONE", old=old), node(2, 2, codec, old=old)]
    content += [said(2, "xnMapOutputMode", MODE, old=old), said(2, "xnFOV", FOV, old=old)]
    for number, picture in enumerate(pictures([700, 800]) if contents is None else contents):
        content.append(frame(2, 1_000_000 + 40_000 * number, picture, old=old))
    return b"".join([*content, record(11, 0xFFFFFFFF, b"", old=old)])


@pytest.mark.parametrize("old", [False, True])
def test_both_versions_of_the_format_are_read(tmp_path, old) -> None:
    (tmp_path / "a.oni").write_bytes(made(old=old))
    with open_depth(tmp_path / "a.oni") as source:
        assert source.count == 2
        assert source.camera == Camera("openni", pytest.approx(4), pytest.approx(4), 4, 3, 8, 6)
        second = source.read(1)
    assert (second.depth_mm == 800).all() and second.depth_mm.shape == (6, 8)
    assert second.time_s == pytest.approx(0.04)
    source.close()
    with pytest.raises(MediaError, match=r"a\.oni can't be read"):
        source.read(0)


def test_unpacked_pictures_and_tenths_of_mm_are_read(tmp_path) -> None:
    raw = np.arange(48, dtype="<u2").tobytes()
    content = made(codec=b"NONE", contents=[raw])
    unit = said(2, "oniPixelFormat", struct.pack("<Q", 101))
    cut = content.rindex(b"NIR\0")
    at = content.rindex(b"NIR\0", 0, cut)
    (tmp_path / "a.oni").write_bytes(content[:at] + unit + content[at:])
    with open_depth(tmp_path / "a.oni") as source:
        one = source.read(0)
    assert one.depth_mm.ravel().tolist() == pytest.approx([number / 10 for number in range(48)])


def test_a_mirrored_recording_is_turned_back(tmp_path) -> None:
    raw = np.arange(48, dtype="<u2")
    content = made(codec=b"NONE", contents=[raw.tobytes()])
    for value, expected in ((1, raw.reshape(6, 8)[:, ::-1]), (0, raw.reshape(6, 8))):
        mirror = said(2, "xnMirror", struct.pack("<Q", value))
        (tmp_path / "a.oni").write_bytes(content + mirror)
        with open_depth(tmp_path / "a.oni") as source:
            assert np.array_equal(source.read(0).depth_mm, expected)


def test_the_camera_and_unit_beside_it_are_read(tmp_path) -> None:
    numbers = {"fx": 5, "fy": 6, "u0": 3, "v0": 2, "width": 8, "height": 6, "unit_mm": 0.5}
    (tmp_path / "camera.json").write_text(json.dumps(numbers))
    for content in (made(), made().replace(FOV, bytes(16))):
        (tmp_path / "a.oni").write_bytes(content)
        with open_depth(tmp_path / "a.oni") as source:
            assert source.camera == Camera("", 5, 6, 3, 2, 8, 6)
            assert (source.read(0).depth_mm == 350).all()


def test_a_given_camera_must_have_its_size(tmp_path) -> None:
    (tmp_path / "a.oni").write_bytes(made())
    with pytest.raises(MediaError, match="has 8 x 6 pixels, its camera 640 x 480"):
        open_depth(tmp_path / "a.oni", camera=CAMERAS["nyu"])


def test_a_recording_that_was_cut_short_gives_the_frames_before(tmp_path) -> None:
    content = made()
    for end in (len(content) - 30, len(content) - 26, content.rindex(b"NIR\0") - 1):
        (tmp_path / "a.oni").write_bytes(content[:end])
        with open_depth(tmp_path / "a.oni") as source:
            assert 1 <= source.count <= 2 and (source.read(0).depth_mm == 700).all()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "doesn't begin with NI10"),
        (b"NI10" + bytes(10), "doesn't begin with NI10"),
        (b"RIFF" + bytes(40), "doesn't begin with NI10"),
        (head(), "has no depth"),
        (made(contents=[]), "has no depth"),
        (head() + b"JUNK" * 10, "damaged at byte 24"),
        (head() + struct.pack("<4s4IQ", b"NIR\0", 6, 1, 2**31, 0, 0), "damaged at byte 24"),
        (head() + struct.pack("<4s4IQ", b"NIR\0", 6, 1, 0, 0, 0), "damaged at byte 24"),
        (made().replace(MODE, struct.pack("<3I", 2**31, 2**31, 1)), "2147483648 x 2147483648"),
        (made().replace(MODE, struct.pack("<3I", 0, 6, 1)), "0 x 6"),
        (made().replace(FOV, bytes(16)), "which camera took it"),
        (made().replace(FOV, b"\xff" * 16), "which camera took it"),
        (made().replace(b"xnFOV", b"\xff\xfe\xfd\xfc\xfb"), "which camera took it"),
        (made() + said(2, "xnCropping", struct.pack("<5I", 1, 0, 0, 4, 4)), "cropped"),
        (made() + said(2, "oniPixelFormat", struct.pack("<Q", 102)), "no distances, but form 102"),
    ],
)
def test_what_is_no_whole_recording_is_told(tmp_path, content, told) -> None:
    (tmp_path / "a.oni").write_bytes(content)
    with pytest.raises(MediaError, match=told):
        open_depth(tmp_path / "a.oni")


@pytest.mark.parametrize(
    ("codec", "picture"),
    [(b"16zP", b"\0\0\xef"), (b"16zT", b"\xff\xff"), (b"NONE", bytes(95)), (b"Im8z", bytes(96))],
)
def test_a_damaged_picture_is_told_when_it_is_read(tmp_path, codec, picture) -> None:
    (tmp_path / "a.oni").write_bytes(made(codec=codec, contents=[picture]))
    with open_depth(tmp_path / "a.oni") as source, pytest.raises(MediaError, match="frame 0"):
        source.read(0)


# --- the packing of pictures, by hand-made codes


@pytest.mark.parametrize(
    ("codes", "pixels"),
    [
        ("E803", [1000]),
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
    assert unpack(bytes.fromhex(codes), len(pixels), "a").tolist() == pixels


def test_a_table_s_numbers_stand_for_values() -> None:
    codes = bytes.fromhex("0300 0000 E803 D007 0200 7D E1 5D")
    # the table 0, 1000, 2000; its numbers 2, 1, 1, 1, 2
    assert unpack_by_table(codes, 5, "a").tolist() == [2000, 1000, 1000, 1000, 2000]


@pytest.mark.parametrize(
    "codes", ["", "E8", "E803 FF", "E803 FF 07", "E803", "E803 EF EF", "E803 FE"]
)
def test_another_number_of_pixels_is_told(codes) -> None:
    with pytest.raises(MediaError, match="is damaged"):
        unpack(bytes.fromhex(codes), 4, "a")


@pytest.mark.parametrize(
    "codes", ["", "FFFF 0000", "0100 E803 0100", "0100 E803 0000 5D", "0200 E803"]
)
def test_a_number_beyond_the_table_is_told(codes) -> None:
    with pytest.raises(MediaError, match="is damaged"):
        unpack_by_table(bytes.fromhex(codes), 1 + ("5D" in codes), "a")
