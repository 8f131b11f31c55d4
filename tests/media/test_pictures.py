"""Pictures come in upright, of every kind of pixels; hostile ones: tests/test_hostile_files.py."""

import io
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import MediaError
from core.media.pictures import decode_jpeg, encode_jpeg, encode_png, read_picture, write_picture


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_comes_as_rgb(kind):
    red = saved(Image.new("RGB", (30, 20), (250, 10, 20)), kind)
    rgb = read_picture(red)
    assert rgb.shape == (20, 30, 3) and rgb.dtype == np.uint8
    assert np.abs(rgb.astype(int) - [250, 10, 20]).max() < 12


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixels_comes_as_rgb(mode):
    if mode == "CMYK":
        content = saved(Image.new(mode, (8, 6)), "JPEG")
    else:
        content = saved(Image.new(mode, (8, 6)))
    assert read_picture(content).shape == (6, 8, 3)


def test_transparency_lies_on_white():
    assert (read_picture(saved(Image.new("RGBA", (4, 4), (9, 9, 9, 0)))) == 255).all()


def test_exif_orientation_is_applied():
    image = Image.new("RGB", (30, 20))
    image.paste((255, 0, 0), (0, 0, 30, 5))  # red at the top
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90° clockwise for display
    rgb = read_picture(saved(image, "JPEG", exif=exif, quality=95))
    assert rgb.shape == (30, 20, 3)
    assert rgb[:, -2, 0].mean() > 200 and rgb[:, 2, 0].mean() < 60  # red at the right


def test_a_missing_file_and_an_upload_that_is_too_large_are_named(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.png"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(MediaError, match=r"photo\.png has 20,971,521 bytes"):
        read_picture(bytes(20 * 2**20 + 1), name="photo.png")


def test_what_we_write_we_read(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (17, 23, 3), np.uint8)
    np.testing.assert_array_equal(read_picture(encode_png(rgb)), rgb)
    smooth = np.dstack([np.tile(np.arange(64, dtype=np.uint8) * 3, (48, 1))] * 3)
    assert np.abs(decode_jpeg(encode_jpeg(smooth, 95)).astype(int) - smooth).max() <= 6
    write_picture(rgb, tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), rgb)
    with pytest.raises(MediaError, match=r"\.bmp"):
        write_picture(rgb, tmp_path / "a.bmp")


def test_grey_of_16_bits_is_scaled_to_8():
    ramp = np.linspace(0, 65535, 512).astype(np.uint16).reshape(8, 64)
    done, png = cv2.imencode(".png", ramp)
    assert done
    rgb = read_picture(png.tobytes(), name="ramp.png")
    assert np.array_equal(rgb, np.repeat((ramp // 256)[..., None], 3, axis=2))


PEAK = """import re, sys
from core.media.pictures import shrink_to_webp

def peak_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024

content, before = open(sys.argv[1], "rb").read(), peak_mb()
shrink_to_webp(content, 500_000, max_side_px=64)
print(peak_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_of_an_animation_one_frame_at_a_time_is_held_in_its_full_size(tmp_path):
    frames = [Image.new("L", (2000, 2000), 8 * n) for n in range(20)]  # 16 MB each, decoded
    large = tmp_path / "large.png"
    large.write_bytes(saved(frames[0], save_all=True, append_images=frames[1:]))
    done = subprocess.run([sys.executable, "-c", PEAK, large], capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) < 150, done
