"""A broker that takes MQTT 3.1.1's messages of quality 0 and keeps them, for tests."""

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CONNECT, _PUBLISH = 1, 3


@contextmanager
def mqtt_broker() -> Iterator[tuple[int, "queue.Queue[tuple[str, str]]"]]:
    """Its port on this machine, and the (topic, text) that arrived."""
    messages: queue.Queue[tuple[str, str]] = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, messages), daemon=True).start()
        yield server.getsockname()[1], messages


def _accept(server: socket.socket, messages: "queue.Queue[tuple[str, str]]") -> None:
    with suppress(OSError):  # the test is over
        while True:
            client, _ = server.accept()
            threading.Thread(target=_serve, args=(client, messages), daemon=True).start()


def _serve(client: socket.socket, messages: "queue.Queue[tuple[str, str]]") -> None:
    with client, client.makefile("rb") as stream, suppress(OSError):
        while head := stream.read(1):
            body, kind = stream.read(_read_length(stream)), head[0] >> 4
            if kind == _CONNECT:
                client.sendall(b"\x20\x02\x00\x00")
            elif kind == _PUBLISH:
                end = 2 + int.from_bytes(body[:2], "big")
                messages.put((body[2:end].decode(), body[end:].decode()))


def _read_length(stream) -> int:
    length = shift = 0
    while True:
        [byte] = stream.read(1)
        length |= (byte & 127) << shift
        if byte < 128:
            return length
        shift += 7
