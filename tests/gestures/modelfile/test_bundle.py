"""A `.gesture` file answers as its model does, and whatever was done to it is found."""

import json
import pickle
import random
import stat
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from core.errors import ArchiveError, ModelError, MudraError
from core.exchange.model_files import read_sample_hands
from core.gestures.modelfile import bundle as bundles
from core.gestures.modelfile.bundle import (
    MEMBERS,
    VECTOR_COUNT,
    Inputs,
    check_bundle,
    load_model,
    read_bundle,
    write_bundle,
)
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from tests.support.zips import members_of

NOISE = random.Random(1).randbytes(2**19 + 1)
NAN = float("nan")
CARD_TEXT, PREDICT_TEXT = "# A card ✋\n", "print('hello')\n"


@pytest.fixture(scope="module")
def hands() -> Inputs:
    return read_sample_hands(Paths.demo)


@pytest.fixture(scope="module")
def written(starter, hands, tmp_path_factory) -> Path:
    """One good file, for tests that read it or spoil a copy."""
    out = tmp_path_factory.mktemp("bundle") / "good.gesture"
    write_bundle(starter, out, hands, card=CARD_TEXT, predict=PREDICT_TEXT)
    return out


def packed(path: Path, members: dict[str, bytes]) -> Path:
    bundles.write_zip(path, members)
    return path


def resigned(path: Path, members: dict[str, bytes]) -> Path:
    """Packed with hashes that fit, as a forger would."""
    rest = {name: content for name, content in members.items() if name != "metadata.json"}
    about = bundles.add_hashes(json.loads(members["metadata.json"]), rest)
    return packed(path, rest | {"metadata.json": json.dumps(about).encode()})


# ------------------------------------------------------------------------------------- round trip


def test_the_file_holds_exactly_its_members_and_the_same_model(starter, hands, written):
    members = members_of(written)
    assert set(members) == set(MEMBERS) and len(MEMBERS) == 6
    assert members["model.onnx"] == starter.onnx
    assert members["CARD.md"].decode() == CARD_TEXT
    assert members["predict.py"].decode() == PREDICT_TEXT
    names = "thumbs_up thumbs_down point_up ok fist point_right point_left open_palm none"
    assert members["labels.txt"].decode().split() == names.split()
    back = load_model(written)
    assert back.gestures == starter.gestures and back.about.estimator == "mediapipe-hands"
    np.testing.assert_array_equal(
        back.predict(hands.keypoints, hands.mirrored_view)[0],
        starter.predict(hands.keypoints, hands.mirrored_view)[0],
    )
    assert written.parent.joinpath("good.gesture.part").exists() is False


def test_the_vectors_are_sixteen_varied_hands_and_the_model_s_answers(written, hands):
    read = read_bundle(written)
    np.testing.assert_array_equal(read.inputs.keypoints, hands.keypoints)
    np.testing.assert_array_equal(read.inputs.mirrored_view, hands.mirrored_view)
    assert read.inputs.keypoints.shape == (VECTOR_COUNT, 21, 2) and VECTOR_COUNT == 16
    assert read.inputs.mirrored_view.sum() == 8
    missing = np.isnan(read.inputs.keypoints).any(2)
    assert missing.sum(1).tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0]
    answers = read.answers["probabilities"]
    assert len(set(answers.argmax(1))) == 9  # each gesture is there
    np.testing.assert_allclose(answers.sum(1), 1, atol=1e-5)
    differences = read.compare_answers()
    assert differences.shape == (16,) and differences.max() < 1e-5


def test_a_file_of_another_name_or_place_is_refused(starter, hands, tmp_path):
    with pytest.raises(ArchiveError, match=r"must end in \.gesture"):
        write_bundle(starter, tmp_path / "a.zip", hands, card="", predict="")
    with pytest.raises(ArchiveError, match="can't be written"):
        write_bundle(starter, tmp_path / "no" / "a.gesture", hands, card="", predict="")
    assert list(tmp_path.iterdir()) == []


def test_an_export_whose_answers_are_no_numbers_leaves_no_file(starter, hands, tmp_path):
    graph = onnx.load_model_from_string(starter.onnx)
    [softmax] = [node for node in graph.graph.node if node.op_type == "Softmax"]
    source, target = softmax.input[0], softmax.output[0]
    graph.graph.node.remove(softmax)
    graph.graph.node.append(onnx.helper.make_node("Sqrt", [source], [target]))  # of negative ones
    undefined = GestureModel(starter.path, starter.metadata, graph.SerializeToString())
    with pytest.raises(ModelError, match=r"off its own vectors, at most 0\.0001"):
        write_bundle(undefined, tmp_path / "a.gesture", hands, card="", predict="")
    assert list(tmp_path.iterdir()) == []


def test_the_tolerance_is_a_ten_thousandth(written, tmp_path):
    members = members_of(written)
    for off, fine in ((8e-5, True), (1.2e-4, False)):

        def shift(content, off=off) -> None:
            content["probabilities"][5][2] += off

        path = edited(shift, "vectors.json")(tmp_path / f"{fine}.gesture", members)
        worst = read_bundle(path).compare_answers()
        assert worst.argmax() == 5 and worst.max() == pytest.approx(off, rel=0.01)
        if fine:
            check_bundle(path)
        else:
            with pytest.raises(ModelError, match=r"1\.2e-04|0\.00012"):
                check_bundle(path)


# ---------------------------------------------------------------------------------------- altered


@pytest.mark.parametrize("member", [name for name in MEMBERS if name != "metadata.json"])
def test_an_altered_byte_of_any_member_is_found(written, tmp_path, member):
    members = members_of(written)
    content = bytearray(members[member])
    content[len(content) // 2] ^= 1
    path = packed(tmp_path / "a.gesture", {**members, member: bytes(content)})
    with pytest.raises(MudraError, match=f"altered.*{member}|no ONNX|ONNX file|vectors.json|UTF-8"):
        check_bundle(path)


def test_any_flipped_byte_is_refused_or_changes_nothing(written, tmp_path):
    content, good = written.read_bytes(), members_of(written)
    rng = random.Random(7)
    refused = 0
    for place in rng.sample(range(len(content)), 60):
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << rng.randrange(8)
        path = tmp_path / "a.gesture"
        path.write_bytes(spoilt)
        try:
            check_bundle(path)
        except MudraError:
            refused += 1
        else:  # times and the like, which nobody reads
            assert members_of(path) == good
    assert refused > 50


# ---------------------------------------------------------------------------------------- hostile


def changed(**changes: bytes):
    """A maker of a file with other members, and hashes that fit."""
    named = {name.replace("_", "."): content for name, content in changes.items()}
    return lambda path, members: resigned(path, members | named)


def edited(change, member: str = "metadata.json"):
    """A maker of a file with another member of JSON, and hashes that fit."""

    def make(path: Path, members: dict[str, bytes]) -> Path:
        content = json.loads(members[member])
        change(content)
        return resigned(path, members | {member: json.dumps(content).encode()})

    return make


def vectors(**changes: object):
    return edited(lambda content: content.update(changes), "vectors.json")


def graph(change):
    """A maker of a file with another graph, and hashes that fit."""

    def make(path: Path, members: dict[str, bytes]) -> Path:
        model = onnx.load_model_from_string(members["model.onnx"])
        change(model)
        return resigned(path, members | {"model.onnx": model.SerializeToString()})

    return make


def external(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def with_entry(name: str, content: bytes = b"x", mode: int = 0o100644):
    def make(path: Path, members: dict[str, bytes]) -> Path:
        packed(path, members)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.external_attr = name, mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
        return path

    return make


def without(member: str):
    return lambda path, members: packed(path, {k: v for k, v in members.items() if k != member})


def without_export(path: Path, members: dict[str, bytes]) -> Path:
    about = json.loads(members["metadata.json"])
    del about["bundle"]
    return packed(path, members | {"metadata.json": json.dumps(about).encode()})


HOSTILE = {
    "no zip": (lambda path, _: path.write_bytes(b"PK nothing") and path, "isn't a zip"),
    "a bomb": (with_entry("CARD.md.txt", bytes(20 * 2**20)), "compressed more than 100:1"),
    "a name outside": (with_entry("../evil"), "unsafe name"),
    "a link": (with_entry("link", b"/etc/passwd", stat.S_IFLNK | 0o777), "link or device"),
    "a member twice": (with_entry("MODEL.onnx"), "twice"),
    "a pickle beside": (with_entry("weights.pkl", pickle.dumps(print)), r"weights\.pkl"),
    "a folder": (with_entry("sub/model.onnx"), "sub/model.onnx"),
    "no vectors": (without("vectors.json"), r"lacks vectors\.json"),
    "no metadata": (without("metadata.json"), r"lacks metadata\.json"),
    "a pickle as the model": (changed(model_onnx=pickle.dumps(print)), "not an ONNX file"),
    "external data": (graph(external), "outside the file"),
    "an unknown operator": (
        graph(lambda m: setattr(m.graph.node[0], "domain", "evil")),
        "operators of",
    ),
    "other labels": (changed(labels_txt=b"a\nb\n"), r"names other gestures"),
    "labels in no text": (changed(labels_txt=b"\xff\xfe\0"), "no text in UTF-8"),
    "a huge card": (changed(CARD_md=NOISE.hex().encode()), "over 1,048,576"),
    "no export": (without_export, "has no export version"),
    "vectors of words": (changed(vectors_json=b"hello"), "can't be read"),
    "vectors nested deep": (changed(vectors_json=b"[" * 200_000), "can't be read"),
    "vectors without views": (vectors(mirrored_view=None), "expected are|can't be read"),
    "vectors of other hands": (vectors(keypoints=[[[1.0, 2.0]] * 5] * 16), "expected are"),
    "too few vectors": (vectors(keypoints=[[[1.0, 2.0]] * 21]), "expected are"),
    "ragged vectors": (vectors(keypoints=[[1], [2, 3]]), "can't be read"),
    "wrong answers": (vectors(probabilities=[[1 / 9] * 9] * 16), "off its own vectors"),
    "answers of NaN": (vectors(probabilities=[[None] * 9] * 16), "off its own vectors"),
    "a rejection without its threshold": (
        edited(lambda a: a.pop("rejection")),
        "lacks the threshold of the rejection",
    ),
    "a rejection without vectors": (
        edited(lambda v: v.pop("rejection"), "vectors.json"),
        "its vectors contain",
    ),
    "another rejection": (vectors(rejection=[0.5] * 16), "off its own vectors"),
    "a threshold of NaN": (edited(lambda a: a.update(threshold=NAN)), "threshold"),
    "an example of NaN seconds": (edited(lambda a: a.update(longest_s=[NAN] * 9)), "longest_s"),
    "an example of a gesture that is none": (edited(lambda a: a.update(longest_s=[1])), "longest"),
    "a threshold of 7": (edited(lambda a: a.update(threshold=7)), "threshold.*less than"),
    "an accuracy of 2": (edited(lambda a: a["figures"].update(accuracy=2)), "figures.accuracy"),
    "half a character": (edited(lambda a: a.update(split="\ud800")), "split"),
    "a hidden name": (
        edited(lambda a: a["gestures"][0].update(name="a\u202eb")),
        "metadata.*U.202E",
    ),
    "a feature version": (edited(lambda a: a.update(feature_version=99)), "feature version 99"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_words(written, tmp_path, case):
    make, words = HOSTILE[case]
    path = make(tmp_path / "a.gesture", members_of(written))
    with pytest.raises(MudraError, match=words) as raised:
        check_bundle(path)
    assert len(str(raised.value)) < 1500
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_there_no_more_is_no_bundle(tmp_path):
    with pytest.raises(ArchiveError, match="is not there"):
        load_model(tmp_path / "none.gesture")
