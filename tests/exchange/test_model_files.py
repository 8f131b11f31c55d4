"""Models given away and taken in: the card tells a real training's numbers, a project can use what
came, and nothing hostile is kept."""

import hashlib
import json
import re
import shutil
import subprocess
import venv
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import ModelError, MudraError
from core.estimators.mediapipe_pose import MediapipePose
from core.exchange.model_files import (
    animate_poses,
    anonymise,
    create_card,
    create_sample_poses,
    describe_proof,
    export_model,
    import_model,
    read_sample_hands,
)
from core.files import update_json
from core.gestures.modelfile.bundle import check_bundle, write_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.windows import clip_to_window
from core.jobs.active_model import has_model
from core.jobs.evaluations import start_leave_one_out, wait_for_evaluation
from core.jobs.trainings import TrainingManager, train_here
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.skeletons.table import FINGERTIP_1, HAND_21
from core.progress import ignore_progress
from core.reading.reading import predict_hands
from core.recording.imports.importing import ImportOptions, import_path
from core.store import Project, Store
from core.training.runs import Run
from tests.store.conftest import sample
from tests.support.performances import perform, performed
from tests.support.predict_py import answers, predict, unpack
from tests.support.stored import record
from tests.support.zips import members_of

PERSONS = {"Anna": 12, "Bo *b*": 8, "Cy": 10}  # samples of each gesture
GESTURES = ("ok", "fist")


def fill(store: Store, project: Project) -> None:
    """Two gestures by three persons, Anna's by webcam, the others' from files."""
    rng = np.random.default_rng(5)
    shapes = {name: rng.uniform(100, 300, (21, 2)) for name in GESTURES}
    for number, (person, each) in enumerate(PERSONS.items()):
        source = "webcam" if person == "Anna" else f"{number} <files>.zip"
        for name in GESTURES:
            new = [
                sample(
                    keypoints=(shapes[name] + rng.normal(0, 3, (21, 2))).astype(np.float32),
                    mirrored_view=person == "Anna",
                    estimator_version="1.2.2/full",
                    taken_at=f"2026-11-{10 + number}T10:00:00",
                )
                for _ in range(each)
            ]
            record(store, project, new, name, person, source)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A workspace with a project and one real training of it."""
    paths = Paths.find(tmp_path_factory.mktemp("home"))
    store = Store(paths.database)
    fill(store, store.create_project("Demo"))
    _, run = train_here(
        store, paths, store.project("Demo"), seed=4, epochs=3, progress=ignore_progress
    )
    yield paths, store, run
    store.close()


@pytest.fixture(scope="module")
def file(home, tmp_path_factory) -> Path:
    paths, _, run = home
    out = tmp_path_factory.mktemp("out") / "demo.gesture"
    export_model(GestureModel.load(run.path), out, paths)
    return out


def test_a_model_whose_training_goes_on_is_not_exported(home, tmp_path):
    paths, _, run = home
    shutil.copytree(run.path, tmp_path / "early")
    update_json(tmp_path / "early" / "metadata.json", {"preliminary": True})
    with pytest.raises(ModelError, match="early is a preliminary model"):
        export_model(GestureModel.load(tmp_path / "early"), tmp_path / "early.gesture", paths)
    assert not (tmp_path / "early.gesture").exists()


def test_gestures_that_move_are_given_away_taken_in_and_read_without_mudra(home, tmp_path):
    paths, store, _ = home
    project = store.create_project("Moves")
    ways = ("swipe_left", "swipe_right", "clockwise")
    for name in ways:
        perform(store, project.id, name, 3)
    _, run = train_here(store, paths, project, seed=4, progress=ignore_progress)
    model, out = GestureModel.load(run.path), tmp_path / "moves.gesture"
    bundle = export_model(model, out, paths)
    assert (
        bundle.inputs.keypoints.shape == (16, 16, 21, 2) and bundle.compare_answers().max() < 1e-4
    )
    proof, card = describe_proof(check_bundle(out), paths), create_card(model)
    assert proof["gestures"] == [*ways] and proof["known_predict"]
    assert "16 frames of one movement" in card and "distance to the nearest example" in card
    taken = import_model(store, paths, "Others", out, use=True)
    came = GestureModel.load(taken.path)
    assert came.steps == 16 and came.onnx == model.onnx and came.motions is came
    data = store.training_data(project.id, clips=True)
    longest = [max(data.seconds[data.labels == n]) for n in np.unique(data.labels)]
    assert came.about.longest_s == [round(one, 3) for one in longest] and min(longest) > 0.2
    # a performance that it never saw, as a table of other software would have it
    rng = np.random.default_rng(9)
    clips = [performed(name, rng) for name in ways]
    clips[0].keypoints[5:8] = np.nan
    said = [{"times": c.times_s.tolist(), "keypoints": c.keypoints.tolist()} for c in clips]
    folder = unpack(out, tmp_path / "there")
    (tmp_path / "clips.json").write_text(json.dumps(said).replace("NaN", "null"))
    told = answers(folder, tmp_path / "clips.json", "--mirrored")
    assert [answer["gesture"] for answer in told] == [*ways]
    windows = np.stack([clip_to_window(clip.keypoints, clip.times_s) for clip in clips])
    known = came.predict(windows, np.ones(3, bool))[0].max(1)
    assert [answer["probability"] for answer in told] == pytest.approx(known, abs=1e-4)


def test_the_card_tells_the_training_s_own_numbers(home):
    _, _, run = home
    card = create_card(GestureModel.load(run.path))
    figures = run.records("result")[0]["figures"]
    low, high = figures["interval"]
    assert "- **Who**: 3 persons\n" in card
    assert "- **Recorded**: 2026-11-10 to 2026-11-12\n- **Trained**: 20" in card
    assert "**Source**: webcam (24), 2 \\<files\\>\\.zip (20), 1 \\<files\\>\\.zip (16)\n" in card
    assert "mediapipe\\-hands, version 1\\.2\\.2/full" in card
    assert "24 of 60 samples were seen as in a mirror" in card
    assert "**Samples**: 60 samples" in card and "**Seed**: 4\n" in card
    said = json.loads((run.path / "metadata.json").read_text())
    assert f"`{said['data_sha256']}`" in card and len(said["data_sha256"]) == 64
    for gesture in GESTURES:
        of = figures["per_gesture"][gesture]
        right = rf"{100 * of['accuracy']:.1f} % \(95 % interval [\d. %to]+\) of {of['n']} \|"
        assert re.search(rf"\| . {gesture} \| 30 \| 3 \| 3 \| {right}", card)
    assert "| Anna | 24 | 2 |" in card and "| Bo \\*b\\* | 16 | 2 |" in card
    assert f"**{100 * figures['accuracy']:.1f} %** accuracy" in card
    assert f"(95 % interval {100 * low:.1f} % to {100 * high:.1f} %) of {figures['n']}" in card
    assert "(split: person)" in card and "optimistic" not in card
    assert "then trained on all samples" in card


def test_a_file_without_names_holds_none_of_them_anywhere(home, tmp_path):
    paths, _, run = home
    model = GestureModel.load(run.path)
    card = export_model(model, tmp_path / "a.gesture", paths, names=False).card
    assert "| person 1 | 24 | 2 |" in card and "| person 3 | 20 | 2 |" in card
    assert "names left out (60)" in card
    members = members_of(tmp_path / "a.gesture")
    texts = [content.decode() for name, content in members.items() if name != "model.onnx"]
    names = ("Anna", "Bo *", "webcam", "files>")
    assert not any(name in text for text in [card, *texts] for name in names)


def test_the_card_says_how_new_people_will_do_where_that_was_measured(home, tmp_path):
    paths, store, run = home
    copy = Run(Path(shutil.copytree(run.path, paths.runs / "measured")))
    scratch = TrainingManager(store, paths)
    wait_for_evaluation(
        scratch, start_leave_one_out(scratch, store.project("Demo"), copy), ignore_progress
    )
    model = GestureModel.load(copy.path)
    found = model.metadata["leave_one_person_out"]
    card, plain = create_card(model), create_card(model, names=False)
    low, high = (f"{100 * part:.1f} %" for part in found["interval"])
    mean, worst = (f"{100 * found[key]:.1f} %" for key in ("mean_accuracy", "worst_accuracy"))
    assert (
        f"Each person left out once, mean of the persons (95 % interval {low} to {high}): "
        f"{mean}.\nWorst person: "
    ) in card
    assert f", {worst}.\n" in card and found["worst_person"] in PERSONS
    assert "Worst person: person " in plain
    export_model(model, tmp_path / "a.gesture", paths, names=False)
    assert "Anna" not in json.dumps(check_bundle(tmp_path / "a.gesture").model.metadata)


def test_a_person_called_like_a_field_changes_no_field():
    metadata = {
        "estimator": "mediapipe-hands",
        "split": "person",
        "gestures": [],
        "census": {"persons": {"person": {"samples": 1}, "samples": {"samples": 2}}},
        "figures": {
            "n": 3,
            "accuracy": 1.0,
            "worst_person": "person",
            "per_person": {"person": {"n": 1, "accuracy": 0.5}},
        },
    }
    said = anonymise(GestureModel(Path(), metadata, b"")).metadata
    assert said["census"]["persons"] == {"person 1": {"samples": 1}, "person 2": {"samples": 2}}
    assert said["split"] == "person" and said["figures"]["worst_person"] == "person 1"
    assert said["figures"]["per_person"] == {"person 1": {"n": 1, "accuracy": 0.5}}


def test_the_starter_s_card_has_what_its_maker_says(starter):
    card = create_card(starter)
    assert "24582" in card and "Coolmann2049" in card and "# Starter gesture model" in card
    assert "Not measured" not in card


# ---------------------------------------------------------------------------------------- taken in


def test_an_imported_model_is_one_of_the_project_s_and_answers_the_same(home, file, tmp_path):
    _, _, run = home
    paths = Paths.find(tmp_path / "other")
    store = Store(paths.database)
    taken = import_model(store, paths, "Theirs", file, use=True)
    assert store.project("theirs").active_model == taken.name
    assert taken.about()["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    [there] = TrainingManager(store, paths).runs(store.project("Theirs"))
    assert there.path == paths.runs / taken.name
    assert has_model(there) and there.status() == "done"
    assert there.about()["imported"] == "demo.gesture"
    assert {p.name for p in there.path.iterdir()} == {"log.jsonl", "model.onnx", "metadata.json"}
    assert list((paths.workspace / "incoming").iterdir()) == []
    hands = read_sample_hands(paths.demo)
    answers = [
        GestureModel.load(path).predict(hands.keypoints, hands.mirrored_view)[0]
        for path in (run.path, there.path)
    ]
    np.testing.assert_array_equal(*answers)
    # and it goes on: exported once more it says the same of where it comes from
    again = export_model(GestureModel.load(there.path), tmp_path / "again.gesture", paths)
    assert "Bo \\*b\\*" in again.card and "version 1\\.2\\.2/full" in again.card
    store.close()


def test_a_refused_file_leaves_nothing(file, tmp_path):
    paths, bad = Paths.find(tmp_path / "other"), tmp_path / "bad.gesture"
    bad.write_bytes(file.read_bytes()[:-200])
    with closing(Store(paths.database)) as store:
        pairs = store.create_project("Pairs", skeleton="hands_42")
        for name, path, says in (
            ("", file, "1 to 40"),
            ("Pairs", file, "gestures of hands, “Pairs” is about pairs of hands"),
            ("Theirs", bad, "bad.gesture"),
        ):
            with pytest.raises(MudraError, match=says):
                import_model(store, paths, name, path, use=True)
            assert store.projects() == [pairs]
            assert not paths.runs.exists() and not (paths.workspace / "incoming").exists()


def test_the_proof_names_every_hash_and_a_foreign_predict_py(home, file, starter, tmp_path):
    paths, _, _ = home
    proof = describe_proof(check_bundle(file), paths)
    assert proof["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    hashes = {n: hashlib.sha256(content).hexdigest() for n, content in members_of(file).items()}
    assert proof["members"] == hashes and len(hashes) == 6
    assert len(proof["differences"]) == 16 and proof["worst_difference"] <= 1e-5
    assert proof["moving"] is False
    assert proof["known_predict"] is True
    odd = write_bundle(
        starter, tmp_path / "a.gesture", read_sample_hands(paths.demo), card="", predict="print(1)"
    )
    assert describe_proof(odd, paths)["known_predict"] is False


# -------------------------------------------------------------------------------------- predict.py


@pytest.fixture
def unpacked_starter(starter, tmp_path) -> Path:
    export_model(starter, tmp_path / "a.gesture", Paths.find(tmp_path / "home"))
    return unpack(tmp_path / "a.gesture", tmp_path / "there")


def test_predict_py_says_what_the_model_says(starter, unpacked_starter):
    folder, hands = unpacked_starter, read_sample_hands(Paths.demo)
    wanted, foreign = starter.predict(hands.keypoints, hands.mirrored_view)
    said, limit = answers(folder, "vectors.json"), starter.rejects_above
    assert [one["gesture"] for one in said] == [
        starter.gestures[row.argmax()].name if row.max() >= 0.6 and score <= limit else None
        for row, score in zip(wanted, foreign, strict=True)
    ]
    np.testing.assert_allclose([one["probability"] for one in said], wanted.max(1), atol=1e-4)
    # one hand that points: as in a mirror it points the other way
    [number] = [i for i in range(16) if said[i]["gesture"] == "point_left"][:1]
    hand = [[None if np.isnan(v) else float(v) for v in xy] for xy in hands.keypoints[number]]
    mirrored = bool(hands.mirrored_view[number])
    (folder / "hand.json").write_text(json.dumps(hand))
    seen = {
        flag: answers(folder, "hand.json", *flag)[0]["gesture"] for flag in ((), ("--mirrored",))
    }
    assert seen[("--mirrored",) if mirrored else ()] == "point_left"
    assert seen[() if mirrored else ("--mirrored",)] == "point_right"


def test_predict_py_applies_the_threshold_and_the_rejection(file, tmp_path):
    folder = unpack(file, tmp_path / "there")
    scores = np.array(json.loads((folder / "vectors.json").read_text())["rejection"])
    about = json.loads((folder / "metadata.json").read_text())
    about["threshold"] = 0.0
    about["rejection"]["threshold"] = limit = float(np.median(scores))
    (folder / "metadata.json").write_text(json.dumps(about))
    said = answers(folder, "vectors.json")
    assert [one["rejected"] for one in said] == (scores > limit).tolist()
    assert [one["gesture"] is None for one in said] == (scores > limit).tolist()
    surest = [one["probability"] for one in said]
    about["threshold"], about["rejection"]["threshold"] = float(np.median(surest)), 2.0
    (folder / "metadata.json").write_text(json.dumps(about))
    said = answers(folder, "vectors.json")
    assert not any(one["rejected"] for one in said)
    unsure = [p < about["threshold"] for p in surest]
    assert [one["gesture"] is None for one in said] == unsure and 0 < sum(unsure) < 16


def test_the_rejection_travels_with_the_model_and_is_checked(home, file, tmp_path):
    paths, _, run = home
    bundle = check_bundle(file)
    about = json.loads((run.path / "metadata.json").read_text())
    assert bundle.model.metadata["rejection"] == about["rejection"]
    assert bundle.answers["rejection"].shape == (16,)
    assert f"rejected above {about['rejection']['threshold']:.4g}" in bundle.card
    model = bundle.model
    silent = {key: value for key, value in model.metadata.items() if key != "rejection"}
    with pytest.raises(MudraError, match="lacks the threshold of the rejection score"):
        export_model(replace(model, metadata=silent), tmp_path / "a.gesture", paths)
    bundle.answers["rejection"][3] += 2e-4
    assert bundle.compare_answers().argmax() == 3 and bundle.compare_answers().max() > 1e-4
    assert list(tmp_path.iterdir()) == []


def test_predict_py_reads_a_picture_where_mediapipe_is_else_says_what_it_lacks(
    unpacked_starter, weights_folder, shared_data
):
    folder = unpacked_starter
    photo = sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[0]
    done = predict(folder, photo)
    assert done.returncode == 1 and "no hand_landmarker.task in" in done.stderr
    assert "Traceback" not in done.stderr
    task = weights_folder / "hand_landmarker_full.task"
    (folder / "hand_landmarker.task").symlink_to(task)
    assert [one["gesture"] for one in answers(folder, photo)] == ["ok"]


def test_predict_py_of_bodies_reads_keypoints_and_pictures_as_mudra_does(
    tmp_path, weights_folder, shared_data
):
    arms = GestureModel.load(Paths.arms)
    export_model(arms, tmp_path / "a.gesture", Paths.find(tmp_path / "home"))
    folder = unpack(tmp_path / "a.gesture", tmp_path / "there")
    vectors = json.loads((folder / "vectors.json").read_text())
    said = answers(folder, "vectors.json")
    wanted = np.array(vectors["probabilities"])
    np.testing.assert_allclose([one["probability"] for one in said], wanted.max(1), atol=1e-4)
    (folder / "pose_landmarker.task").symlink_to(weights_folder / "pose_landmarker_full.task")
    photo = shared_data / "body" / "lspet" / "images" / "im02858.jpg"
    [found] = answers(folder, photo)
    with MediapipePose(weights_folder) as estimator:
        estimate = estimator.estimate_still(read_picture(photo.read_bytes()))
    [answer] = [p.probabilities for p in predict_hands(arms, estimate)]
    gesture, probability = max(answer, key=lambda one: one[1])
    assert found["gesture"] == gesture.name and not found["rejected"]
    assert found["probability"] == pytest.approx(probability, abs=0.02)


@pytest.mark.slow
def test_predict_py_needs_numpy_and_onnxruntime_alone(unpacked_starter, tmp_path):
    folder = unpacked_starter
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "numpy", "onnxruntime"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        pytest.skip(f"the two packages can't be installed here: {done.stderr.strip()[-200:]}")
    found = subprocess.run([python, "-c", "import mediapipe"], capture_output=True, check=False)
    assert found.returncode != 0
    said = answers(folder, "vectors.json", python=python)
    assert said == answers(folder, "vectors.json")
    assert {one["gesture"] for one in said} >= {"fist", "ok", "open_palm", "thumbs_up"}


def test_a_lone_keypoint_is_tried_on_ways_of_its_own():
    tried = animate_poses(create_sample_poses(FINGERTIP_1), 16).keypoints
    assert tried.shape == (16, 16, 1, 2) and np.isfinite(tried).all()
    high = np.ptp(tried[:, :, 0, 1], axis=1)
    # an 80 px circle's height in 16 frames from 0 to 2 pi, rounded to tenths of a pixel
    np.testing.assert_allclose(high, 80 * np.sin(8 * np.pi / 15), atol=0.11)
    assert np.isnan(create_sample_poses(HAND_21).keypoints[3, 20]).all()


def test_a_model_of_the_ways_of_a_fingertip_is_given_away(store, paths, shared_data, tmp_path):
    table = tmp_path / "ways.csv"
    rows = pd.read_csv(shared_data / "moving" / "point_history.csv")
    rows[rows.label.isin(["swipe_left", "clockwise"])].groupby("label").head(20).to_csv(table)
    import_path(store, "ways", table, ImportOptions(layout="point-history"))
    _, run = train_here(store, paths, store.project("ways"), epochs=1, progress=ignore_progress)
    bundle = export_model(GestureModel.load(run.path), tmp_path / "a.gesture", paths)
    proof = describe_proof(bundle, paths)
    assert proof["skeleton"] == "fingertip_1" and proof["worst_difference"] <= 1e-5
    assert proof["moving"] is True
