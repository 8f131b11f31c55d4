"""Where samples come from: sources, versions and days, of what a training would read."""

from collections import Counter

from core.store.bin import delete_samples
from core.store.learned import limit_names, summarise_origin
from core.store.rows import MOVING
from tests.store.conftest import clip, gesture_id, sample
from tests.support.stored import record


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
