"""Hands in space from pictures to a model and its answers, by the commands."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from core.depth.io.recorder import record_depth
from core.errors import ModelError, SkeletonError
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import TrainingManager
from core.lab.renderer.film import RenderedFilm
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Estimate, Pose
from core.reading.reading import predict_hands
from core.recording.imports.tables import read_table
from core.store import Store
from tests.cli.conftest import invoke, said
from tests.support.massing_net import save_massing_net
from tests.support.predict_py import answers, predict, unpack

GESTURES = ("fist", "open_palm", "thumbs_up")
EACH = 12

pytestmark = pytest.mark.usefixtures("weights_folder", "home")


@pytest.fixture(scope="module")
def tables(shared_data, tmp_path_factory):
    """What `extract` wrote of two sets of pictures: to learn from, and others."""
    folder, made = tmp_path_factory.mktemp("in-space"), []
    for number, name in enumerate(("learn", "other")):
        for gesture in GESTURES:
            own = folder / name / gesture
            own.mkdir(parents=True)
            there = sorted((shared_data / "hand_images" / "emrecandir" / gesture).iterdir())
            for picture in there[number * EACH : (number + 1) * EACH]:
                shutil.copy(picture, own)
        made.append(folder / f"{name}.csv")
        said("extract", folder / name, "-o", made[-1])
    return made


def test_pictures_teach_a_model_in_space_that_names_other_pictures(
    tables, tmp_path, make_estimator, shared_data
):
    learn, other = tables
    assert said("import", learn, "--project", "P")["added"] == 3 * EACH
    trained = said("train", "--project", "P", "--in-space", "--epochs", "8")
    [project] = said("project", "list")["projects"]
    assert project["in_space"]
    model = GestureModel.load(Paths.find().model(trained["run"]))
    assert model.axes == 3 and {g.name for g in model.gestures} == {*GESTURES}
    found = said("evaluate", "--model", trained["run"], "--data", other)
    assert found["n"] == 3 * EACH and found["accuracy"] > 0.9
    gap = pd.read_csv(other)
    gap.loc[[0, 30], "wx7"] = np.nan
    gap.to_csv(tmp_path / "gap.csv", index=False)
    data = tmp_path / "gap.csv"
    found = said("evaluate", "--model", trained["run"], "--data", data)
    assert found["n"] == 3 * EACH - 2 and "(2 lines: 2, 32)" in found["remark"]
    picture = sorted((shared_data / "hand_images" / "emrecandir" / "fist").iterdir())[-1]
    with make_estimator() as estimator:
        estimate = estimator.estimate_still(read_picture(picture))
    assert predict_hands(model, estimate)[0].likeliest[0].name == "fist"
    flat = Pose(np.zeros((21, 2), np.float32), np.ones(21, np.float32))
    with pytest.raises(ModelError, match="mediapipe-hands finds none"):
        predict_hands(model, Estimate((flat,), (480, 640), "mediapipe-hands"))
    with pytest.raises(ModelError, match=r"keypoints \(N, 21, 3\)"):
        model.predict(np.zeros((1, 21, 2), np.float32), np.array([False]))


def test_a_table_of_x_y_z_makes_a_project_in_space(tables, tmp_path):
    hands = pd.read_csv(tables[0])
    axes = [f"{axis}{joint}" for joint in range(21) for axis in "xyz"]
    moved = 1000 * hands[[f"w{axis}" for axis in axes]].set_axis(axes, axis=1)  # millimetres
    table = pd.concat([hands[["gesture", "estimator"]], moved], axis=1)
    table.to_csv(tmp_path / "table.csv", index=False)
    assert read_table(tmp_path / "table.csv").keypoints.shape == (3 * EACH, 21, 3)
    said("import", tmp_path / "table.csv", "--project", "P")
    trained = said("train", "--project", "P", "--epochs", "8")
    assert GestureModel.load(Paths.find().model(trained["run"])).axes == 3
    found = said("evaluate", "--model", trained["run"], "--data", tmp_path / "table.csv")
    assert found["accuracy"] > 0.9


def test_a_model_in_space_is_given_away_and_taken_in_again(tables, tmp_path, weights_folder):
    learn, other = tables
    said("import", learn, "--project", "P")
    run = said("train", "--project", "P", "--in-space", "--epochs", "8")["run"]
    file, folder = tmp_path / "p.gesture", tmp_path / "there"
    said("export", "--model", run, "-o", file)
    proof = said("verify", file)
    assert proof["worst_difference"] <= 1e-4 and proof["known_predict"]
    taken = said("import-model", file, "--project", "Other", "--use")["run"]
    measured = [said("evaluate", "--model", model, "--data", other) for model in (run, file, taken)]
    assert measured[0] == measured[1] == measured[2] and measured[0]["accuracy"] > 0.9

    unpack(file, folder)
    card = (folder / "CARD.md").read_text()
    assert "in space: x right, y down, z away" in card and "was not measured" in card
    probabilities = np.array(json.loads((folder / "vectors.json").read_text())["probabilities"])
    told = [answer["probability"] for answer in answers(folder, "vectors.json")]
    np.testing.assert_allclose(told, probabilities.max(1), atol=1e-4)
    (folder / "hand_landmarker.task").symlink_to(weights_folder / "hand_landmarker_full.task")
    picture = sorted((learn.parent / "other" / "open_palm").iterdir())[0]
    assert [a["gesture"] for a in answers(folder, picture)] == ["open_palm"]
    (folder / "flat.json").write_text(json.dumps(np.zeros((21, 2)).tolist()))
    flat = predict(folder, "flat.json")
    assert flat.returncode == 1 and "Got: 2 Expected: 3" in flat.stderr


def test_a_recording_of_depth_is_recorded_into_a_project_in_space(tmp_path):
    save_massing_net(Paths.find().own_nets / "crossinfonet.mine")
    with RenderedFilm(count=12) as film:
        record_depth(film, tmp_path / "film")
    command = ["record", "--project", "P", "--gesture", "fist", "-i", tmp_path / "film"]
    command += ["--depth", "crossinfonet.mine", "--person", "Ada"]
    kept = said(*command)["kept"]
    listed = said("samples", "list", "--project", "P")["samples"]
    assert len(listed) == kept >= 4
    assert {(one["gesture"], one["person"]) for one in listed} == {("fist", "Ada")}
    said("project", "create", "flat")
    with pytest.raises(SkeletonError, match="is a 2-D project"):
        said(*command, "--project", "flat")


def test_trainings_in_the_studio_go_on_in_space(tables, tmp_path):
    said("project", "create", "P", "--in-space")
    said("import", tables[0], "--project", "P")
    paths = Paths.find()
    store = Store(paths.database)
    manager, project = TrainingManager(store, paths), store.project("P")
    for begin in (
        lambda: manager.start_training(project, epochs=1),
        lambda: manager.restart_training(project),
    ):
        run = begin()
        manager.thread(run).stop()
        manager.thread(run).wait(120)
        assert GestureModel.load(run.path).axes == 3
    store.close()
    said("train", "--project", "P", "--in-picture", "--epochs", "1")
    others = pd.read_csv(tables[0])[:5].assign(estimator="cpm.hand_light")
    others.to_csv(tmp_path / "others.csv", index=False)
    said("import", tmp_path / "others.csv", "--project", "P")
    done = invoke("train", "--project", "P", "--epochs", "1", "--json")
    model = GestureModel.load(paths.model(json.loads(done.stdout)["run"]))
    assert model.axes == 2 and model.estimators == ("mediapipe-hands",)
    assert "Leaves out 5 samples of cpm.hand_light's keypoints" in done.stderr
