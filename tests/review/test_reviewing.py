"""Which samples, in which order, and how suspect: on real SQLite and real hands."""

import shutil

import numpy as np
import pytest

from core.errors import NotFoundError
from core.gestures.evaluation.label_noise import NoiseScores
from core.gestures.evaluation.validation import FILE
from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.review.reviewing import (
    BY_PERSON,
    SUSPECTED,
    LabelNoise,
    SampleFilter,
    filter_and_sort_ids,
    score_labels,
    select_scores,
)
from core.store import NewSample
from core.store.bin import delete_samples, move_samples
from core.store.index import (
    LEFT,
    RIGHT,
    UNKNOWN,
    SampleIndex,
    find_sample_origin,
    read_index,
    read_poses,
    read_samples,
)
from tests.store.conftest import gesture_id, take


@pytest.fixture
def demo(store):
    return fill_demo_project(store, Paths.find().demo)


def column(*values):
    return np.array(values, np.int64)


INDEX = SampleIndex(
    column(9, 8, 7, 6, 5),
    column(1, 1, 2, 2, 2),
    column(1, 2, 2, 1, 2),
    column(1, 2, 3, 1, 3),
    column(1, 2, 3, 4, 5),
    column(0, 0, 0, 0, 0),
)


def label_noise_of(ids, gestures, share, scores=None):
    n = len(ids)
    known = NoiseScores(np.array(share, np.float32), np.full(n, 1))
    unknown = NoiseScores(np.full(n, np.nan, np.float32), np.full(n, 1))
    scores = np.array(scores or [1] * n, np.float32)
    return LabelNoise(column(*ids), column(*gestures), known, unknown, scores)


def test_a_sample_index_tells_of_each_sample_who_when_and_which_hand(store, project):
    first = take(store, project, "ok", "me", 2)
    who = store.ensure_person(project.id, "you")
    session = store.start_session(project.id, who.id, "import")
    burst = store.start_recording(session, gesture_id(store, project, "fist"))
    scores = np.full(21, 0.5, np.float32)
    hands = [
        NewSample(np.full((21, 2), i, np.float32), scores, "f", False, "e", handedness=hand)
        for i, hand in enumerate(("Left", "Right", None))
    ]
    second = store.add_samples(burst, hands)
    sample_index = read_index(store, project.id)
    assert sample_index.ids.tolist() == [*second[::-1], *first[::-1]]
    assert sample_index.hands.tolist() == [UNKNOWN, RIGHT, LEFT, UNKNOWN, UNKNOWN]
    assert sample_index.recordings.tolist()[:3] == [burst] * 3
    assert sample_index.sessions.tolist()[:3] == [session] * 3
    assert sample_index.persons.tolist()[:3] == [who.id] * 3
    gestures = {gesture_id(store, project, name) for name in ("ok", "fist")}
    assert {*sample_index.gestures.tolist()} == gestures
    poses = read_poses(store, project.id, second[::-1])
    assert poses.keypoints[:, 0, 0].tolist() == [2, 1, 0]
    assert poses.scores.tolist() == [0.5] * 3 and not poses.mirrored_view.any()
    found = read_samples(store, [second[1], 10**6, first[0]])
    assert [sample.id for sample in found] == [second[1], first[0]]
    origin = find_sample_origin(store, second[0])
    assert (origin.person, origin.session_source, origin.gesture) == ("you", "import", "fist")


def test_an_empty_project_has_an_empty_sample_index(store, project):
    sample_index = read_index(store, project.id)
    assert len(sample_index) == 0
    assert not len(filter_and_sort_ids(sample_index, SampleFilter(order=SUSPECTED)))
    assert read_poses(store, project.id, []).keypoints.shape == (0, 21, 2)
    for lost in ([1], [10**12]):
        with pytest.raises(NotFoundError, match="reload"):
            read_poses(store, project.id, lost)
    with pytest.raises(NotFoundError):
        find_sample_origin(store, 1)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (SampleFilter(), [9, 8, 7, 6, 5]),
        (SampleFilter(gesture=1), [9, 8]),
        (SampleFilter(person=2), [8, 7, 5]),
        (SampleFilter(person=2, session=3), [7, 5]),
        (SampleFilter(gesture=1, session=3), []),
        (SampleFilter(ids=(5, 9, 77)), [9, 5]),
        (SampleFilter(ids=()), []),
        (SampleFilter(order=BY_PERSON), [8, 7, 5, 9, 6]),
        (SampleFilter(order=SUSPECTED), [9, 8, 7, 6, 5]),
    ],
)
def test_filters_and_orders(wanted, ids):
    assert filter_and_sort_ids(INDEX, wanted, persons=(2, 1)).tolist() == ids


def test_the_most_suspect_come_first_equal_ones_by_score_unknown_ones_last():
    label_noise = label_noise_of([5, 6, 7, 8], [2, 2, 2, 2], [0.3, 0.9, 0.9, 1.0], [1, 0.9, 0.6, 1])
    # 8 has another gesture now, 9 is new: newest first
    found = filter_and_sort_ids(INDEX, SampleFilter(order=SUSPECTED), label_noise=label_noise)
    assert found.tolist() == [7, 6, 5, 9, 8]
    assert not label_noise.is_current(INDEX)
    assert label_noise_of([5, 6, 7, 8, 9], [2, 2, 2, 1, 1], [0] * 5).is_current(INDEX)
    assert set(select_scores(label_noise, INDEX, column(9, 8, 7))) == {7}


def test_the_label_noise_score_is_the_mean_of_what_is_known():
    near = NoiseScores(np.array([1, 0.5, np.nan, np.nan], np.float32), column(1, 1, 1, 1))
    model = NoiseScores(np.array([0, np.nan, 0.25, np.nan], np.float32), column(1, 1, 1, 1))
    label_noise = LabelNoise(column(1, 2, 3, 4), column(1, 1, 1, 1), near, model, np.ones(4))
    assert label_noise.share[:3].tolist() == [0.5, 0.5, 0.25] and np.isnan(label_noise.share[3])


def test_a_hand_moved_to_a_wrong_gesture_is_the_most_suspect(store, demo):
    fist, palm = (gesture_id(store, demo, name) for name in ("fist", "open_palm"))
    sample_index = read_index(store, demo.id)
    wrong = sample_index.ids[sample_index.gestures == fist][:2].tolist()
    move_samples(store, demo.id, wrong, palm)
    told = []
    label_noise = score_labels(
        store, Paths.find(), demo, lambda done, total, label: told.append(done / total)
    )
    sample_index = read_index(store, demo.id)
    suspected_first = SampleFilter(order=SUSPECTED)
    ids = filter_and_sort_ids(sample_index, suspected_first, label_noise=label_noise)
    assert {*ids[:2].tolist()} == {*wrong}
    found = select_scores(label_noise, sample_index, column(*wrong))
    assert [found[i].other for i in wrong] == [fist, fist]
    assert all(found[i].model is None for i in wrong)
    assert told[-1] == 1 and told == sorted(told)
    assert label_noise.is_current(sample_index)
    delete_samples(store, demo.id, wrong[:1])
    assert not label_noise.is_current(read_index(store, demo.id))


def test_the_model_in_use_has_its_say_and_held_out_samples_theirs(store, demo, tmp_path):
    paths = Paths(tmp_path, Paths.find().weights)
    run = paths.runs / "a-run"
    shutil.copytree(paths.starter, run)
    store.set_active_model(demo.id, run.name)
    [project] = [p for p in store.projects() if p.id == demo.id]
    sample_index = read_index(store, demo.id)
    one, two = sample_index.ids[:2].tolist()
    names = {g.id: g.name for g in store.gestures(demo.id)}
    own = [names[g] for g in sample_index.gestures[:2].tolist()]
    other = next(g for g in store.gestures(demo.id) if g.name not in (*own, "none"))
    lines = [
        "sample_id,truth,said,probability",
        f"{one},{own[0]},{other.name},0.875",
        f"{two},{own[1]},{own[1]},0.75",
        "999999,ok,ok,1",
    ]
    (run / FILE).write_text("\n".join(lines) + "\n")
    found = select_scores(score_labels(store, paths, project), sample_index, sample_index.ids)
    assert found[one].model == 0.875 and found[one].other == other.id
    assert found[two].model == 0.25
    assert all(o.model is not None and o.neighbours is not None for o in found.values())
    (run / "model.onnx").write_bytes(b"broken")
    found = select_scores(score_labels(store, paths, project), sample_index, sample_index.ids)
    assert all(o.model is None for o in found.values())
