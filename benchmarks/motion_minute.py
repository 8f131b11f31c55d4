"""A minute of gestures that move and of talking hands, taught on Studio and read on Live.

    python -m benchmarks.motion_minute FOLDER PHOTO [--pictures FOLDER] [--json]

A real hand's photo is moved along real ways before Chromium's fake camera: SFINGE 3D's dictionary
(FOLDER holds sfinge3d_v1.npz) is taught, its continuous recordings are asked: half of the
performances, other movement of them, the other half. Each must be told once, by OSC, and nothing
else. Times are seconds since 1970.
"""

import argparse
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Frame, Page, expect
from pythonosc.osc_message import OscMessage

from benchmarks import moved_hand
from benchmarks.moved_hand import AFTER, AWAY, FPS, OTHER, REST, Part, Way, performance
from benchmarks.studio import opened, report, start_camera, studio
from core.estimators import create_estimator
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Frame as Seen
from core.pose.types import Picture
from core.store import Store

GESTURES = ("swipe_left", "swipe_right", "clockwise", "counter_clockwise")
PROJECT = "Moves"
TAUGHT, ASKED, TALK_S, TAUGHT_TALK = 5, 3, 20.0, 5
_PAUSE_S, _AWAY_S = 2.0, 0.5  # between what is taught the page needs a moment
LATE_S = 1.5  # an event is the performance's that ended so long ago, at most
_SETTLES_S = 3.0
_CALM = "data-test-script-state", "notRunning"  # no script of the page is running
# what the camera shows: the number of the film's part, read where the camera is opened
_WATCH = f"""
if (navigator.mediaDevices) {{
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async wanted => {{
    const stream = await ask(wanted)
    const video = document.createElement("video")
    video.muted = true
    video.srcObject = stream
    await video.play()
    const width = {moved_hand.BITS * moved_hand.SQUARE}, half = {moved_hand.SQUARE // 2}
    const canvas = new OffscreenCanvas(width, 1)
    const context = canvas.getContext("2d", {{ willReadFrequently: true }})
    window.shown = []
    const look = () => {{
      const scale = video.videoWidth / {moved_hand.WIDE}
      context.drawImage(video, 0, half * scale, width * scale, 1, 0, 0, width, 1)
      const pixels = context.getImageData(0, 0, width, 1).data
      let number = 0
      for (let bit = 0; bit < {moved_hand.BITS}; bit++)
        if (pixels[4 * (bit * 2 + 1) * half] > 127) number |= 1 << bit
      if (number !== window.shown.at(-1)?.[0]) window.shown.push([number, Date.now() / 1000])
      video.requestVideoFrameCallback(look)
    }}
    video.requestVideoFrameCallback(look)
    return stream
  }}
}}
"""


@dataclass(frozen=True)
class Told:
    """An event, when it was heard."""

    time_s: float
    gesture: str
    confidence: float


@dataclass(frozen=True)
class Shown:
    """A part of the film that moves, when the camera showed it."""

    start_s: float
    end_s: float
    what: str


# --------------------------------------------------------------------------------------- the films


def taught_parts(folder: Path) -> list[Part]:
    """Performances to teach by, and other movement."""
    ways, (_, others) = moved_hand.cut_out_ways(folder), moved_hand.recorded_ways(folder)
    asked = {name: moved_hand.evenly(ways[name], min(TAUGHT, len(ways[name]))) for name in GESTURES}
    asked[OTHER] = moved_hand.evenly([p for one in others[1::2] for p in one], TAUGHT_TALK)
    return [
        part
        for name, some in asked.items()
        for way in some
        for part in performance(name, way, _PAUSE_S)
    ]


def asked_ways(
    ways: dict[str, list[Way]], others: list[list[Way]]
) -> tuple[dict[str, list[Way]], list[Way]]:
    """Of the recordings' ways those that the minute asks: by gesture, and of hands that talk."""
    talk: list[Way] = []
    for way in moved_hand.evenly([p for one in others[::2] for p in one], 60):
        if sum(map(len, talk)) < TALK_S * moved_hand.TRACK_FPS:
            talk.append(way)
    return {name: moved_hand.evenly(ways[name], ASKED) for name in GESTURES}, talk


def minute_parts(folder: Path) -> list[Part]:
    """Half of the performances, hands that talk, the other half."""
    chosen, talking = asked_ways(*moved_hand.recorded_ways(folder))
    turns = [(name, chosen[name][turn]) for turn in range(ASKED) for name in GESTURES]
    talk = [p for w in talking for p in (moved_hand.moving(OTHER, w), moved_hand.away(_AWAY_S))]
    made = [performance(*turn, _AWAY_S) for turn in turns]
    half = len(made) // 2
    order = [[moved_hand.away(_SETTLES_S)], *made[:half], talk, *made[half:]]
    return [part for some in order for part in some]


def hand_on(photo: Path) -> tuple[Picture, NDArray[np.float32]]:
    """A photo of one hand, and its (21, 2) keypoints as MediaPipe finds them."""
    rgb = read_picture(photo)
    with create_estimator("mediapipe-hands", Paths.find().weights) as estimator:
        poses = estimator.estimate(Seen(rgb)).poses
    if len(poses) != 1:
        raise SystemExit(f"{photo} shows {len(poses)} hands to MediaPipe: give a photo of one")
    return rgb, poses[0].keypoints


# ------------------------------------------------------------------------------ before the camera


def new_project(workspace: Path) -> None:
    """A project that knows the gestures by name alone."""
    store = Store(Paths.find(workspace).database)
    project = store.create_project(PROJECT, motions=True)
    for gesture in store.gestures(project.id):
        if gesture.name not in (*GESTURES, OTHER):
            store.delete_gesture(gesture.id)
    store.close()


def _camera(page: Page) -> Frame:
    return next(frame for frame in page.frames if "webrtc_streamer" in frame.url)


def _await_part(page: Page, number: int, timeout_s: float) -> None:
    shows = f"window.shown.at(-1)?.[0] === {number}"
    _camera(page).wait_for_function(shows, timeout=1000 * timeout_s)


def teach(page: Page, parts: list[Part]) -> dict[str, int]:
    """Hold each gesture's button through its performances; how many samples each has then."""
    film_s = sum(part.frames for part in parts) / FPS
    waiting = [n for n, part in enumerate(parts, 1) if part.what not in (REST, AFTER, AWAY)]
    kept: dict[str, int] = {}
    while waiting:
        now = _camera(page).evaluate("window.shown?.at(-1)?.[0] ?? 0")
        number = next((n for n in waiting if n - 1 > now), waiting[0])
        waiting.remove(number)
        what = parts[number - 1].what
        kept[what] = kept.get(what, 0) + _record(page, what, number, film_s)
    return kept


def _record(page: Page, what: str, number: int, film_s: float) -> int:
    """Hold the gesture's button while the hand is there; how many samples it gave."""
    named = page.locator(".name", has_text=re.compile(f"^{what}$"))
    button = page.locator(".card").filter(has=named).locator(".hold")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.hover()
    _await_part(page, number - 1, film_s + 30)
    page.mouse.down()
    _await_part(page, number + 2, 30)  # the hand is away again
    page.mouse.up()
    expect(page.locator(".card.busy")).to_have_count(0)
    expect(page.locator(".list")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_test_id("stApp")).to_have_attribute(*_CALM)
    said = page.locator(".status").inner_text()
    found = re.search(rf"{what}: kept (\d+)", said)
    return int(found[1]) if found else 0


def train(page: Page) -> None:
    """Press Train and wait until the answer is there."""
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("told apart by comparing with your examples")).to_be_visible()


@contextmanager
def listening(told: list[Told]) -> Iterator[int]:
    """Events by OSC into the list, from now on; the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        done = threading.Event()
        thread = threading.Thread(target=_hear, args=(receiver, told, done))
        thread.start()
        try:
            yield int(receiver.getsockname()[1])
        finally:
            done.set()
            thread.join()


def _hear(receiver: socket.socket, told: list[Told], done: threading.Event) -> None:
    while not done.is_set():
        try:
            message = OscMessage(receiver.recv(2000))
        except TimeoutError:
            continue
        if message.address == "/mudra/gesture" and message.params[0]:
            _, name, _, confidence, *_ = message.params
            told.append(Told(time.time(), str(name), float(confidence)))


def read_live(
    page: Page, parts: list[Part], picture: Path | None
) -> tuple[list[Told], list[Shown]]:
    """What Live tells of the film, from its first part to its last, and what the camera showed."""
    told: list[Told] = []
    with listening(told) as port:
        page.goto(f"/live?project={PROJECT}")
        page.get_by_text("Actions: tell other programs").click()
        page.get_by_text("OSC", exact=True).first.click()
        field = page.get_by_label("Its port", exact=True)
        field.fill(str(port))
        field.press("Enter")
        expect(page.get_by_text("Actions wait for the camera")).to_be_visible()
        start_camera(page)
        film_s = sum(part.frames for part in parts) / FPS
        _await_part(page, 1, film_s + 30)
        began = time.time()
        if picture:
            circles = (n for n, part in enumerate(parts, 1) if part.what == "clockwise")
            _await_part(page, next(circles), film_s)
            page.wait_for_timeout(1300)
            page.screenshot(path=picture)
        _await_part(page, len(parts), film_s + 30)
        page.wait_for_timeout(400)
        log = _camera(page).evaluate("window.shown")
    return [one for one in told if one.time_s > began], _shown(log, parts, began)


def _shown(log: list[list[float]], parts: list[Part], began: float) -> list[Shown]:
    found = []
    for (number, start), (_, end) in pairwise(log):
        what = parts[int(number) - 1].what if 0 < number <= len(parts) else AWAY
        if end > began and what not in (REST, AFTER, AWAY):
            found.append(Shown(start, end, what))
    return found


# ---------------------------------------------------------------------------------------- counting


def compared(told: list[Told], shown: list[Shown]) -> dict[str, Any]:
    """Each performance with its events; what was told of no performance counts as talk's."""
    rows: list[dict[str, Any]] = []
    used: set[Told] = set()
    for one in shown:
        near = [e for e in told if one.start_s < e.time_s < one.end_s + LATE_S and e not in used]
        used.update(near)
        late = [round(1000 * (e.time_s - one.end_s)) for e in near]
        names = [f"{e.gesture} {e.confidence:.0%}" for e in near]
        rows.append({"shown": one.what, "told": names, "after_end_ms": late})
    gestures = [row for row in rows if row["shown"] != OTHER]
    once = [r for r in gestures if [n.split()[0] for n in r["told"]] == [r["shown"]]]
    late = [row["after_end_ms"][0] for row in once]
    return {
        "performances": len(gestures),
        "told_once_and_right": len(once),
        "missed": sum(not row["told"] for row in gestures),
        "told_more_than_once": sum(len(row["told"]) > 1 for row in gestures),
        "told_of_other_movement": sum(len(r["told"]) for r in rows if r["shown"] == OTHER)
        + len([e for e in told if e not in used]),
        "other_movement_s": round(sum(s.end_s - s.start_s for s in shown if s.what == OTHER), 1),
        "after_end_ms_median": float(np.median(late)) if late else None,
        "rows": rows,
    }


def run(folder: Path, photo: Path, room: Path, pictures: Path | None = None) -> dict[str, Any]:
    """The whole minute, in a studio of its own."""
    hand = moved_hand.hand_of(*hand_on(photo))
    lessons, minute = taught_parts(folder), minute_parts(folder)
    films = [
        moved_hand.write(room / f"{name}.y4m", parts, hand)
        for name, parts in (("lessons", lessons), ("minute", minute))
    ]
    look: dict[str, Any] = {"viewport": {"width": 1400, "height": 1000}}
    workspace = room / "workspace"
    new_project(workspace)
    with studio(workspace) as (address, _):
        with opened(address, films[0], script=_WATCH, **look) as page:
            page.goto(f"/?project={PROJECT}")
            start_camera(page)
            kept = teach(page, lessons)
            train(page)
        with opened(address, films[1], script=_WATCH, **look) as page:
            told, shown = read_live(page, minute, pictures and pictures / "motion_minute_live.png")
    return {"kept": kept, **compared(told, shown)}


def main() -> None:
    """Print what was told of each performance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        found = run(given.folder, given.photo, Path(room), given.pictures)
    report(found, as_json=given.json)


if __name__ == "__main__":
    main()
