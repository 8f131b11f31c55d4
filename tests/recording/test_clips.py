"""Recordings of gestures that move, into a real store: a performance is one sample."""

from dataclasses import replace

import numpy as np
import pytest

from core.exchange.project.project_file import export_project, import_project
from core.gestures.motion.windows import find_moving_part
from core.media.pictures import decode_jpeg, encode_jpeg
from core.paths import Paths
from core.pose.boxes import rescale_keypoints
from core.recording.clips import NO_MOVEMENT, TOO_FEW_FRAMES, TOO_SHORT
from core.recording.plans import CONTINUOUS, HELD, TIMED
from core.recording.recorder import Recorder
from core.recording.sample_pictures import MAX_LOOP_FRAMES, draw_clip_loop, encode_thumbnail
from core.store.database import schema as t
from core.store.deleting import delete_everything, delete_project_permanently
from core.store.rows import MOVING
from core.store.trimming import find_whole_clip
from tests.recording.conftest import SIZE_HW, hand, offer

FPS = 20


@pytest.fixture
def swipe(store, project):
    return store.add_gesture(project.id, "swipe", "👉", MOVING)


@pytest.fixture
def now():
    """The camera's clock, which the recorder shares."""
    return [0.0]


@pytest.fixture
def recorder(store, project, now):
    return Recorder(store, project.id, "me", write_interval_s=0.01, clock=lambda: now[0])


def perform(recorder, now, *, rest=0.5, move=0.5, by=300.0):
    """A hand that rests, goes to the right and rests again; how the recording stands then."""
    for frame in range(round(FPS * (2 * rest + move))):
        done = np.clip((frame / FPS - rest) / move, 0, 1)
        now[0] += 1 / FPS
        progress = offer(recorder, now[0], hand(by * done))
    return progress


def test_a_button_that_is_held_for_one_performance_gives_one_clip(
    recorder, store, project, swipe, now
):
    recorder.start(swipe.id, HELD)
    begun = now[0]
    assert perform(recorder, now).part == "1.5 s"
    assert recorder.release_hold(now[0] - begun).text == "1 saved, 0 skipped"
    [clip] = store.samples(project.id)
    assert clip.gesture_id == swipe.id and clip.mirrored_view
    spent_s = clip.times_s[-1] - clip.times_s[0]
    assert 0.5 <= spent_s <= 0.75  # of 1.5: the rests are cut off
    assert clip.frames == len(clip.times_s) == round(spent_s * FPS) + 1
    ways = clip.keypoints[[0, -1], 0, 0]
    assert ways == pytest.approx([200, 500])
    assert decode_jpeg(clip.crop_jpeg).shape == (256, 256, 3)


def test_frames_that_a_busy_machine_never_read_do_not_cut_a_clip_and_a_lost_hand_does(
    recorder, store, project, swipe, now
):
    """0.35 s in the middle of the way, of which there is nothing or frames without a hand."""
    for seen_away in (False, True):
        recorder.start(swipe.id, HELD)
        begun = now[0]
        for frame in range(10, 40):  # 20 a second; the hand goes until 1.5 s
            now[0] = begun + frame / FPS
            if not 18 <= frame < 24:
                offer(recorder, now[0], hand(200 * min(frame / FPS, 1.5)))
            elif seen_away:
                offer(recorder, now[0])
        recorder.release_hold(now[0] - begun)
    second, first = store.samples(project.id)
    assert first.keypoints[[0, -1], 0, 0] == pytest.approx([300, 500])
    assert first.frames == len(first.times_s) == 16
    assert second.keypoints[[0, -1], 0, 0] == pytest.approx([440, 500])


def test_pictures_that_become_smaller_on_the_way_do_not_change_a_clip(
    recorder, store, project, swipe, now
):
    for becomes in (SIZE_HW, (240, 320)):
        recorder.start(swipe.id, HELD)
        begun = now[0]
        for frame in range(30):
            now[0] = begun + frame / 19
            size_hw = SIZE_HW if frame < 18 else becomes
            pose = hand(200 * np.clip(frame / 19 - 0.4, 0, 0.8))
            points = rescale_keypoints(pose.keypoints, SIZE_HW, size_hw)
            offer(recorder, now[0], replace(pose, keypoints=points), size_hw=size_hw)
        recorder.release_hold(now[0] - begun)
    second, first = store.samples(project.id)
    assert first.size_hw == second.size_hw == SIZE_HW
    np.testing.assert_allclose(second.keypoints, first.keypoints, atol=1e-3)
    np.testing.assert_allclose(second.region, first.region, atol=1e-3)


def test_what_came_after_the_button_was_let_go_is_not_in_the_clip(
    recorder, store, project, swipe, now
):
    recorder.start(swipe.id, HELD)
    perform(recorder, now)
    recorder.renew_hold(1.0)  # of 1.5 s, as the button says
    recorder.release_hold(1.0)
    [clip] = store.samples(project.id)
    assert clip.times_s[-1] <= 1.0


def test_five_performances_are_counted_in_and_recorded_with_a_beat(
    recorder, store, project, swipe, now
):
    recorder.start(swipe.id, TIMED)
    offer(recorder, 0.0, hand())
    assert offer(recorder, 2.5, hand()).state == "countdown"
    now[0] = 2.97
    parts = [perform(recorder, now, rest=0.7, move=0.6).part for _ in range(5)]
    assert parts == ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5"]
    assert offer(recorder, now[0] + 1, hand()).state == "idle"
    assert recorder.stop().text == "5 saved, 0 skipped"
    assert len({clip.burst_id for clip in store.samples(project.id)}) == 1


def test_a_beat_clicks_low_before_and_high_as_each_performance_begins(recorder, swipe, now):
    counts = [(-3.0, 660), (-2.0, 660), (-1.0, 660)]
    beats = [(0.0, 990), (2.0, 990), (4.0, 990), (6.0, 990), (8.0, 990)]
    assert TIMED.for_clips().metronome_clicks == counts + beats
    silent = (
        TIMED,
        CONTINUOUS.for_clips(),
        HELD.for_clips(),
        replace(TIMED, sound=False).for_clips(),
    )
    assert [plan.metronome_clicks for plan in silent] == [[]] * 4
    recorder.start(swipe.id, TIMED)
    assert recorder.status().since_s is None
    for time_s, since_s in ((5.0, -3.0), (7.5, -0.5), (10.25, 2.25)):
        assert offer(recorder, time_s, hand()).since_s == pytest.approx(since_s)


def test_a_hand_that_rests_and_one_that_twitches_are_refused(recorder, swipe, now):
    recorder.start(swipe.id, CONTINUOUS)
    perform(recorder, now, by=0)
    assert recorder.stop().skipped == {NO_MOVEMENT: 1}
    recorder.start(swipe.id, CONTINUOUS)
    offer(recorder, now[0] + 0.05, hand())
    assert recorder.stop().skipped == {TOO_SHORT: 1}
    recorder.start(swipe.id, CONTINUOUS)
    offer(recorder, now[0] + 1)
    assert recorder.stop().skipped == {"no hand": 1}


@pytest.mark.parametrize(
    ("unseen_s", "refused"),
    [
        ((0.2, 0.82), {}),
        ((0.3, 1.02), {}),  # the hand is where it was
        ((1.35, 1.85), {}),  # half a second is bridged
        ((1.3, 1.9), {TOO_FEW_FRAMES: 1}),
        ((0.8, 1.5), {TOO_FEW_FRAMES: 1}),
        ((1.5, 2.1), {TOO_FEW_FRAMES: 1}),
        ((0.9, 2.1), {TOO_FEW_FRAMES: 1}),
    ],
)
def test_half_a_movement_is_not_taken_for_a_whole_one(recorder, swipe, now, unseen_s, refused):
    """The hand rests, moves from 1 s to 2 s and rests; in between no picture comes."""
    recorder.start(swipe.id, CONTINUOUS)
    for time_s in np.arange(0, 3, 1 / FPS):
        now[0] = float(time_s)
        if not unseen_s[0] < time_s < unseen_s[1]:
            offer(recorder, now[0], hand(300 * np.clip(time_s - 1, 0, 1)))
    assert recorder.stop().skipped == refused


def test_a_performance_without_end_is_cut_and_said(recorder, store, project, swipe, now):
    recorder.start(swipe.id, CONTINUOUS)
    for _ in range(8):
        perform(recorder, now)
    progress = recorder.stop()
    assert progress.saved == 1 and "10 s at most" in progress.note


@pytest.fixture
def clip(recorder, store, project, swipe, now):
    """A swipe as it is stored."""
    recorder.start(swipe.id, CONTINUOUS)
    perform(recorder, now)
    recorder.stop()
    [clip] = store.samples(project.id)
    return clip


def test_the_small_picture_of_a_clip_shows_the_way_as_in_a_mirror(clip):
    jpeg = encode_thumbnail(clip, 64)
    assert len(jpeg) < 100_000
    frames = np.split(decode_jpeg(jpeg).astype(int), MAX_LOOP_FRAMES, axis=1)
    assert {frame.shape for frame in frames} == {(64, 64, 3)}
    tips = []
    for frame in frames:
        yellow = (frame[..., 0] > 180) & (frame[..., 2] < 120)
        tips.append(np.nonzero(yellow)[1].mean())
    assert tips[-1] < 32  # the hand ends at the right of the camera's picture
    assert tips[0] > tips[MAX_LOOP_FRAMES // 2] > tips[-1]  # and goes there, frame by frame


def test_a_slow_begin_is_part_of_the_movement_and_a_tremble_is_not():
    times = np.arange(40) / FPS
    rng = np.random.default_rng(3)
    way = np.clip((times - 0.5) / 0.8, 0, 1) ** 2 * 2 - np.clip((times - 0.5) / 0.8, 0, 1) ** 4
    base = hand().keypoints
    clip = base[None] + way[:, None, None] * (200, 0) + rng.normal(0, 1, (40, 21, 2))
    found = find_moving_part(clip.astype(np.float32), times)
    assert 0.4 <= times[found.start] <= 0.65 and 1.2 <= times[found.stop - 1] <= 1.45
    still = base[None] + rng.normal(0, 1, (40, 21, 2))
    assert find_moving_part(still.astype(np.float32), times) is None


def test_a_clip_s_loop_is_drawn_over_its_crop_where_the_hand_was(clip):
    white = encode_jpeg(np.full((256, 256, 3), 255, np.uint8))
    last = draw_clip_loop(replace(clip, crop_jpeg=white, mirrored_view=False), 160)[:, -160:]
    ground = np.median(last, axis=2)
    # the way goes from x 200 to 500 of a hand 100 wide, the crop is of its middle
    assert ground[60, [2, 157]].tolist() == [40, 40] and ground[30, 70] == 126
    plain = draw_clip_loop(replace(clip, crop_jpeg=None), 160)
    assert np.median(plain) == 40


def test_what_was_before_and_after_a_movement_is_kept_to_widen_it(recorder, store, project, swipe):
    """At 16 frames a second it rests until 2 s, moves until 2.5 s, and rests until 47 / 16 s."""
    recorder.start(swipe.id, CONTINUOUS)
    for frame in range(48):
        offer(recorder, frame / 16, hand(300 * np.clip((frame / 16 - 2) / 0.5, 0, 1)))
    recorder.stop()
    [clip] = store.samples(project.id)
    assert clip.times_s[[0, -1]].tolist() == [2.0, 2.5]
    whole, part = find_whole_clip(store, clip)
    assert whole.times_s[[0, -1]].tolist() == [1.0, 47 / 16]
    assert (whole.frames, part) == (32, slice(16, 25))
    np.testing.assert_array_equal(whole.keypoints[part], clip.keypoints)
    assert (whole.crop_jpeg, whole.region) == (clip.crop_jpeg, clip.region)


@pytest.mark.parametrize(
    "erase", [delete_everything, lambda store: delete_project_permanently(store, 1)]
)
def test_a_project_that_is_erased_leaves_nothing_of_what_was_around_a_clip(store, clip, erase):
    assert clip.burst_id and store.projects()[0].id == 1
    erase(store)
    assert store.fetch_all(t.samples.select()) == store.fetch_all(t.crops.select()) == []


@pytest.mark.parametrize("with_bin", [False, True])
def test_a_project_s_file_has_what_was_around_a_clip_only_with_the_bin(
    store, project, clip, with_bin, tmp_path
):
    paths = Paths.find(tmp_path)
    export_project(store, paths, project.name, tmp_path / "one.zip", with_bin=with_bin)
    copy = store.project(import_project(store, paths, tmp_path / "one.zip").project)
    [there] = store.samples(copy.id)
    np.testing.assert_array_equal(there.keypoints, clip.keypoints)
    whole, part = find_whole_clip(store, there)
    mine, its = find_whole_clip(store, clip)
    expected = (mine.frames, its) if with_bin else (clip.frames, slice(0, clip.frames))
    assert (whole.frames, part) == expected
    assert store.samples(copy.id, deleted=True) == []
