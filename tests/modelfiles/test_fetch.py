"""A download ends in whole, verified weights or in a clear error, and leaves nothing half done."""

import pytest

from core.errors import WeightsError
from core.files import sha256_of
from core.modelfiles.converted_weights import verify
from core.modelfiles.fetch import fetch
from core.modelfiles.weights_entry import Source

NAME = "cpm.seed_hand"


def test_a_file_of_the_known_sha256_is_fetched_and_converted(serve, hand_file, scratch):
    source = serve(hand_file).source("good", sha256=sha256_of(hand_file))
    folder, told = scratch / "fetched", []
    record = fetch(NAME, folder, source=source, progress=lambda *at: told.append(at))
    assert record["source_sha256"] == source.sha256
    assert verify(NAME, folder)["parameters"] == 24_316_162
    size = hand_file.stat().st_size
    assert told[-1] == (size, size)
    assert sorted(p.name for p in folder.iterdir()) == [f"{NAME}.json", f"{NAME}.safetensors"]


def test_without_a_published_sha256_the_person_accepts_what_came(serve, hand_file, scratch):
    server, folder = serve(hand_file), scratch / "accepted"
    found = sha256_of(hand_file)
    with pytest.raises(WeightsError, match=f"nobody published.*--accept-hash {found}"):
        fetch(NAME, folder, source=server.source("good"))
    assert not (folder / f"{NAME}.safetensors").exists()
    fetch(NAME, folder, source=server.source("good"), accept_hash=found.upper())
    assert server.asked == ["/good"]  # what was kept is not fetched again
    assert verify(NAME, folder)["source_sha256"] == found


@pytest.mark.parametrize("known", [True, False], ids=["published", "accepted"])
def test_another_sha256_is_refused_and_the_file_deleted(serve, small_file, tmp_path, known):
    other = "0" * 64
    source = serve(small_file).source("good", sha256=other if known else None)
    with pytest.raises(WeightsError, match=f"{sha256_of(small_file)}, expected {other}"):
        fetch(NAME, tmp_path, source=source, accept_hash=None if known else other)
    assert not list(tmp_path.iterdir())


def test_a_file_whose_sha256_does_not_begin_as_its_name_says_is_deleted(
    serve, small_file, tmp_path
):
    server, found = serve(small_file), sha256_of(small_file)
    with pytest.raises(WeightsError, match="its name says that it begins with 00000000"):
        fetch(NAME, tmp_path, source=server.source("good", sha256_start="0" * 8), accept_hash=found)
    assert not list(tmp_path.iterdir())
    with pytest.raises(WeightsError, match=f"--accept-hash {found}"):
        fetch(NAME, tmp_path, source=server.source("good", sha256_start=found[:8]))


def test_accepting_a_hash_does_not_replace_the_published_one(serve, small_file, tmp_path):
    source = serve(small_file).source("good", sha256="0" * 64)
    with pytest.raises(WeightsError, match="expected 0000"):
        fetch(NAME, tmp_path, source=source, accept_hash=sha256_of(small_file))


@pytest.mark.parametrize(
    ("path", "size", "said"),
    [
        ("cut", None, "cut off"),
        ("unsized-cut", 10_000, "cut off"),
        ("unsized", 10_000, "cut off"),
        ("good", 10, "more bytes came"),
        ("page", None, "a web page came"),
        ("gone", None, "Not Found"),
    ],
)
def test_what_is_not_the_whole_file_is_told(serve, small_file, tmp_path, path, size, said):
    with pytest.raises(WeightsError, match=said) as caught:
        fetch(NAME, tmp_path, source=serve(small_file).source(path, bytes=size))
    assert f"weights import {NAME} FILE" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_second_address_is_tried_when_the_first_fails(serve, small_file, tmp_path):
    server = serve(small_file)
    with pytest.raises(WeightsError, match="--accept-hash"):
        fetch(NAME, tmp_path, source=server.source("gone", "cut", "good"))
    assert server.asked == ["/gone", "/cut", "/good"]


def test_offline_says_so(serve, small_file, tmp_path):
    server = serve(small_file)
    source = server.source("good")
    server.shutdown()
    server.server_close()
    with pytest.raises(WeightsError, match=r"refused.*Go online"):
        fetch(NAME, tmp_path, source=source)
    assert not list(tmp_path.iterdir())


def test_a_file_without_an_address_says_where_it_lies(tmp_path):
    with pytest.raises(WeightsError, match="it lies in the archive"):
        fetch(NAME, tmp_path, source=Source("a.pth", "pth", "none", where="the archive"))


def test_whole_weights_of_another_net_are_told_and_not_kept(serve, small_file, tmp_path):
    source = serve(small_file).source("good", sha256=sha256_of(small_file))
    with pytest.raises(WeightsError, match="other weights"):
        fetch(NAME, tmp_path, source=source)
    assert not list(tmp_path.iterdir())
