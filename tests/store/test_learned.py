"""What a project learns from: which keypoints of which estimator, and where samples come from."""

from collections import Counter

import numpy as np
import pytest

from core.errors import NotFoundError, SkeletonError
from core.jobs.trainings import excluded_samples_text
from core.store.bin import delete_samples
from core.store.index import read_index, read_poses
from core.store.learned import limit_names, set_train_in_space, summarise_origin
from core.store.rows import MOVING
from tests.store.conftest import clip, gesture_id, only_sqlite, run_sql, sample
from tests.support.stored import record

RNG = np.random.default_rng(3)


def hand(axes=2, *, world=False, estimator="mediapipe-hands"):
    return sample(
        keypoints=RNG.normal(200, 60, (21, axes)).astype(np.float32),
        estimator=estimator,
        world=RNG.normal(0, 0.1, (21, 3)).astype(np.float32) if world else None,
    )


def test_a_project_made_in_space_learns_what_stands_beside_the_picture(store):
    project = store.create_project("P", in_space=True)
    assert store.project("p").in_space and project == store.project("p")
    new = [hand(world=True) for _ in range(3)]
    record(store, project, new)
    data = store.training_data(project.id)
    np.testing.assert_array_equal(data.keypoints, [one.world[0] for one in new])
    assert store.training_data(project.id, in_space=False).keypoints.shape == (3, 21, 2)
    poses = read_poses(store, project.id, read_index(store, project.id).ids[::-1])
    np.testing.assert_array_equal(poses.keypoints, data.keypoints)


def test_it_refuses_samples_without_and_names_who_found_them(store):
    project = store.create_project("P", in_space=True)
    with pytest.raises(SkeletonError, match=r"which cpm\.hand_light does not find"):
        record(store, project, [hand(world=True), hand(estimator="cpm.hand_light")])
    assert not store.samples(project.id)


def test_bodies_have_no_features_in_space(store):
    with pytest.raises(SkeletonError, match=r"body_33.* in space"):
        store.create_project("P", skeleton="body_33", in_space=True)
    with pytest.raises(SkeletonError, match=r"body_33.* in space"):
        set_train_in_space(store, store.create_project("P", skeleton="body_33"), True)


def test_first_samples_in_space_alone_decide(store):
    project = store.create_project("P")
    record(store, project, [hand(3)])
    assert store.project("P").in_space
    assert store.training_data(project.id).keypoints.shape == (1, 21, 3)
    with pytest.raises(SkeletonError, match="in space alone"):
        set_train_in_space(store, store.project("P"), False)


def test_the_choice_stays_and_can_be_undone(store):
    project = store.create_project("P")
    record(store, project, [hand(world=True), hand(), hand(estimator="cpm.hand_light")])
    set_train_in_space(store, project, True)
    assert store.training_data(project.id).keypoints.shape == (1, 21, 3)
    # what compares all samples can't do so in space: one has nothing there
    poses = read_poses(store, project.id, read_index(store, project.id).ids)
    assert poses.keypoints.shape == (3, 21, 2)
    [act] = store.list_history(project.id)
    assert act.title == "“P” learns from keypoints in space"
    store.undo(act.id)
    assert store.training_data(project.id).keypoints.shape == (2, 21, 2)


def test_the_most_frequent_estimator_is_one_that_finds_such_keypoints(store):
    project = store.create_project("P")
    record(store, project, [*[hand(estimator="cpm.hand_light")] * 5, hand(world=True)])
    assert store.training_data(project.id).estimator == "cpm.hand_light"
    assert store.training_data(project.id, in_space=True).estimator == "mediapipe-hands"


def test_keypoints_in_space_are_learned_together_whoever_found_them(store):
    net, web = "crossinfonet.synthetic_light", "mediapipe-hands-web"
    project = store.create_project("P", in_space=True)
    found_by = [net, net, net, "mediapipe-hands", web]
    new = [hand(world=True, estimator=name) for name in found_by]
    record(store, project, new)
    data = store.training_data(project.id)
    np.testing.assert_array_equal(data.keypoints, [one.world[0] for one in new])
    assert data.estimators == ("mediapipe-hands", net) and data.estimator == "mediapipe-hands"
    assert data.take(np.array([0])).estimators == data.estimators
    assert not store.count_excluded(project.id) and not excluded_samples_text(store, project)
    own = store.training_data(project.id, estimators=[net])
    assert own.estimators == (net,) and len(own) == 3

    set_train_in_space(store, project, False)  # in the picture, each sees hands in its own way
    assert store.training_data(project.id).estimators == (net,)
    assert store.count_excluded(project.id) == {"mediapipe-hands": 1, web: 1}
    text = excluded_samples_text(store, store.project("P"))
    assert text.startswith("Leaves out 2 samples of mediapipe-hands's keypoints: a model of 2-D")


def test_what_has_nothing_in_space_is_told_to_be_left_out(store):
    project = store.create_project("P")
    record(store, project, [*[hand(world=True)] * 2, hand(), hand(estimator="cpm.hand_light")])
    assert store.count_excluded(project.id) == {"cpm.hand_light": 1}
    set_train_in_space(store, project, True)
    assert store.count_excluded(project.id) == {"mediapipe-hands": 1, "cpm.hand_light": 1}
    assert "they aren't in space" in excluded_samples_text(store, store.project("P"))


def test_samples_of_the_picture_alone_give_nothing_to_learn_in_space(store):
    project = store.create_project("P")
    set_train_in_space(store, project, True)  # nothing was recorded yet
    set_train_in_space(store, store.project("P"), False)
    record(store, project, [hand()])
    with pytest.raises(NotFoundError, match="no samples with keypoints in space"):
        set_train_in_space(store, store.project("P"), True)


@only_sqlite
def test_older_projects_whose_samples_are_in_space_learn_from_them(store, place, open_store):
    for name, axes in (("flat", 2), ("deep", 3)):
        record(store, store.create_project(name), [hand(axes)])
    store.close()
    run_sql(
        place,
        "DROP TABLE rules",
        "DROP INDEX one_projects_name",
        "ALTER TABLE projects DROP COLUMN owner",
        "CREATE UNIQUE INDEX one_projects_name ON projects (key)",
        "ALTER TABLE projects DROP COLUMN in_space",
        "UPDATE meta SET version = 7",
    )
    older = open_store(place)
    assert {p.name: p.in_space for p in older.projects()} == {"deep": True, "flat": False}


def test_the_origin_of_a_project_by_hand(store, project):

    def add(gesture, source, version, day, n=1, estimator="mediapipe-hands"):
        one = sample(estimator=estimator, estimator_version=version, taken_at=f"{day}T09:00:00")
        return record(store, project, [one] * n, gesture, "me", source)

    learned = add("ok", "webcam", "1.2.2/full", "2026-11-03", 2)
    learned += add("fist", "a.zip", "", "2026-11-01", 3)
    learned += add("ok", "webcam", "1.2.1/full", "2026-11-05", 4)
    add("ok", "other", "1", "2026-12-01", 5, estimator="cpm.hand_light")
    delete_samples(store, project.id, add("ok", "gone", "1.2.2/full", "2026-01-01"))
    add("none", "disabled", "1.2.2/full", "2026-01-01")
    store.update_gesture(gesture_id(store, project, "none"), enabled=False)
    assert store.training_data(project.id).sample_ids.tolist() == learned
    assert summarise_origin(store, project.id, learned) == {
        "sources": {"webcam": 6, "a.zip": 3},
        "estimator_versions": {"1.2.1/full": 4, "not known": 3, "1.2.2/full": 2},
        "recorded": ["2026-11-01", "2026-11-05"],
    }
    assert summarise_origin(store, project.id, [])["recorded"] is None


def test_many_sources_are_summed_up():
    counts = Counter({"a" * 400: 9, **{str(i): 1 for i in range(101)}})
    shown = limit_names(counts)
    assert len(shown) == 101 and shown["a" * 300] == 9 and shown["others"] == 2


def test_clips_that_another_model_learns_are_not_counted_among_the_frames(store, project):
    """A card said 171 samples in one line and 169 in another."""
    stills = record(store, project, [sample(i) for i in range(3)], "ok")
    store.add_gesture(project.id, "swipe", kind=MOVING)
    clips = record(store, project, [clip(), clip()], "swipe")
    for wanted, moving in ((stills, None), (clips, True)):
        data = store.training_data(project.id, clips=moving)
        assert data.sample_ids.tolist() == wanted
        origin = summarise_origin(store, project.id, data.sample_ids)
        assert origin["sources"] == {"webcam": len(data)}
