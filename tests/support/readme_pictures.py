"""The README's two pictures: drawn hands before a fake camera, the studio in Chromium.

    python -m tests.support.readme_pictures [FOLDER]      # docs/pictures unless told

No photo of a person is in them: `drawn_hands` draws the shipped landmarks. Look at them afterwards.
"""

import io
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from core.estimators import create_estimator
from core.media.pictures import encode_png
from core.paths import Paths
from core.pose.types import Floats, Picture
from core.recording.demo import read_demo_hands
from core.recording.imports.uploads import add_uploads
from core.recording.recorder import Recorder
from core.store import Store
from tests.support.drawn_hands import draw_hand
from tests.support.studio import ROOT, opened, settled, start_camera, studio, write_film

WIDTH = 1280
THUMB = ("thumbs_up", 4, 290, (300, 245))  # gesture, which of its hands, size, middle
PALM = ("open_palm", 8, 300, (320, 225))
SAMPLES = 5  # of each gesture
_STEPS, _HELD = 10, 5  # frames that differ, and how often each is shown


def moving_hand(gesture: str, number: int, size: float, middle: tuple[int, int]) -> list[Picture]:
    """A shipped hand that sways a little, as a camera sees it: mirrored on the page."""
    hand = read_demo_hands(Paths.find().demo).select(gesture)[number]
    return [drawn(hand, size, middle, turn) for turn in np.arange(_STEPS) / _STEPS * 2 * np.pi]


def drawn(hand: Floats, size: float, middle: tuple[int, int], turn: float = 0.0) -> Picture:
    """A shipped hand at one moment of its sway, `turn` in 0..2π."""
    angle = np.deg2rad(3 * np.sin(turn))
    turned = hand @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    sway = np.array([6 * np.sin(turn), 4 * np.cos(turn)])
    points = turned * size * (1 + 0.02 * np.cos(turn)) + middle + sway
    points[:, 0] = 639 - points[:, 0]
    return draw_hand(points)


def window(width: int, height: int) -> dict[str, Any]:
    """Light colours, finer than it will be shown."""
    size = {"width": width, "height": height}
    return {"color_scheme": "light", "viewport": size, "device_scale_factor": 1.5}


def drawn_samples(workspace: Path) -> None:
    """A few drawn hands of every gesture, as the samples of a first project."""
    paths = Paths.find(workspace)
    store, hands = Store(paths.store), read_demo_hands(paths.demo)
    project = store.create_project("My gestures")
    make_estimator = partial(create_estimator, "mediapipe-hands", paths.weights)
    for gesture in store.gestures(project.id):
        size, middle = THUMB[2:]
        few = hands.select(gesture.name)[:SAMPLES]
        pictures = [
            (f"{i}.png", encode_png(drawn(hand, size, middle))) for i, hand in enumerate(few)
        ]
        if pictures:
            recorder = Recorder(store, project.id, "me")
            add_uploads(recorder, project, gesture, pictures, make_estimator)
    store.close()


def studio_page(page: Page) -> None:
    """The starter model names the hand, the cards beside it."""
    page.goto("/")
    settled(page)
    start_camera(page)
    expect(page.get_by_role("heading", name="thumbs_up", level=3)).to_be_visible()
    page.wait_for_timeout(8000)  # until the stream is sharp


def heatmaps(page: Page, picture: Path) -> None:
    """The light CPM's maps of a picture, one a keypoint."""
    page.goto("/heatmaps")
    settled(page)
    main = page.get_by_test_id("stMain")
    main.get_by_text("Picture", exact=True).first.click()
    settled(page)
    page.locator("input[type=file]").set_input_files(picture)
    main.get_by_test_id("stButtonGroup").nth(1).get_by_role("radio").last.click()
    settled(page)
    expect(page.get_by_role("button", name="Download")).to_be_visible()
    page.wait_for_timeout(1500)


def save(page: Page, path: Path) -> None:
    """What is seen, WIDTH pixels wide."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    size = (WIDTH, round(shot.height * WIDTH / shot.width))
    shot.resize(size, Image.Resampling.LANCZOS).save(path, quality=88, method=6)
    print(f"{path}: {size[0]} x {size[1]}, {path.stat().st_size:,} bytes")


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        thumbs, palms = moving_hand(*THUMB), moving_hand(*PALM)
        film = [picture for picture in thumbs for _ in range(_HELD)]
        thumb = write_film(Path(made) / "thumb.mjpeg", film)
        palm = Path(made) / "palm.png"
        palm.write_bytes(encode_png(palms[0]))
        drawn_samples(Path(made) / "workspace")
        with studio(Path(made) / "workspace") as (address, _):
            with opened(address, thumb, **window(1400, 840)) as page:
                studio_page(page)
                save(page, folder / "studio.webp")
            with opened(address, thumb, **window(1500, 990)) as page:
                heatmaps(page, palm)
                save(page, folder / "heatmaps.webp")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
