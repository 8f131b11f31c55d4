"""Published files of full size, generated: no two arrays are equal."""

import math
import os
import pickle
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from core.modelfiles.catalogue import WeightsFile, expected_shapes
from tests.modelfiles.caffe_file import caffemodel


def make_arrays(name):
    """Return the named net's arrays, no two of them equal."""
    arrays = {}
    for i, (array, shape) in enumerate(expected_shapes(name).items()):
        size = math.prod(shape)
        arrays[array] = (np.arange(size, dtype="f4") / size + i).reshape(shape)
    return arrays


def pickle_arrays(arrays):
    """Pickle arrays as the CPM ports do: HWIO kernels, biases named LAYER_b."""
    table = {}
    for name, array in arrays.items():
        layer, kind = name.rsplit(".", 1)
        key = layer if kind == "weight" else f"{layer}_b"
        table[key] = array.transpose(2, 3, 1, 0) if kind == "weight" else array
    return pickle.dumps(table, 2)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A folder that is deleted after the module: these files are large."""
    folder = tmp_path_factory.mktemp("published")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def hand_file(scratch):
    """A caffemodel of the six-stage hand net."""
    path = scratch / "hand.caffemodel"
    path.write_bytes(caffemodel(make_arrays("cpm.openpose_hand")))
    return path


@pytest.fixture(scope="module")
def small_file(scratch):
    """A caffemodel of one layer, of no known net."""
    path = scratch / "small.caffemodel"
    path.write_bytes(caffemodel({"a.weight": np.ones((1, 1, 1, 1)), "a.bias": np.ones(1)}))
    return path


@pytest.fixture
def written(tmp_path):
    """Write bytes to a file and return its path."""

    def write(content: bytes):
        (tmp_path / "net.file").write_bytes(content)
        return tmp_path / "net.file"

    return write


class Exploit:
    """Unpickles to a call of the shell."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Server(ThreadingHTTPServer):
    """Serves one file: complete, cut off, without its length, or a web page instead."""

    daemon_threads = True

    def __init__(self, file):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file = file
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def source(self, *paths, **about):
        address = f"http://127.0.0.1:{self.server_address[1]}"
        urls = tuple(f"{address}/{path}" for path in paths)
        return WeightsFile("net.caffemodel", "caffemodel", "none", urls, **about)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/gone":
            return self.send_error(404)
        content = self.server.file.read_bytes()
        self.send_response(200)
        kind = "text/html; charset=utf-8" if self.path == "/page" else "application/octet-stream"
        self.send_header("Content-Type", kind)
        if self.path != "/unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if "cut" in self.path else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(file):
        servers.append(Server(file))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
