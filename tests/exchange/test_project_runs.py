"""Trainings that come with a project file: settled here, or refused with nothing moved."""

import hashlib
import json
import shutil
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import ArchiveError, ModelError
from core.exchange.project import runs as project_runs
from core.paths import Paths
from tests.exchange.conftest import RESULT

START = {"time": 1.0, "event": "start", "pid": 4711, "project": "theirs"}


@pytest.fixture
def arrive(tmp_path):
    """arrive(lines, table): one training "a" whose log and validation table these are."""
    for name in ("source/a", "runs", "room"):
        (tmp_path / name).mkdir(parents=True)

    def arrive(log, table=None):
        (tmp_path / "source/a/log.jsonl").write_bytes(log)
        if table is not None:
            (tmp_path / "source/a/validation.csv").write_text(table)
        return project_runs.ImportedRuns(
            *(tmp_path / name for name in ("source", "runs", "room")), "p.zip"
        )

    return arrive


def log_of(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_a_training_belongs_to_the_project_here_and_no_process_works_on_it(
    arrive, project, tmp_path
):
    came = arrive(log_of(START), "sample_id,gesture\n5,ok\n6,fist\n")
    came.prepare(project, {6: 60})
    came.move_in()
    lines = (tmp_path / "runs/a/log.jsonl").read_text().splitlines()
    first, last = map(json.loads, lines)
    assert (first["pid"], first["project"]) == (0, project.name)
    assert last == {"time": 1.0, "event": "end", "status": "dead"}
    table = (tmp_path / "runs/a/validation.csv").read_text()
    assert table == "sample_id,gesture\n60,fist\n"
    came.remove()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_taken_name_gets_another_and_the_one_here_stays(arrive, project, tmp_path):
    (tmp_path / "runs/a").mkdir()
    came = arrive(log_of(START))
    came.prepare(project, {})
    came.move_in()
    assert came.names["a"].startswith("a-") and len(list((tmp_path / "runs").iterdir())) == 2
    came.remove()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("log", "table", "words"),
    [
        (b"", None, "has no start event first"),
        (log_of({"time": 1.0, "event": "end", "status": "done"}), None, "has no start event first"),
        (log_of(START, {"time": 1.0, "event": "end", "status": "running"}), None, "status: Input"),
        (log_of(START, {"time": "now", "event": "epoch"}), None, "time: Input"),
        (log_of(START | {"time": 1e20}), None, "time: Input"),
        (log_of(START | {"kind": "comparison"}), None, "kind: Input"),
        (log_of(START) + b'{"time": NaN, "event": "x"}', None, "time: Input"),
        (log_of(START) + b"[" * 100_000, None, "is no line"),
        (log_of(START), "gesture\nok\n", "validation.csv can't be read"),
        (log_of(START), "sample_id\nx\n", "validation.csv can't be read"),
        (log_of(START), "gesture,sample_id\nok\n", "validation.csv can't be read"),
        (log_of(START), f"sample_id,truth\n1,{'x' * 200_000}\n", "field larger than"),
        (log_of(START), "," * (8 * 2**20 + 1), "validation.csv has over 8 MB"),
    ],
    ids=range(13),
)
def test_a_hostile_training_is_refused_by_name(log, table, words, arrive, project, tmp_path):
    with pytest.raises(ArchiveError, match=f"p.zip: runs/a.*{words}"):
        arrive(log, table).prepare(project, {})
    assert list((tmp_path / "runs").iterdir()) == []


def without(record, *path):
    """The record, and what is in it, without the key at the end of the path."""
    if len(path) == 1:
        return {key: value for key, value in record.items() if key != path[0]}
    return record | {path[0]: without(record[path[0]], *path[1:])}


def test_a_result_of_before_intervals_of_each_gesture_were_kept_comes_in(arrive, project, tmp_path):
    arrive(log_of(START, RESULT)).prepare(project, {})
    lines = (tmp_path / "room/a/log.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == RESULT


@pytest.mark.parametrize(
    "path",
    [
        ("seconds",),
        ("split",),
        ("gestures",),
        ("figures", "n"),
        ("figures", "interval"),
        ("figures", "per_gesture"),
        ("figures", "confusion"),
    ],
    ids=".".join,
)
def test_a_result_without_what_the_pages_show_is_refused_in_one_line(path, arrive, project):
    with pytest.raises(ArchiveError, match=rf"runs/a.*{path[-1]}: Field required") as refused:
        arrive(log_of(START, without(RESULT, *path))).prepare(project, {})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"split": "moon"}, "split: Input should be 'person'"),
        ({"gestures": RESULT["gestures"][:1]}, "matrix does not fit 1 gestures"),
        ({"matcher": "net"}, "a matcher without"),
        ({"figures": RESULT["figures"] | {"interval": [0.5]}}, "figures.interval: List should"),
        ({"motions": {}}, "motions.figures: Field required"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(changed, says, arrive, project):
    with pytest.raises(ArchiveError, match=says):
        arrive(log_of(START, RESULT | changed)).prepare(project, {})


@pytest.mark.parametrize("newest", [False, True], ids=["of still gestures", "of both kinds"])
def test_what_a_training_writes_here_comes_in(trained_both, arrive, project, newest):
    """The writer's own records: of trainings of real hands."""
    logs = sorted(Paths.find(trained_both).runs.glob("*/log.jsonl"))
    assert len(logs) == 2
    arrive(logs[newest].read_bytes()).prepare(project, {})


def test_a_model_that_would_compute_for_hours_comes_in_with_no_training(arrive, tmp_path):
    came = arrive(log_of(START))
    for name in ("model.onnx", "metadata.json"):
        shutil.copy(Paths.starter / name, tmp_path / "source/a")
    came.check()  # as it is, it comes
    model = onnx.load(tmp_path / "source/a/model.onnx")
    [large] = [one for one in model.graph.output if one.name == "rejection"]
    model.graph.initializer.append(numpy_helper.from_array(np.array([2500, 2500]), "side"))
    nodes = [helper.make_node("ConstantOfShape", ["side"], ["m0"])]
    nodes += [helper.make_node("MatMul", [f"m{i}", "m0"], [f"m{i + 1}"]) for i in range(3000)]
    model.graph.node.extend([*nodes, helper.make_node("ReduceSum", ["m3000"], ["sum"])])
    model.graph.output.remove(large)
    model.graph.output.append(helper.make_tensor_value_info("sum", TensorProto.FLOAT, None))
    content = model.SerializeToString()
    (tmp_path / "source/a/model.onnx").write_bytes(content)
    metadata = json.loads((tmp_path / "source/a/metadata.json").read_text())
    metadata["onnx_sha256"] = hashlib.sha256(content).hexdigest()
    (tmp_path / "source/a/metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="multiplications for one sample"):
        came.check()


def test_logs_that_are_large_together_are_refused(arrive, tmp_path, monkeypatch):
    monkeypatch.setattr(project_runs, "MAX_LOGS_BYTES", 2 * len(log_of(START)))
    came = arrive(log_of(START))
    for name in ("b", "c"):
        came.check()
        shutil.copytree(tmp_path / "source/a", tmp_path / "source" / name)
    with pytest.raises(ArchiveError, match="its trainings' logs have over 0 MB"):
        came.check()


def test_all_models_of_a_file_together_take_a_minute_at_most(arrive, tmp_path, monkeypatch):
    came, checked = arrive(log_of(START)), []
    for number in range(3):
        (tmp_path / f"source/a{number}").mkdir()
        (tmp_path / f"source/a{number}/model.onnx").touch()

    def check_slowly(folder):
        checked.append(folder.name)
        time.sleep(0.05)

    monkeypatch.setattr(project_runs, "MODELS_TIMEOUT_S", 0.04)
    monkeypatch.setattr(project_runs, "check_folder", check_slowly)
    with pytest.raises(ModelError, match="trainings take over"):
        came.check()
    assert checked == ["a0"]
