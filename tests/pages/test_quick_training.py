"""What stands beside Train on Studio and Depth."""

from core.gestures.labels import safe_label
from core.jobs.trainings import excluded_samples_text
from tests.pages.conftest import go, record, texts


def test_studio_says_what_a_training_leaves_out_once_there_is_enough_to_train(app, store):
    record(store, "fist", 6)
    record(store, "fist", 2, found_by="cpm.hand_light")
    assert "Leaves out" not in texts(go(app, "studio"))
    record(store, "open_palm", 6)
    said = excluded_samples_text(store, store.projects()[0])
    assert said.startswith("Leaves out 2 samples of cpm.hand_light's keypoints")
    assert f"⚠️ {safe_label(said)}" in texts(go(app, "studio"))


def test_studio_says_nothing_where_a_training_takes_all(app, store):
    record(store, "fist", 6)
    record(store, "open_palm", 6, found_by="mediapipe-hands-web")
    assert "Press Train" in texts(go(app, "studio")) and "Leaves out" not in texts(app)
