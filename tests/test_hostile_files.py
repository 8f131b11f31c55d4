"""Hostile files and names, made here, each through the door that an untrusted file would take.

Every case runs in a process of its own, which may take 1 GiB of memory beyond what it starts with:
it must end in Mudra's own error with the words given, and leave nothing but the store behind.
"""

import hashlib
import io
import json
import multiprocessing
import os
import pickle
import re
import shutil
import stat
import struct
import tempfile
import warnings
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper
from PIL import Image
from pyarrow import parquet

from core.depth.io.recordings import open_depth
from core.errors import MudraError
from core.exchange.model_files import read_sample_hands
from core.gestures.modelfile.bundle import check_bundle, write_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.measuring.coco_evaluation import evaluate_coco
from core.measuring.gesture_evaluation import evaluate_gestures
from core.media.limits import VIDEO
from core.media.pictures import read_picture
from core.media.videos import read_video
from core.paths import Paths
from core.recording.demo import ReplayEstimator, read_demo_hands
from core.recording.imports.importing import ImportOptions, import_path
from core.store import Store
from tests.support.oni_files import make_oni
from tests.support.png_files import chunk, png
from tests.support.videos import write_video

MEMORY = 2**30  # bytes that a case may take beyond what its process starts with
WAIT_S = 60.0

Maker = Callable[[Path], object]
CASES: list[tuple[str, str, Maker, str]] = []  # id, door, maker, the words of its error


def case(name: str, door: str, words: str, maker: Maker) -> None:
    """The maker gets an empty folder and returns the path, or the name, to be tried."""
    CASES.append((name, door, maker, words))


def bytes_case(door: str, name: str, content: bytes, words: str) -> None:
    """A case that is a file of this content."""
    case(f"{door} {name}", door, words, lambda folder: _written(folder / name, content))


def sparse_case(door: str, name: str, size: int, words: str) -> None:
    """A case that is a file of so many zeros, which take no room."""

    def make(folder: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.truncate(size)
        return folder / name

    case(f"{door} {name} of {size:,} bytes", door, words, make)


def folder_case(door: str, name: str, words: str) -> None:
    """A case that is a folder where a file should be."""

    def make(folder: Path) -> Path:
        (folder / name).mkdir()
        return folder / name

    case(f"a folder as {name}", door, words, make)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# ----------------------------------------------------------------------------------------- models


def other_model(content: bytes) -> Maker:
    """The starter model's metadata beside another file."""

    def make(folder: Path) -> Path:
        shutil.copy(Paths.starter / "metadata.json", folder)
        (folder / "model.onnx").write_bytes(content)
        return folder

    return make


_STARTER = (Paths.starter / "model.onnx").read_bytes()


def spoilt(change: Callable[[onnx.ModelProto], object]) -> Maker:
    """The starter model, its graph changed."""
    graph = onnx.load_model_from_string(_STARTER)
    change(graph)
    return other_model(graph.SerializeToString())


def other_metadata(text: str | None = None, **changes: object) -> Maker:
    """The starter model beside other metadata."""

    def make(folder: Path) -> Path:
        shutil.copy(Paths.starter / "model.onnx", folder)
        about = json.loads((Paths.starter / "metadata.json").read_text(encoding="utf-8"))
        said = json.dumps(about | changes) if text is None else text
        (folder / "metadata.json").write_text(said, encoding="latin-1", errors="replace")
        return folder

    return make


def other_gestures(*names: str) -> Maker:
    return other_metadata(gestures=[{"name": name, "emoji": ""} for name in names])


node, value = helper.make_node, helper.make_tensor_value_info
_YES = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
_LOOP = (("i", TensorProto.INT64), ("on", TensorProto.BOOL), ("on2", TensorProto.BOOL))


def _put_first(graph: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    """Put nodes before all others."""
    there = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend([*nodes, *there])


def _foreign(graph: onnx.ModelProto) -> None:
    graph.graph.node[0].domain = "evil.ops"


def _foreign_inside(graph: onnx.ModelProto) -> None:
    shell = node("Shell", [], ["y"], domain="evil.ops")
    inner = helper.make_graph([shell], "inside", [], [value("y", TensorProto.FLOAT, None)])
    branch = node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    _put_first(graph, node("Constant", [], ["c"], value=_YES), branch)


def _foreign_function(graph: onnx.ModelProto) -> None:
    inner, opset = node("Shell", [], ["y"], domain="evil.ops"), helper.make_opsetid("", 18)
    graph.functions.append(helper.make_function("", "F", [], ["y"], [inner], [opset]))


def _outside(tensor: onnx.TensorProto) -> onnx.TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    return tensor


def _external_constant(graph: onnx.ModelProto) -> None:
    tensor = _outside(TensorProto(data_type=TensorProto.UINT8, dims=[8], name="t"))
    _put_first(graph, node("Constant", [], ["stolen"], value=tensor))


def _endless(graph: onnx.ModelProto) -> None:
    number, on, on2 = (value(name, kind, []) for name, kind in _LOOP)
    body = helper.make_graph([node("Identity", ["on"], ["on2"])], "body", [number, on], [on2])
    loop = node("Loop", ["", "go"], [], body=body)
    _put_first(graph, node("Constant", [], ["go"], value=_YES), loop)


def _memory(graph: onnx.ModelProto) -> None:
    size = helper.make_tensor("s", TensorProto.INT64, [2], [2**18, 2**18])
    _put_first(
        graph,
        node("Constant", [], ["size"], value=size),
        node("ConstantOfShape", ["size"], ["filled"]),
        node("ReduceMax", ["filled"], ["most"]),
    )
    last = graph.graph.output[0].name
    for one in graph.graph.node:
        one.output[:] = ["almost" if o == last else o for o in one.output]
    graph.graph.node.append(node("Min", ["almost", "most"], [last]))


def _square(graph: onnx.ModelProto) -> None:
    """Little work for the 16 hands of a check, and hours for thousands."""
    products = [node("MatMul", [f"m{i}", "m0"], [f"m{i + 1}"]) for i in range(1000)]
    _put_first(
        graph,
        node("Flatten", ["keypoints"], ["flat"]),
        node("Transpose", ["flat"], ["turned"]),
        node("MatMul", ["flat", "turned"], ["m0"]),
        *products,
    )


def _wrong_shape(graph: onnx.ModelProto) -> None:
    graph.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 3


def _renamed(kind: str, name: str) -> Callable[[onnx.ModelProto], None]:
    def rename(graph: onnx.ModelProto) -> None:
        renamed = getattr(graph.graph, kind)[0]
        old, renamed.name = renamed.name, name
        for one in graph.graph.node:
            one.input[:] = [name if i == old else i for i in one.input]
            one.output[:] = [name if o == old else o for o in one.output]

    return rename


for _name, _maker, _words in [
    ("a pickle as a model", other_model(pickle.dumps(print)), "not an ONNX file"),
    ("an empty model", other_model(b""), "not an ONNX file|can't be run"),
    ("a cut model", other_model(_STARTER[:9000]), "not an ONNX file"),
    ("noise as a model", other_model(bytes(range(256)) * 99), "not an ONNX file"),
    ("a model of 21 MB", other_model(bytes(21 * 2**20)), "the limit is"),
    ("a foreign operator", spoilt(_foreign), "evil.ops"),
    ("a foreign operator in a branch", spoilt(_foreign_inside), "evil.ops|uses If"),
    ("a foreign operator in a function", spoilt(_foreign_function), "evil.ops"),
    ("external weights", spoilt(lambda g: _outside(g.graph.initializer[0])), "outside the file"),
    ("an external constant", spoilt(_external_constant), "outside the file"),
    ("an endless loop", spoilt(_endless), "Loop"),
    ("a model that fills memory", spoilt(_memory), "can't be run.*ConstantOfShape"),
    ("another input", spoilt(_renamed("input", "pixels")), "pixels"),
    ("another output", spoilt(_renamed("output", "answer")), "answer"),
    ("points in three dimensions", spoilt(_wrong_shape), "takes|can't be run"),
    ("one gesture for nine answers", other_gestures("ok"), "9 answers"),
    ("no gestures", other_gestures(), "names no gestures"),
    ("a gesture named twice", other_gestures(*["ok"] * 9), "names the gesture “ok” twice"),
    ("a gesture's name of 4000 signs", other_gestures("x" * 4000), "1 to 40"),
    ("a gesture's name that turns text round", other_gestures("\u202eko"), "U\\+202E|metadata"),
    ("metadata of words", other_metadata("hello"), "no gesture model's metadata"),
    ("metadata as a list", other_metadata("[1, 2]"), "no gesture model's metadata"),
    ("metadata nested deep", other_metadata("[" * 200_000), "no gesture model's metadata"),
    ("metadata of 30 MB", other_metadata(" " * 30 * 2**20), "the limit is"),
    ("metadata in another alphabet", other_metadata("\xe9\xff"), "no gesture model's metadata"),
    ("a threshold of words", other_metadata(threshold="high"), "metadata can't be used"),
]:
    case(_name, "model", _words, _maker)


# ---------------------------------------------------------------------------------------- bundles


def bundled(change: Callable[[onnx.ModelProto], object], **metadata: object) -> Maker:
    """The starter as a `.gesture` file, its graph and metadata changed, with hashes that fit."""

    def make(folder: Path) -> Path:
        path = folder / "given.gesture"
        starter = GestureModel.load(Paths.starter)
        write_bundle(starter, path, read_sample_hands(Paths.demo), card="", predict="")
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        graph = onnx.load_model_from_string(members["model.onnx"])
        change(graph)
        members["model.onnx"] = graph.SerializeToString()
        digest = hashlib.sha256(members["model.onnx"]).hexdigest()
        about = json.loads(members["metadata.json"]) | metadata
        about["bundle"]["sha256"]["model.onnx"] = digest
        members["metadata.json"] = json.dumps(about).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return make


for _name, _about in {
    "statistics of words": {"usual": {"ok": {"turn": "x"}}},
    "statistics of two numbers": {"usual": {"ok": {"width": [1, 2]}}},
    "statistics without end": {"usual": {"ok": {"reach": [0, 1e999, 2]}}},
    "statistics of a word for a side": {"usual": {"ok": {"side": "left"}}},
    "statistics in a list": {"usual": [1, 2]},
    "a smoothing of words": {"smoothing": {"enter": "soon"}},
    "figures over one": {"figures": {"n": 3, "accuracy": 7}},
    "a rejection without a score": {"rejection": {"threshold": 1}},
    "a census of text": {"census": "many"},
}.items():
    _maker = bundled(lambda graph: None, **_about)
    case(f"a bundle with {_name}", "bundle", "metadata can't be used", _maker)

for _name, _change, _words in [
    ("that fills memory", _memory, "an array of 68,719,476,736 numbers"),
    ("with a loop", _endless, "Loop"),
    ("that is slow for many hands", _square, r"multiplications for [\d,]+ samples"),
    ("with external weights", lambda g: _outside(g.graph.initializer[0]), "outside the file"),
]:
    case(f"a bundle {_name}", "bundle", _words, bundled(_change))


# ------------------------------------------------------------------------------------------- zips


def zipped(*names: str, content: bytes = b"x", change: Callable = lambda entry: None) -> Maker:
    """A zip with these names, as they stand."""

    def make(folder: Path) -> Path:
        path = folder / "given.zip"
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            warnings.simplefilter("ignore", UserWarning)  # a name twice
            for name in names:
                entry = zipfile.ZipInfo("x")
                entry.filename, entry.compress_type = name, zipfile.ZIP_DEFLATED
                change(entry)
                archive.writestr(entry, content)
        return path

    return make


def patched(maker: Maker, mark: bytes, offset: int, patch: bytes) -> Maker:
    """The maker's file, with bytes changed at an offset from the last occurrence of a mark."""

    def make(folder: Path) -> Path:
        path = Path(str(maker(folder)))
        content = bytearray(path.read_bytes())
        at = content.rindex(mark) + offset
        content[at : at + len(patch)] = patch
        return _written(path, bytes(content))

    return make


def _link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def _many_names(folder: Path) -> Path:
    """A directory of three million entries, all of which are the same file."""
    one = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    )
    count = 3_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, count * (len(one) + 1), 0, 0)
    return _written(folder / "given.zip", (one + b"a") * count + end)


_SMALL = zipped("ok/a.jpg", content=bytes(range(256)) * 20)
_DIRECTORY, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
for _name, _maker, _words in [
    ("a way out", zipped("../../out.jpg"), "unsafe name"),
    ("a way out from within", zipped("ok/../../out.jpg"), "unsafe name"),
    ("an absolute name", zipped("/tmp/mudra-hostile/out.jpg"), "unsafe name"),
    ("a drive", zipped("C:/out.jpg"), "unsafe name"),
    ("a backslash", zipped("..\\out.jpg"), "unsafe name"),
    ("a NUL in a name", zipped("ok/a.jpg\0.txt"), "unsafe name"),
    ("a link", zipped("ok/a.jpg", content=b"/etc/passwd", change=_link), "link or device"),
    ("a name twice", zipped("ok/a.jpg", "OK/A.JPG"), "twice"),
    ("a bomb", zipped("ok/a.jpg", content=bytes(30 * 2**20)), "100:1"),
    ("a name of 300 signs", zipped(f"ok/{'a' * 300}.jpg"), "can't be unpacked"),
    ("a folder's name of 300 signs", zipped(f"{'a' * 300}/a.jpg"), "can't be unpacked"),
    ("a file that is a folder, too", zipped("ok", "ok/a.jpg"), "can't be unpacked"),
    ("no picture in it", zipped("ok/run.sh"), "no pictures"),
    ("nothing in it", zipped(), "no pictures"),
    ("pictures that are none", zipped("ok/a.jpg", content=b"MZ no picture"), "a JPEG, PNG or WEBP"),
    ("folders that can't be gestures", zipped(f"{'n' * 60}/a.jpg"), "1 to 40|decoded|a JPEG"),
    ("50,001 entries", zipped(*(f"{i}.jpg" for i in range(50_001)), content=b""), "50,001 entries"),
    ("a directory of 3,000,000 entries", _many_names, "directory"),
    ("a password", patched(patched(_SMALL, _LOCAL, 6, b"\1"), _DIRECTORY, 8, b"\1"), "unpacked"),
    (
        "an unknown packing",
        patched(patched(_SMALL, _LOCAL, 8, b"\x63"), _DIRECTORY, 10, b"\x63"),
        "unpacked",
    ),
    ("damaged packing", patched(_SMALL, _LOCAL, 40, b"\xff" * 20), "unpacked"),
    ("a wrong sum", patched(_SMALL, _DIRECTORY, 16, b"\0\0\0\0"), "unpacked"),
    ("a size that is a lie", patched(_SMALL, _DIRECTORY, 24, b"\x0a\0\0\0"), "unpacked"),
    (
        "a name that is no text",
        patched(patched(_SMALL, _DIRECTORY, 46, b"\xff\xfe"), _DIRECTORY, 9, b"\x08"),
        "a zip that can be read",
    ),
    (
        "a directory elsewhere",
        patched(_SMALL, b"PK\x05\x06", 16, b"\xf0\xff\xff\x7f"),
        "a zip that can|unpacked",
    ),
]:
    case(f"zip: {_name}", "import", _words, _maker)
bytes_case("import", "no.zip", b"PK\x03\x04 no zip", "a zip that can be read")


# --------------------------------------------------------------------------------------- pictures


def image(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(out, kind, **options)
    return out.getvalue()


_BOMB = zlib.compress(bytes(2**27), 9)
for _name, _content, _words in [
    ("empty.jpg", b"", "a JPEG, PNG or WEBP"),
    ("program.png", b"MZ" + bytes(999), "a JPEG, PNG or WEBP"),
    ("script.jpg", b"<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>", "a JPEG"),
    ("postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a JPEG"),
    ("moving.png", image("GIF"), "a JPEG, PNG or WEBP"),
    ("scan.jpg", image("TIFF"), "a JPEG, PNG or WEBP"),
    ("bomb.png", png(60_000, 60_000), "50,000,000 pixels"),
    ("wide.png", png(10_001, 4), "10001 x 4"),
    ("large.png", png(9_000, 9_000), "9000 x 9000"),
    ("hollow.png", png(640, 480), "can't be decoded"),
    ("text.png", png(64, 64, chunk(b"zTXt", b"a\0\0" + _BOMB)), "can't be decoded"),
    ("profile.png", png(64, 64, chunk(b"iCCP", b"a\0\0" + _BOMB)), "can't be decoded"),
    ("cut.jpg", image("JPEG")[:-900], "can't be decoded"),
    ("cut.webp", image("WEBP")[:-900], "can't be decoded|a JPEG"),
    (
        "turned.jpg",
        image("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")[:-900],
        "can't be decoded",
    ),
]:
    bytes_case("picture", _name, _content, _words)
folder_case("picture", "a.jpg", "can't be read")
sparse_case("picture", "heavy.png", 20 * 2**20 + 1, "20,971,521 bytes")


def large_animation(folder: Path) -> Path:
    frames = [Image.new("RGB", (5000, 4000), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "a.webp", save_all=True, append_images=frames[1:], quality=1)
    return folder / "a.webp"


case("a large animation", "picture", "animation of 5000 x 4000 pixels", large_animation)


# ----------------------------------------------------------------------------------------- videos


def sound(seconds: float) -> bytes:
    """A sound, no picture."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(16_000 * seconds)))
    return out.getvalue()


_START = b"\x1aE\xdf\xa3\xa3B\x86\x81\x01"
for _name, _content, _words in [
    ("empty.mp4", b"", "0 bytes"),
    ("words.mp4", b"no video at all\n" * 50, "a video that can be read"),
    ("playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "playlist"),
    ("remote.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "remote"),
    ("joined.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n", "joined"),
    ("picture.mp4", b"\x89PNG\r\n\x1a\n" + bytes(64), "picture"),
    ("zeros.webm", bytes(4096), "a video that can be read"),
    ("start.mkv", _START + bytes(500), "start.mkv"),
    ("sound.avi", sound(1), "isn't a video of a supported kind"),
]:
    bytes_case("video", _name, _content, _words)


def film(path: Path, size_wh: tuple[int, int], count: int, *, rate: int = 10) -> Path:
    """A grey film of JPEGs."""
    grey = np.full((*size_wh[::-1], 3), 128, np.uint8)
    return write_video(path, [grey] * count, "mjpeg", "yuvj420p", rate=rate)


def swollen_film(folder: Path) -> Path:
    """A small video of huge pictures."""
    small, huge = io.BytesIO(), io.BytesIO()
    Image.new("L", (64, 64)).save(small, "JPEG")
    Image.new("L", (20_000, 20_000)).save(huge, "JPEG")
    path = film(folder / "a.avi", (64, 64), 1)
    content = path.read_bytes()
    at = content.index(b"00dc", content.index(b"movi")) + 4
    length = int.from_bytes(content[at : at + 4], "little")
    jpeg = huge.getvalue()
    return _written(
        path, content[:at] + struct.pack("<I", len(jpeg)) + jpeg + content[at + 4 + length :]
    )


def cut_film(folder: Path) -> Path:
    path = film(folder / "a.mp4", (64, 64), 50)
    return _written(path, path.read_bytes()[:900])


for _name, _words, _maker in [
    ("of 11 minutes", "660 s", lambda folder: film(folder / "a.avi", (16, 16), 660, rate=1)),
    ("wider than it may be", "shrink", lambda folder: film(folder / "a.avi", (4112, 16), 1)),
    ("of small size and huge pictures", "a.avi", swollen_film),
    ("without its end", "a.mp4", cut_film),
]:
    case(f"a video {_name}", "video", _words, _maker)
folder_case("video", "a.mp4", "no video at")
sparse_case("video", "a.mp4", VIDEO.max_bytes + 1, "209,715,201 bytes")


# ----------------------------------------------------------------------------------------- tables

_HEAD = ",".join(["gesture", *(f"{axis}{j}" for j in range(21) for axis in "xy")]) + "\n"
_ROW = ",".join(map(str, range(42))) + "\n"
for _name, _text, _words in [
    ("empty.csv", "", "empty.csv"),
    ("head.csv", _HEAD, "no rows"),
    ("words.csv", "hello\nworld\n", "1 columns"),
    ("missing.csv", _HEAD.replace("x7", "z7") + f"ok,{_ROW}", "x7"),
    ("nan.csv", f"{_HEAD}ok,{_ROW}ok,{_ROW.replace('7,', 'NaN,', 1)}", "line: 3"),
    ("infinite.csv", f"{_HEAD}ok,{_ROW.replace('7,', 'inf,', 1)}", "line: 2"),
    ("vast.csv", f"{_HEAD}ok,{_ROW.replace('7,', '1e300,', 1)}", "line: 2"),
    ("formula.csv", f"{_HEAD}ok,{_ROW.replace('7,', '=1+1,', 1)}", "line: 2"),
    ("hundred.csv", _HEAD + f"ok,{_ROW.replace('7,', 'x,', 1)}" * 100, "100 lines: 2, .* 21 …"),
    ("longer.csv", f"{_HEAD}ok,{_ROW}ok,1,{_ROW}", "line: 3"),
    ("nameless.csv", f"{_HEAD},{_ROW}", "gesture is empty .*line: 2"),
    (
        "mixed.csv",
        _HEAD.replace("\n", ",estimator\n") + f"ok,{_ROW[:-1]},a\nok,{_ROW[:-1]},b\n",
        "mixes the estimators a, b",
    ),
    ("turned.csv", f"{_HEAD}\u202eko,{_ROW}", "U\\+202E"),
    ("control.csv", f"{_HEAD}o\x07k,{_ROW}", "U\\+0007"),
    ("quote.csv", f'{_HEAD}ok,"{_ROW}' * 3, "quote.csv"),
    ("label.csv", f"3.5,{_ROW}", "whole number .*line: 1"),
    ("class.csv", ",".join([*map(str, range(44)), "class"]) + "\n" + "1," * 44 + "7\n", "0 or 1"),
]:
    bytes_case("import", _name, _text.encode(), _words)
    if _name in ("nan.csv", "mixed.csv", "empty.csv"):
        bytes_case("evaluate", _name, _text.encode(), _words)
bytes_case("import", "program.csv", b"MZ\x90\0" + bytes(range(256)) * 9, "program.csv")
bytes_case("import", "nul.csv", _HEAD.encode() + b"ok\0," + _ROW.encode(), "nul.csv")
bytes_case("import", "noise.parquet", b"PAR1" + bytes(range(256)) + b"PAR1", "isn't a table")
bytes_case("import", "columns.csv", b"," * 30_000_000, "cells")
bytes_case("import", "lines.csv", b"\n" * 30_000_000, "cells")
bytes_case("evaluate", "pictures.zip", b"no zip", "a zip that can be read")
bytes_case("import", "run.exe", b"MZ", "no folder, zip or table")


def parquet_case(name: str, columns: Callable[[], dict[str, object]], words: str) -> None:
    def make(folder: Path) -> Path:
        parquet.write_table(pa.table(columns()), folder / "a.parquet", compression="zstd")
        return folder / "a.parquet"

    case(f"a parquet {name}", "import", words, make)


def repeated_text(length: int, rows: int) -> dict[str, object]:
    """A small table whose one text stands in every row."""
    texts = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["x" * length]))
    texts = texts.cast(pa.dictionary(pa.int32(), pa.large_string()))
    return {"gesture": texts} | {f"{axis}{j}": np.zeros(rows) for j in range(21) for axis in "xy"}


parquet_case(
    "of sixty million cells", lambda: dict.fromkeys("abc", np.zeros(20_000_000, np.int8)), "cells"
)
parquet_case("of lists", lambda: {"x0": [[1, 2]], "gesture": [{"a": 1}]}, "a.parquet")
parquet_case("with a text of 10 MB", lambda: repeated_text(10**7, 400), "10,000,000")
parquet_case("of long names", lambda: repeated_text(1000, 180_000), "over 160 MB")


# ------------------------------------------------------------------------------------------ names

for _name, _text, _words in [
    ("empty", "", "1 to 40"),
    ("of blanks", " \t ", "1 to 40"),
    ("of 41 signs", "x" * 41, "1 to 40"),
    ("of a million signs", "x" * 10**6, "1 to 40"),
    ("with a line's end", "a\nb", "U\\+000A"),
    ("with a NUL", "a\0b", "U\\+0000"),
    ("with an escape", "a\x1b[31m", "U\\+001B"),
    ("that turns text round", "a\u202egnp.exe", "U\\+202E"),
    ("with an invisible mark", "a\u200bb", "U\\+200B"),
    ("with half a character", "a\ud800", "U\\+D800"),
    ("there already in capitals", "TAKEN", "there is|already|exists"),
]:
    case(f"a name {_name}", "name", _words, lambda folder, text=_text: text)


# ---------------------------------------------------------------- COCO's annotations and results


def endless_annotation(folder: Path) -> Path:
    with (folder / "truth.json").open("w") as file:
        file.write('{"annotations": [{"id": 1, "keypoints": [')
        file.writelines(["0," * 10**6] * 100)
    return folder / "truth.json"


case("an annotation without end", "coco", "values in one of them", endless_annotation)
bytes_case("coco", "deep.json", b'{"annotations": [' + b"[" * 10**6, "nested brackets")
sparse_case("coco", "truth.json", 2**40, "over 314,572,800 bytes")


# -------------------------------------------------------------------------------- depth recordings


def oni(width: int, height: int, picture: bytes) -> bytes:
    """OpenNI's recording of one picture."""
    return make_oni(mode=struct.pack("<3I", width, height, 30), contents=[picture])


bytes_case("depth", "sizes.oni", oni(2**31, 2**31, b""), r"2147483648 x 2147483648")
bytes_case("depth", "runs.oni", oni(640, 480, b"\0\0" + b"\xfe" * 900_000), r"unpacks to")
bytes_case("depth", "empty_runs.oni", oni(1600, 1200, b"\0\0" + b"\xe0" * 5_700_000), r"unpacks")
bytes_case("depth", "long.oni", oni(640, 480, bytes(30_000_000)), r"has 30,000,000 bytes for")


def depth_npz(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", depth=np.zeros((10, 512, 512), np.uint16))
    return folder / "a.npz"


_size = (2**32 - 2).to_bytes(4, "little")  # the directory's word for it
case(
    "depth npz that unpacks to 4 GB",
    "depth",
    r"the limit is 10,000 of 1,073,741,824",
    patched(depth_npz, _DIRECTORY, 24, _size),
)


def depth_folder(name: str, content: bytes) -> Maker:
    """A folder of one picture and its camera, and another file or in one's place."""

    def make(folder: Path) -> Path:
        Image.new("I;16", (8, 6)).save(folder / "1.png")
        camera = {"fx": 50, "fy": 50, "u0": 4, "v0": 3, "width": 8, "height": 6}
        (folder / "camera.json").write_text(json.dumps(camera))
        (folder / name).write_bytes(content)
        return folder

    return make


for _name, _content, _words in [
    ("1.png", png(60_000, 60_000), r"1\.png (has 60000 x 60000|is no PNG)"),
    ("camera.json", b"[" * 60_000, r"camera\.json is no JSON"),
    ("joints.csv", b"picture\n" + b"1\n" * 1_000_001, "has over 1,000,000 rows"),
    ("times.csv", b"picture,time_s\n" + b"1,0\n" * 1_000_001, "has over 1,000,000 rows"),
]:
    case(f"depth folder with {_name}", "depth", _words, depth_folder(_name, _content))


def _depth(path: Path, store: Store) -> None:
    with open_depth(path) as source:
        for _ in source:
            pass


# ------------------------------------------------------------------------------------------- doors


def _read_video(path: Path, store: Store) -> None:
    for _ in read_video(path):
        pass


def _import(path: Path, store: Store) -> str:
    hands = read_demo_hands(Paths.demo)
    report = import_path(store, "p", path, ImportOptions(lambda: ReplayEstimator(hands)))
    assert not report.added
    return "; ".join(reason for _, reason in report.skipped)


def _evaluate(path: Path, store: Store) -> None:
    hands = read_demo_hands(Paths.demo)
    model = GestureModel.load(Paths.starter)
    evaluate_gestures(model, path, estimator_factory=lambda: ReplayEstimator(hands))


def _model(path: Path, store: Store) -> None:
    model = GestureModel.load(path)
    model.predict(np.ones((1, 21, 2), np.float32), np.zeros(1, bool))[0]


def _name_all(text: str, store: Store) -> str:
    """The same name as a project's, a gesture's and a new name of both; a person's need be valid
    only."""
    project = store.create_project("taken")
    store.add_gesture(project.id, "taken")
    other = store.create_project("other")
    doors: list[Callable[[], object]] = [
        lambda: store.create_project(text),
        lambda: store.add_gesture(project.id, text),
        lambda: store.rename_project(other.id, text),
    ]
    if text != "TAKEN":
        doors.append(lambda: store.ensure_person(project.id, text))
    said = set()
    for door in doors:
        with pytest.raises(MudraError) as raised:
            door()
        said.add(str(raised.value))
    return " / ".join(said)


DOORS: dict[str, Callable] = {
    "model": _model,
    "bundle": lambda path, store: check_bundle(path),
    "picture": lambda path, store: read_picture(path),
    "video": _read_video,
    "import": _import,
    "evaluate": _evaluate,
    "depth": _depth,
    "coco": lambda path, store: evaluate_coco(path, path),
    "name": _name_all,
}


def _limit_memory() -> None:
    import resource

    pa.array(["a"])  # Arrow reserves a gigabyte of addresses, which is no memory, at its first use
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _try(number: int, folder: Path, answer) -> None:
    """In a process of its own: what the case's door says."""
    _, door, make, _ = CASES[number]
    given, inside = folder / "given", folder / "inside"
    tempfile.tempdir = str(inside / "temp")
    os.chdir(inside)
    try:
        thing = make(given)
        before = _tree(given)
        if Path("/proc/self/statm").exists():
            _limit_memory()
        store = Store(folder / "store" / "mudra.sqlite")
        try:
            said = DOORS[door](thing, store) or ""
        except MudraError as error:
            said = str(error)
        store.projects()  # it lives
        store.close()
        answer.send((said, _tree(given) == before))
    except BaseException as error:
        answer.send((f"{type(error).__name__} got through: {str(error)[:300]}", True))


def _tree(folder: Path) -> set[tuple[str, int]]:
    return {(str(p.relative_to(folder)), p.stat().st_size) for p in folder.rglob("*")}


@pytest.fixture(scope="module")
def processes():
    """Processes begin as copies of one that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_hostile_files"])
    return context


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, *_ in CASES])
def test_what_is_hostile_ends_in_its_error_and_leaves_nothing(processes, tmp_path, number):
    for name in ("given", "inside/temp", "store"):
        (tmp_path / name).mkdir(parents=True)
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=_try, args=(number, tmp_path, there))
    process.start()
    there.close()
    try:
        assert here.poll(WAIT_S), "no answer"
        said, untouched = here.recv()
    except EOFError:
        process.join(WAIT_S)
        pytest.fail(f"the process died of {process.exitcode}")
    finally:
        process.kill()
        process.join()
    words = CASES[number][3]
    assert "got through" not in said, said
    assert re.search(words, said), said
    assert len(said) < 2000
    assert untouched, "the given file was changed"
    assert _tree(tmp_path / "inside") == {("temp", (tmp_path / "inside/temp").stat().st_size)}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["given", "inside", "store"]
    assert not Path("/tmp/mudra-hostile").exists()


def test_every_door_is_tried_and_there_are_enough():
    assert {door for _, door, *_ in CASES} == set(DOORS) and len(CASES) >= 40
    assert len({name for name, *_ in CASES}) == len(CASES)
