"""Gestures of both hands through the browser: a project about them, taught with keypoints found in
the browser, read with those found there and on the server; still ones, and ones that move."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.store import NewSample, Store
from core.store.rows import MOVING
from tests.browser.conftest import (
    begin_hold,
    begin_performance,
    card,
    create_project,
    go,
    kept,
    reads,
    settled,
    start_in_browser,
    write_film,
)
from tests.support.hands_together import PAPER, both_hands
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser_files")]
# what the project's gestures are shown as here: each hand's photo, the left one mirrored
SHOWN = {"open_hands": ("open_palm", "open_palm"), "heart_hands": ("open_palm", "fist")}
LOW, HIGH = 100, -100  # pixels below the middle
IN_BROWSER = "keypoints_found=this+device"
BOTH = "[data-poses='2']"


@pytest.fixture
def hands(shared_data, tmp_path):
    """hands(gesture): a film of a photo and a mirrored one side by side, moving a little."""

    def film(gesture):
        right, left = (
            cv2.imread(
                str(sorted((shared_data / "hand_images" / "hagrid_crops" / name).iterdir())[0])
            )
            for name in SHOWN[gesture]
        )
        path = tmp_path / f"{gesture}.y4m"
        write_film(path, [both_hands(right, left, by) for by in (0, 8, 16, 8)])
        return path

    return film


@pytest.fixture
def raised(shared_data, tmp_path):
    """A film of two hands that rest, rise in a second, rest and are gone for one, again and
    again."""
    photos = sorted((shared_data / "hand_images" / "hagrid_crops" / "open_palm").iterdir())
    photo = cv2.imread(str(photos[0]))
    both = both_hands(photo, photo)
    shares = [0.0] * 4 + [*(1 - np.cos(np.linspace(0, np.pi, 10))) / 2] + [1.0] * 4
    down = [round(LOW - (LOW - HIGH) * share) for share in shares]
    frames = [np.roll(both, by, axis=0) for by in down]
    path = tmp_path / "raised.y4m"
    write_film(path, [*frames, *[np.full_like(both, PAPER)] * 10], frames_a_photo=1)
    return path


@pytest.mark.slow
def test_a_movement_of_both_hands_is_taught_and_told_once(look, raised, workspace):
    store = Store(Paths.find(workspace).database)
    project = store.create_project("Lifts", skeleton="hands_42")
    for gesture in store.gestures(project.id):
        store.delete_gesture(gesture.id)
    for name in ("raise", "lower"):
        store.add_gesture(project.id, name, "", MOVING)
    with look(raised) as page:
        page.goto(f"/?project=Lifts&{IN_BROWSER}")
        start_in_browser(page, BOTH)
        for _ in range(8):
            if performed(page, "raise") and len(clips := store.samples(project.id)) == 2:
                break
        else:
            pytest.fail(page.locator(".status").inner_text())
        for clip in clips:
            assert clip.pose.shape == (42, 2) and clip.times_s[-1] - clip.times_s[0] < 1.8
            way = (clip.keypoints[-1] - clip.keypoints[0])[:, 1] * 480 / clip.size_hw[0]
            wrists = way[[0, 21]]
            # each hand's, though where few frames are read its begin and end may lie between two
            assert (wrists < -80).all() and (wrists > HIGH - LOW - 60).all()
            assert abs(wrists[0] - wrists[1]) < 20
        _backwards(store, project.id, clips)
        page.reload()  # it was not this page that recorded these
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("Method: nearest examples")).to_be_visible()
        go(page, "Live")
        page.get_by_role("button", name="START").click()
        twice = r"Last movements: raise \d+% · (raise \d+%( · )?)+"
        expect(page.get_by_text("Last movements:")).to_have_text(re.compile(f"^{twice}$"))
    store.close()


def performed(page, gesture):
    """Record one whole movement. Whether it was kept: a busy machine may say that it saw too little
    of it."""
    begin_performance(page, gesture)
    page.mouse.up()
    return kept(page, gesture) == 1


def _backwards(store, project, clips):
    """The movements the other way, as if recorded."""
    session = store.start_session(project, store.ensure_person(project, "Ada").id, "test")
    lower = next(one for one in store.gestures(project) if one.name == "lower")
    for clip in clips:
        sample = NewSample(
            clip.keypoints[::-1].copy(),
            clip.scores[::-1].copy(),
            "webcam",
            clip.mirrored_view,
            clip.estimator,
            size_hw=clip.size_hw,
            skeleton="hands_42",
            time_s=0.0,
            times_s=clip.times_s - clip.times_s[0],
        )
        store.add_samples(store.start_recording(session, lower.id), [sample])


def test_gestures_of_both_hands_are_taught_and_read(look, hands, workspace):
    with look(hands("open_hands")) as page:
        page.goto(f"/?{IN_BROWSER}")
        settled(page)
        create_project(page, "Pairs", "Both hands")
        expect(card(page, "folded_hands")).to_be_visible()
        recorded(page, "open_hands")
    with look(hands("heart_hands")) as page:
        page.goto(f"/?project=Pairs&{IN_BROWSER}")
        recorded(page, "heart_hands")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("test samples recognised")).to_be_visible()
        page.goto(f"/live?project=Pairs&{IN_BROWSER}")
        page.get_by_role("button", name="START").click()
        reads(page, "heart_hands")
    with look(hands("open_hands")) as page:
        page.goto("/live?project=Pairs")
        start_camera(page)
        reads(page, "open_hands")
    store = Store(Paths.find(workspace).database)
    samples = store.samples(store.project("Pairs").id)
    store.close()
    assert {sample.estimator for sample in samples} == {"mediapipe-both-hands-web"}
    assert all(
        np.isfinite(sample.pose).all() and sample.pose.shape == (42, 2) for sample in samples
    )
    assert all(sample.crop_jpeg for sample in samples)


def recorded(page, gesture):
    """Start the camera and hold the button three times, once both hands are seen."""
    start_in_browser(page, BOTH)
    for _ in range(3):
        begin_hold(page, gesture, 6)
        page.mouse.up()
        assert kept(page, gesture) >= 6
