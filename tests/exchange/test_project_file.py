"""A project's zip out and in: everything the same, nothing half, nothing hostile."""

import base64
import hashlib
import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import ArchiveError, MudraError, NotFoundError, StoreError
from core.exchange.project import project_file
from core.exchange.project import runs as project_runs
from core.exchange.project.manifest import ROWS
from core.exchange.project.project_file import export_project, import_project
from core.media.limits import ZIP
from core.paths import Paths
from core.store import Store
from core.store.bin import PERSON, delete_samples, restore_from_bin
from core.store.database.schema import metadata
from core.store.rules import NewRule, add_rules, delete_rule, list_rules, update_rule
from core.store.transfer import PARTS
from core.training.runs import Run, list_runs
from tests.exchange.conftest import RESULT, content, sample
from tests.support.stored import record
from tests.support.zips import members_of


@pytest.fixture
def paths(tmp_path):
    return Paths.find(tmp_path / "here")


@pytest.fixture
def elsewhere(tmp_path):
    """Another machine: its places and its store."""
    paths = Paths.find(tmp_path / "there")
    store = Store(paths.database)
    yield paths, store
    store.close()


@pytest.fixture
def project(store, paths):
    """`made_project` in the store here."""
    return made_project(store, paths)


def made_project(store: Store, paths: Paths):
    """Two persons, three gestures of which one is the user's own, a training, and a bin."""
    made = store.create_project("Süße Gesten")
    own = store.add_gesture(made.id, "vulcan 🖖", "🖖")
    store.update_gesture(own.id, enabled=False, position=0)
    for person, gesture in (("Ada", "ok"), ("Bob", "vulcan 🖖"), ("Ada", "fist")):
        new = [sample(len(gesture) + i, crop=i != 1) for i in range(3)]
        record(store, made, new, gesture, person)
    run = Run.create(paths.runs, project=made.name, classifier="mlp", seed=0, epochs=1, samples=9)
    run.log(**RESULT)
    run.log(event="end", status="done")
    (run.path / "model.onnx").write_bytes(b"the model")
    (run.path / "metadata.json").write_text("{}")
    (run.path / "notes.pkl").write_bytes(b"never")
    ids = [s.id for s in store.samples(made.id, newest_first=False)]
    rows = "".join(f"{i},ok,fist,0.5\n" for i in ids)
    (run.path / "validation.csv").write_text(f"sample_id,truth,said,probability\n{rows}")
    add_rules(store, made.id, [NewRule("ok", "note", "C4"), NewRule("fist", "confetti")])
    store.set_active_model(made.id, run.name)
    return store.project(made.name)


@pytest.mark.parametrize("told", [True, False])
def test_a_project_goes_on_learning_in_space(store, paths, elsewhere, tmp_path, told):
    """Also where its file was written before files said so, if its samples tell it."""
    made = store.create_project("Deep", in_space=told)
    new = sample(3)
    hand = np.random.default_rng(2).normal(0, 300, (21, 3)).astype(np.float32)
    new = replace(new, world=hand) if told else replace(new, keypoints=hand, world=None)
    record(store, made, [new])
    export_project(store, paths, "Deep", tmp_path / "deep.zip")
    if not told:
        packed = members_of(tmp_path / "deep.zip")
        manifest = json.loads(packed["manifest.json"])
        assert manifest["project"].pop("in_space")
        write(tmp_path / "deep.zip", packed | {"manifest.json": json.dumps(manifest).encode()})
    there, others = elsewhere
    import_project(others, there, tmp_path / "deep.zip")
    project = others.project("Deep")
    assert project.in_space
    np.testing.assert_array_equal(others.training_data(project.id).keypoints, [hand])


def test_a_project_is_the_same_elsewhere(store, paths, project, elsewhere, tmp_path):
    out = tmp_path / "p.zip"
    told = []
    went = export_project(store, paths, "süße gesten", out, progress=lambda *a: told.append(a))
    there, other = elsewhere
    came = import_project(other, there, out)
    assert content(other, "Süße Gesten") == content(store, "Süße Gesten")
    assert went.counts == came.counts
    counts = {"gestures": 10, "persons": 2, "sessions": 3, "bursts": 3, "samples": 9, "rules": 2}
    assert came.counts == counts | {"crops": 6, "runs": 1}
    assert told[-1] == (9, 9)
    made = sqlite3.connect(paths.database).execute("SELECT created_at FROM projects").fetchall()
    copy = sqlite3.connect(there.database).execute("SELECT created_at FROM projects").fetchall()
    assert made == copy


@pytest.mark.parametrize("where", ["an owner's", "a database's"])
def test_a_project_comes_into_a_workspace_that_nobody_has_used_yet(
    store, paths, project, tmp_path, where
):
    export_project(store, paths, project.name, tmp_path / "p.zip")
    there = Paths.find(tmp_path / "there").of("ann" if where == "an owner's" else "")
    with closing(Store(tmp_path / "elsewhere.db", owner=there.owner)) as other:
        assert not there.workspace.exists()
        import_project(other, there, tmp_path / "p.zip")
        assert content(other, project.name) == content(store, project.name)
    [run] = list_runs(there.runs)
    assert run.path.is_relative_to(tmp_path / "there") and run.status() == "done"


def test_a_workspace_that_can_t_be_written_is_said_and_nothing_came(
    store, paths, project, elsewhere, tmp_path
):
    export_project(store, paths, project.name, tmp_path / "p.zip")
    (tmp_path / "file").write_text("where a folder is needed")
    lost = replace(paths, workspace=tmp_path / "file" / "folder")
    with pytest.raises(StoreError, match="the workspace can't be written: Not a directory"):
        import_project(elsewhere[1], lost, tmp_path / "p.zip")
    assert elsewhere[1].projects() == []


def test_no_column_of_the_store_is_left_behind():
    ours = {"project_id", "key"}  # written anew by whoever brings it in
    for part in PARTS:
        columns = set(metadata.tables[part].c.keys()) - ours
        columns -= {"enabled", "confirmed"} if part == "rules" else set()  # off, wherever they go
        assert set(ROWS[part].model_fields) - {"crop", "crops"} == columns


def test_actions_arrive_switched_off_and_wait_to_be_confirmed(
    store, paths, project, elsewhere, tmp_path
):
    there, other = elsewhere
    note, confetti = list_rules(store, project.id)
    assert note.enabled and note.confirmed
    delete_rule(store, confetti)
    export_project(store, paths, project.name, tmp_path / "p.zip")
    assert import_project(other, there, tmp_path / "p.zip").counts["rules"] == 1
    [copy] = list_rules(other, other.project(project.name).id)
    assert copy == replace(note, id=copy.id, enabled=False, confirmed=False)
    update_rule(other, copy, enabled=True, confirmed=True)
    export_project(other, there, project.name, tmp_path / "again.zip")
    back = import_project(store, paths, tmp_path / "again.zip")
    [again] = list_rules(store, store.project(back.project).id)
    assert not again.enabled and not again.confirmed


def test_a_project_without_actions_is_a_file_that_earlier_versions_read(store, paths, tmp_path):
    made = store.create_project("A")

    def version():
        export_project(store, paths, "A", tmp_path / "p.zip")
        return json.loads(members_of(tmp_path / "p.zip")["manifest.json"])["version"]

    assert version() == 2
    add_rules(store, made.id, [NewRule("ok", "confetti")])
    assert version() == 3


def test_trainings_go_along_with_the_samples_new_ids(store, paths, project, elsewhere, tmp_path):
    there, other = elsewhere
    record(other, other.create_project("another"), [sample(1)])  # so that ids differ
    beside = paths.runs / project.active_model / "motions"
    beside.mkdir()
    (beside / "model.onnx").write_bytes(b"of moving gestures")
    export_project(store, paths, project.name, tmp_path / "p.zip")
    import_project(other, there, tmp_path / "p.zip")
    [run] = list_runs(there.runs)
    copy = other.project(project.name)
    assert (run.path / "motions" / "model.onnx").read_bytes() == b"of moving gestures"
    assert copy.active_model == run.name == project.active_model
    names = {"log.jsonl", "metadata.json", "model.onnx", "motions", "validation.csv"}
    assert {path.name for path in run.path.iterdir()} == names
    assert run.status() == "done" and (run.path / "model.onnx").read_bytes() == b"the model"
    ids = [s.id for s in other.samples(copy.id, newest_first=False)]
    lines = (run.path / "validation.csv").read_text().splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == ids
    assert ids[0] != store.samples(project.id, newest_first=False)[0].id


def test_others_can_write_while_the_models_of_a_project_file_are_checked(
    store, paths, project, elsewhere, tmp_path, monkeypatch
):
    export_project(store, paths, project.name, tmp_path / "p.zip")
    there, store_there = elsewhere
    written = []

    def write_meanwhile(folder):
        with closing(sqlite3.connect(there.database, timeout=0)) as other:
            written.append(other.execute("BEGIN IMMEDIATE"))

    monkeypatch.setattr(project_runs, "check_folder", write_meanwhile)
    import_project(store_there, there, tmp_path / "p.zip")
    assert len(written) == 1 and len(list_runs(there.runs)) == 1


def test_a_taken_name_gets_a_number_and_its_own_training(store, paths, project, tmp_path):
    export_project(store, paths, project.name, tmp_path / "p.zip")
    assert import_project(store, paths, tmp_path / "p.zip").project == "Süße Gesten 2"
    assert import_project(store, paths, tmp_path / "p.zip").project == "Süße Gesten 3"
    assert content(store, "Süße Gesten 3") == content(store, "Süße Gesten")
    active = {p.active_model for p in store.projects()}
    assert active == {run.name for run in list_runs(paths.runs)} and len(active) == 3
    about = {run.about()["project"] for run in list_runs(paths.runs)}
    assert about == {"Süße Gesten", "Süße Gesten 2", "Süße Gesten 3"}


def test_a_long_name_stays_a_name_with_its_number(store, paths, tmp_path):
    store.create_project("x" * 40)
    export_project(store, paths, "x" * 40, tmp_path / "p.zip")
    assert import_project(store, paths, tmp_path / "p.zip").project == "x" * 38 + " 2"


def test_the_bin_stays_here_unless_it_is_asked_for(store, paths, project, elsewhere, tmp_path):
    there, other = elsewhere
    ids = [s.id for s in store.samples(project.id, newest_first=False)]
    delete_samples(store, project.id, ids[:1])
    bob = next(p for p in store.persons(project.id) if p.name == "Bob")
    store.delete_person(bob.id)
    store.delete_gesture(next(g.id for g in store.gestures(project.id) if g.name == "point_up"))
    export_project(store, paths, project.name, tmp_path / "without.zip")
    told = import_project(other, there, tmp_path / "without.zip").counts
    assert (told["samples"], told["persons"], told["gestures"]) == (5, 1, 9)  # Bob's own is left
    assert told["sessions"] == told["bursts"] == 2
    inside = b"".join(members_of(tmp_path / "without.zip").values())
    assert b"Bob" not in inside and b"point_up" not in inside
    export_project(store, paths, project.name, tmp_path / "with.zip", with_bin=True)
    name = import_project(other, there, tmp_path / "with.zip").project
    copy = other.project(name)
    assert len(other.samples(copy.id, deleted=True)) == 4
    [gone] = other.persons(copy.id, deleted=True)
    restore_from_bin(other, copy.id, PERSON, gone.id)
    assert len(other.samples(copy.id)) == 8
    assert [g.name for g in other.gestures(copy.id, deleted=True)] == ["point_up"]


def test_a_moved_sample_keeps_its_recording_when_the_gesture_it_came_from_is_binned(
    store, paths, project, elsewhere, tmp_path
):
    there, other = elsewhere
    named = {g.name: g.id for g in store.gestures(project.id)}
    [first, *_] = store.samples(project.id, gesture_id=named["ok"])
    with sqlite3.connect(paths.database) as raw:
        raw.execute(f"UPDATE samples SET gesture_id = {named['fist']} WHERE id = {first.id}")
    store.delete_gesture(named["ok"])
    export_project(store, paths, project.name, tmp_path / "p.zip")
    told = import_project(other, there, tmp_path / "p.zip").counts
    assert (told["samples"], told["bursts"], told["gestures"]) == (7, 3, 10)
    copy = other.project(project.name)
    assert "ok" not in [g.name for g in other.gestures(copy.id)]


def test_pictures_can_stay_here(store, paths, project, elsewhere, tmp_path):
    there, other = elsewhere
    export_project(store, paths, project.name, tmp_path / "p.zip", with_pictures=False)
    assert import_project(other, there, tmp_path / "p.zip").counts["crops"] == 0
    copy = other.project(project.name)
    assert {s.crop_jpeg for s in other.samples(copy.id)} == {None}


def test_a_file_appears_whole_or_not_at_all(store, paths, project, tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            export_project(store, paths, project.name, tmp_path / "p.zip", progress=interrupt)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == []
    with pytest.raises(NotFoundError):
        export_project(store, paths, "nobody", tmp_path / "p.zip")
    with pytest.raises(StoreError, match="can't be written"):
        export_project(store, paths, project.name, Path("/proc/none/p.zip"))


def test_what_would_not_come_back_in_does_not_go_out(store, paths, project, tmp_path, monkeypatch):
    monkeypatch.setattr(project_file, "ZIP", replace(ZIP, max_total_bytes=10_000))
    with pytest.raises(StoreError, match="leave the pictures out"):
        export_project(store, paths, project.name, tmp_path / "p.zip")


# ------------------------------------------------------------------------------------ hostile


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """The members of an honest file."""
    paths = Paths.find(tmp_path_factory.mktemp("honest"))
    store = Store(paths.database)
    export_project(store, paths, made_project(store, paths).name, paths.workspace / "p.zip")
    store.close()
    return members_of(paths.workspace / "p.zip")


@pytest.fixture
def packed(honest):
    """The same, to be spoiled."""
    return dict(honest)


def row(packed, name, number=0):
    return json.loads(packed[name].splitlines()[number])


def change(packed, member, number=0, /, **values):
    """Change a row; the hashes are made right again: a liar knows sha256, too."""
    lines = packed[member].splitlines()
    lines[number] = json.dumps(json.loads(lines[number]) | values).encode()
    packed[member] = b"\n".join(lines) + b"\n"


def about(packed, **values):
    packed["manifest.json"] = json.dumps(json.loads(packed["manifest.json"]) | values).encode()


def _project(packed, **values):
    about(packed, project=json.loads(packed["manifest.json"])["project"] | values)


S, G, P, B, C, R = (
    f"{n}-00000.{'bin' if n == 'crops' else 'jsonl'}"
    for n in ("samples", "gestures", "persons", "bursts", "crops", "rules")
)

HOSTILE = {
    "another project's recording": (lambda z: change(z, S, burst_id=999), "999"),
    "an unknown gesture": (lambda z: change(z, B, gesture_id=999), "999"),
    "a column too many": (lambda z: change(z, S, evil=1), "evil"),
    "a column missing": (lambda z: z.update({S: b'{"id": 1}\n'}), "gesture_id"),
    "no json": (lambda z: z.update({S: b"PK\x03\x04\n"}), "line 1"),
    "an endless line": (lambda z: z.update({S: b"[" * 10**6}), "line 1"),
    "half a float": (lambda z: change(z, S, keypoints="AAAA"), "keypoints"),
    "an infinite keypoint": (lambda z: change(z, S, scores="AACAfw=="), "infinite"),
    "keypoints that differ": (lambda z: change(z, S, scores="AACAPw=="), "joints"),
    "another skeleton": (
        lambda z: change(z, S, keypoints=zeros(17 * 2), scores=zeros(17), world=None),
        "poses have 17 keypoints, hand_21 has 21",
    ),
    "no base64": (lambda z: change(z, S, scores="!"), "scores"),
    "a text as number": (lambda z: change(z, S, instance="1"), "instance"),
    "an endless number": (lambda z: change(z, S, square_x=float("inf")), "square_x"),
    "a space of its own": (lambda z: change(z, S, space="outer"), "space"),
    "an id twice": (lambda z: change(z, S, 1, id=row(z, S)["id"]), "comes after"),
    "no time": (lambda z: change(z, S, taken_at="<b>"), "taken_at"),
    "a name with a line": (lambda z: change(z, G, name="a\nb"), "name"),
    "a name twice": (lambda z: change(z, P, 1, name=row(z, P)["name"].upper()), "taken"),
    "an emoji as a page": (lambda z: change(z, G, emoji="<script>" * 9), "emoji"),
    "a crop beyond its pack": (
        lambda z: change(z, S, crop={"pack": C, "begin": 10**9, "bytes": 10}),
        "no bytes",
    ),
    "a crop of another file": (
        lambda z: change(z, S, crop={"pack": "../mudra.db", "begin": 0, "bytes": 9}),
        "pack",
    ),
    "a crop that is none": (
        lambda z: z.update({C: b"\x80\x04pickle" * (len(z[C]) // 8 + 1)}),
        "a JPEG",
    ),
    "a picture bomb": (
        lambda z: (
            z.update({C: bomb() + z[C]}),
            change(z, S, crop={"pack": C, "begin": 0, "bytes": len(bomb())}),
        ),
        "8000 x 8000",
    ),
    "pictures in a keypoints-only project": (
        lambda z: _project(z, keypoints_only=True),
        "keypoints only",
    ),
    "a project's name as markup": (lambda z: _project(z, name="\u202eevil"), "name"),
    "a model by path": (lambda z: _project(z, active_model="../../etc"), "active_model"),
    "counts that lie": (
        lambda z: about(z, counts=json.loads(z["manifest.json"])["counts"] | {"samples": 10**8}),
        "manifest lists",
    ),
    "an action that runs a script": (
        lambda z: change(z, R, effect="page", value="javascript:alert(1)"),
        "can't be used",
    ),
    "an action with a bomb as its picture": (
        lambda z: change(z, R, effect="picture", value=webp(8000)),
        "8000 x 8000",
    ),
    "an action whose picture is none": (
        lambda z: change(z, R, effect="picture", value="data:image/webp;base64,AAAA"),
        "isn't a WEBP",
    ),
    "an action that nobody knows": (lambda z: change(z, R, effect="shell"), "no action"),
    "an action that says it was confirmed": (lambda z: change(z, R, confirmed=True), "confirmed"),
    "an action that never rests": (lambda z: change(z, R, cooldown_s=-1), "cooldown_s"),
    "an action of another project": (lambda z: change(z, R, project_id=1), "project_id"),
    "a thousand actions": (
        lambda z: z.update(
            {R: b"\n".join(json.dumps(row(z, R) | {"id": i}).encode() for i in range(51))}
        ),
        "at most 50",
    ),
    "another format": (lambda z: about(z, version=4), "version"),
    "another thing": (lambda z: about(z, format="zip"), "format"),
    "no manifest": (lambda z: z.pop("manifest.json"), "manifest"),
    "a manifest of nothing": (lambda z: z.update({"manifest.json": b"[]"}), "manifest"),
    "a pickled training": (lambda z: z.update({"runs/a/model.pkl": b"\x80"}), "model.pkl"),
    "a file more": (lambda z: z.update({"readme.txt": b"x"}), "readme.txt"),
    "a way out": (lambda z: z.update({"../evil.json": b"x"}), "unsafe name"),
    "a training's way out": (lambda z: z.update({"runs/../a.json": b"x"}), "unsafe name"),
    "a hidden training": (lambda z: z.update({"runs/.a/log.jsonl": b"x"}), "unexpected member"),
    "a training without log": (lambda z: z.update({"runs/a/model.onnx": b"x"}), "log.jsonl"),
    "a log with strange figures": (
        lambda z: change(z, next(n for n in z if n.endswith("log.jsonl")), 1, figures=[]),
        "can't be used",
    ),
    "a zip bomb": (lambda z: z.update({S: b"\n" * (50 * 2**20)}), "100:1"),
}


def zeros(count: int) -> str:
    return base64.b64encode(bytes(4 * count)).decode()


def webp(side: int) -> str:
    picture = cv2.imencode(".webp", np.zeros((side, side), np.uint8))[1].tobytes()
    return "data:image/webp;base64," + base64.b64encode(picture).decode()


def bomb() -> bytes:
    return cv2.imencode(".jpg", np.zeros((8000, 8000), np.uint8))[1].tobytes()


def write(path: Path, packed: dict[str, bytes], *, honest: bool = True) -> Path:
    """The members as a zip; `honest` makes the hashes fit."""
    packed = dict(packed)
    if honest and packed.get("manifest.json", b"").startswith(b"{"):
        members = [
            {"name": n, "bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()}
            for n, c in packed.items()
            if n != "manifest.json"
        ]
        about(packed, members=members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in packed.items():
            archive.writestr(name, member)
    return path


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_changes_nothing(what, packed, elsewhere, tmp_path):
    spoil, words = HOSTILE[what]
    spoil(packed)
    there, other = elsewhere
    with pytest.raises(MudraError, match=words):
        import_project(other, there, write(tmp_path / "h.zip", packed))
    assert other.projects() == other.projects(deleted=True) == []
    assert sorted(p.name for p in there.workspace.iterdir() if p.is_dir()) in ([], ["runs"])
    assert list_runs(there.runs) == []


def test_an_altered_member_is_named(packed, elsewhere, tmp_path):
    there, other = elsewhere
    change(packed, S, instance=0)
    with pytest.raises(ArchiveError, match=r"samples-00000\.jsonl was altered"):
        import_project(other, there, write(tmp_path / "h.zip", packed, honest=False))


def test_a_link_is_no_member(packed, elsewhere, tmp_path):
    there, other = elsewhere
    path = write(tmp_path / "h.zip", packed)
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("runs/a/x.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="link"):
        import_project(other, there, path)


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"\x80\x04pickle"])
def test_what_is_no_zip_is_refused(body, elsewhere, tmp_path):
    (tmp_path / "h.zip").write_bytes(body)
    with pytest.raises(ArchiveError, match="isn't a zip"):
        import_project(elsewhere[1], elsewhere[0], tmp_path / "h.zip")
    with pytest.raises(ArchiveError, match="does not exist"):
        import_project(elsewhere[1], elsewhere[0], tmp_path / "none.zip")
