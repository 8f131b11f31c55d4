"""Takes from a real video, from a camera that is not there, and from uploads."""

import tempfile
import threading

import numpy as np
import pytest

from core.errors import EstimatorError, MediaError, NotFoundError
from core.media.pictures import encode_png
from core.paths import Paths
from core.pose.types import Frame
from core.recording.demo import ReplayEstimator, demo_background, read_demo_hands
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.uploads import add_uploads, create_file_recorder
from core.recording.recorder import Recorder
from core.recording.sources import record_frames, record_source
from core.store.curation import list_sessions
from tests.store.conftest import sample
from tests.support.zips import zip_of


@pytest.fixture
def demo_hands():
    """An estimator that finds the demo's hands in every picture."""
    return ReplayEstimator(read_demo_hands(Paths.demo))


def test_a_video_becomes_samples_of_a_gesture_until_the_seconds_asked_for(
    store, make_estimator, shared_data
):
    video = str(shared_data / "hand_videos" / "fist.mp4")
    told = []
    options = {"rate_hz": 5, "person": "Ada", "progress": lambda saved, *_: told.append(saved)}
    with make_estimator() as hands:
        taken = record_source(store, "p", "👊", video, hands, **options)
        short = record_source(store, "short", "fist", video, hands, rate_hz=5, seconds=0.5)
    project = store.project("p").id
    (row,) = (row for row in store.overview(project) if row.samples)
    assert (row.gesture.name, row.samples, row.persons, row.sessions) == ("fist", taken.saved, 1, 1)
    assert 1 <= short.saved < taken.saved and taken.saved >= 5
    assert told == sorted(told)
    assert store.samples(project, limit=1)[0].mirrored_view is False


@pytest.mark.parametrize(
    ("source", "words"),
    [("camera:x", "camera:0"), ("nothing.mp4", "no video at nothing.mp4"), ("camera:97", "97")],
)
def test_a_source_that_is_not_there_is_named(store, demo_hands, source, words):
    with pytest.raises(MediaError, match=words):
        record_source(store, "p", "fist", source, demo_hands)


def test_a_recording_that_fails_leaves_no_project_behind(store, demo_hands, tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"no video")
    unknown = r"no gesture “wave”.*thumbs_up"
    for gesture, error, says in (("wave", NotFoundError, unknown), ("fist", MediaError, "a.mp4")):
        with pytest.raises(error, match=says):
            record_source(store, "p", gesture, str(video), demo_hands)
        assert store.projects() == store.projects(deleted=True) == []
    store.create_project("p")
    with pytest.raises(MediaError):
        record_source(store, "p", "fist", str(video), demo_hands)
    assert [p.name for p in store.projects()] == ["p"]


@pytest.mark.parametrize("broken", ["source", "estimator", "who watches"])
def test_what_was_kept_is_stored_whatever_breaks_meanwhile(broken, store, project):
    looked = []

    def breaks(what):
        if what == broken and len(looked) == 5:
            raise MediaError(f"the {what} broke")

    class Hands(ReplayEstimator):
        def estimate(self, frame):
            breaks("estimator")
            return super().estimate(frame)

    def frames():
        for number in range(9):
            breaks("source")
            yield Frame(demo_background(), 0.5 * number, number, "a.mp4")

    def watch(saved, *_):
        looked.append(saved)
        breaks("who watches")

    recorder = Recorder(store, project.id, "Ada")
    hands = Hands(read_demo_hands(Paths.demo))
    before = set(threading.enumerate())
    with pytest.raises(MediaError, match=f"the {broken} broke"):
        record_frames(recorder, store.gestures(project.id)[0].id, frames(), hands, progress=watch)
    assert looked == [1, 2, 3, 4, 5]
    assert len(store.samples(project.id)) == 5
    assert set(threading.enumerate()) == before and recorder.status().state == "idle"


# -------------------------------------------------------------------------------------- uploads


@pytest.fixture
def add(store, make_estimator):
    """add(uploads): to thumbs_up of a project; what was told, what became."""

    def add(uploads):
        names = {project.name: project for project in store.projects()}
        project = names.get("p") or store.create_project("p")
        gesture = next(g for g in store.gestures(project.id) if g.name == "thumbs_up")
        recorder = Recorder(store, project.id, "Ada")
        told = []

        def report(done, total, *_):
            told.append(done / total)

        added = add_uploads(recorder, project, gesture, uploads, make_estimator, progress=report)
        recorder.close()
        return added, told

    return add


@pytest.fixture
def photo(hand_photos):
    """photo(gesture): the bytes of a real one."""
    return lambda gesture, number=0: hand_photos(gesture)[number].read_bytes()


def test_pictures_videos_and_zips_become_samples_of_their_gestures_once(
    store, add, photo, shared_data, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # other tests upload, too
    video = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    wave, top = photo("open_palm"), photo("thumbs_up", 1)
    pack = zip_of({"fist/a.jpg": photo("fist"), "wave/b.jpg": wave, "top.jpg": top})
    uploads = [
        ("v.mp4", video),
        ("a.jpg", photo("thumbs_up")),
        ("z.zip", pack),
        ("grey.png", encode_png(np.full((90, 120, 3), 127, np.uint8))),
        ("v.webm", b"nothing"),
    ]
    added, told = add(uploads)
    project = store.project("p").id
    samples = {row.gesture.name: row.samples for row in store.overview(project) if row.samples}
    assert samples["fist"] == samples["wave"] == 1
    assert samples["thumbs_up"] == added.added - 2
    assert 8 <= samples["thumbs_up"] <= 2 + 5 * 4  # two pictures and under 4 s, five times a second
    assert [name for name, _ in added.skipped] == ["grey.png", "v.webm"]
    assert not any(sample.mirrored_view for sample in store.samples(project))
    assert told == sorted(told) and told[-1] == 1.0
    assert {p.name for p in store.persons(project)} == {"Ada"}
    assert not [*tmp_path.glob("mudra-upload-*")]
    again, _ = add(uploads)
    stored = {name: reason for name, reason in again.skipped if "already" in reason}
    assert again.added == 0 and stored == {
        "v.mp4": "stored already",
        "a.jpg": "stored already",
        "z.zip": "3 files stored already",
    }


def test_what_lies_in_a_zip_is_named_by_the_zip_s_own_name(store, add, photo):
    grey = encode_png(np.full((90, 120, 3), 127, np.uint8))
    pack = zip_of({"top.jpg": photo("thumbs_up"), "grey.png": grey})
    added, _ = add([("../my <b>.ZIP", pack)])
    assert added.added == 1 and [name for name, _ in added.skipped] == ["_my <b>.ZIP/grey.png"]
    [one] = store.samples(store.project("p").id)
    assert one.source == "_my <b>.ZIP/top.jpg"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.zip", b"nothing", "a.zip isn't a zip"),
        ("b.zip", zip_of({"notes.txt": b"x"}), ") in b.zip"),
        ("c.mp4", b"", "c.mp4 is empty"),
        ("d.exe", b"MZ", "d.exe"),
    ],
)
def test_an_upload_that_is_none_is_named_with_its_reason(add, name, content, words):
    added, _ = add([(name, content)])
    assert added.added == 0
    ((refused, reason),) = added.skipped
    assert refused == name
    assert words in reason
    assert tempfile.gettempdir() not in reason


@pytest.mark.parametrize(("said", "person"), [("", "unknown"), (" Ada ", "Ada")])
def test_files_have_a_session_of_their_own_beside_the_camera_s(
    store, project, gesture, demo_hands, said, person
):
    """They were booked as the webcam's, and as the person in front of it."""
    camera = Recorder(store, project.id, "me")
    store.add_samples(camera.create_recording(gesture.id), [sample()])
    files = [("a\udce9.png", encode_png(demo_background()))]
    recorder = create_file_recorder(camera, [files[0][0]], said)
    added = add_uploads(recorder, project, gesture, files, lambda: demo_hands)
    assert added.added == 1
    assert create_file_recorder(camera, ["a.png", "b.mp4"]).source == "import 2 files"
    found = {(one.source, one.person, one.samples) for one in list_sessions(store, project.id)}
    assert found == {("webcam", "me", 1), ("import a?.png", person, 1)}


class CrashesOnGrey(ReplayEstimator):
    """As MediaPipe's worker on a picture that crashes it."""

    def estimate_still(self, rgb, **options):
        if (rgb == 127).all():
            raise EstimatorError("MediaPipe failed on a picture: it crashed")
        return super().estimate_still(rgb, **options)


def test_a_picture_that_crashes_the_estimator_is_skipped_and_the_rest_goes_in(
    store, project, gesture, tmp_path
):
    hands = CrashesOnGrey(read_demo_hands(Paths.demo))
    pictures = [np.full((480, 640, 3), grey, np.uint8) for grey in (126, 127, 128)]
    files = [(f"{number}.png", encode_png(one)) for number, one in enumerate(pictures)]
    added = add_uploads(Recorder(store, project.id, "me"), project, gesture, files, lambda: hands)
    assert (added.added, [name for name, _ in added.skipped]) == (2, ["1.png"])
    (tmp_path / "ok").mkdir()
    for name, content in files:
        (tmp_path / "ok" / name).write_bytes(content)
    report = import_path(store, "other", tmp_path, ImportOptions(lambda: hands))
    assert (report.added, [name for name, _ in report.skipped]) == (2, ["ok/1.png"])


def test_what_was_added_before_an_upload_failed_can_be_undone(store, project, gesture, demo_hands):
    picture = demo_background()
    files = [(f"{n}.png", encode_png(np.full_like(picture, n))) for n in range(3)]

    def failing(done, *_):
        if done == 2:
            raise MediaError("cut off")

    recorder = Recorder(store, project.id, "me")
    with pytest.raises(MediaError, match="cut off"):
        add_uploads(recorder, project, gesture, files, lambda: demo_hands, progress=failing)
    [act] = store.list_history(project.id)
    assert act.title == "Added 2 samples from files" and store.undo(act.id) == 2
    assert store.samples(project.id) == []
