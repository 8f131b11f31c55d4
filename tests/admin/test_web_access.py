"""A file for which there is no room is refused before it is received."""

import pytest

from core.admin.web_access import (
    MAX_PAGE_MB,
    SESSION_KEPT_S,
    STREAM,
    UPLOADS,
    UploadLimitMiddleware,
    read_uploads_mb,
)
from core.errors import AccessError

MB = 2**20
ONE, TWO, THREE = (f"{n}1234567-89ab-4cde-8f01-23456789abcd" for n in (1, 2, 3))


class Server:
    """Takes files, while others come, and pages' connections."""

    def __init__(self, total_mb=2048, status=204):
        self.clock_s, self._status, self._session = 0.0, status, ""
        self.guard = UploadLimitMiddleware(self, "/class", total_mb, lambda: self.clock_s)
        self.while_serving = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "bytes": f"\n${self._session}".encode()})
        while self.while_serving:
            self.while_serving.pop()()
        await send({"type": "http.response.start", "status": self._status, "headers": []})

    def status(self, session, length=None, *, file="a", method="PUT"):
        """What a request for a session's file is answered."""
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        path = f"/class{UPLOADS}{session}/{file}"
        return self._serve({"type": "http", "method": method, "path": path, "headers": headers})

    def open_page(self, session, *meanwhile):
        """A session's page is opened, and closed after what happens meanwhile."""
        self._session, self.while_serving = session, [*meanwhile]
        self._serve({"type": "websocket", "path": f"/class{STREAM}", "headers": []})

    def _serve(self, scope):
        sent = []

        async def send(message):
            sent.append(message)

        request = self.guard(scope, None, send)
        try:
            while True:
                request.send(None)
        except StopIteration:
            return sent[0].get("status")


def test_a_page_and_all_pages_have_a_limit():
    server = Server()
    assert server.status(ONE, 1000 * MB) == server.status(TWO, 1000 * MB) == 204
    assert server.status(ONE, 25 * MB, file="b") == 413
    assert server.status(THREE, 49 * MB) == 413
    assert server.status(ONE, 24 * MB, file="b") == 204
    assert server.status(THREE, 25 * MB) == 413
    assert server.status(THREE, 24 * MB) == 204
    assert server.status(THREE, 1, file="b") == 413


def test_what_is_being_received_counts_and_counts_no_more_once_it_failed():
    server, seen = Server(status=500), []
    server.while_serving = [lambda: seen.append(server.status(ONE, 525 * MB, file="b"))]
    assert server.status(ONE, 500 * MB) == 500 and seen == [413]
    assert server.status(ONE, MAX_PAGE_MB * MB) == 500


def test_a_file_that_was_removed_or_sent_again_counts_once_at_most():
    server = Server()
    assert server.status(ONE, 600 * MB) == 204
    assert server.status(ONE, 600 * MB, file="b") == 413
    assert server.status(ONE, method="DELETE") == 204
    assert server.status(ONE, 400 * MB, file="b") == 204
    assert server.status(ONE, 400 * MB, file="b") == 204
    assert server.status(ONE, 600 * MB) == 204


def test_files_count_until_their_page_has_been_closed_for_as_long_as_its_session_is_kept():
    server = Server(1024)
    server.open_page(ONE, lambda: server.status(ONE, 1000 * MB))
    server.clock_s += SESSION_KEPT_S - 1
    assert server.status(TWO, 25 * MB) == 413
    server.open_page(ONE)  # it connects again
    server.clock_s += SESSION_KEPT_S - 1
    assert server.status(TWO, 25 * MB) == 413
    server.clock_s += 2
    assert server.status(TWO, 25 * MB) == 204


def test_files_of_an_open_page_count_however_long_it_is_open():
    server, seen = Server(1024), []

    def upload_after_hours():
        assert server.status(ONE, 1000 * MB) == 204
        server.clock_s += 10_000
        seen.append(server.status(TWO, 25 * MB))

    server.open_page(ONE)
    server.open_page(ONE, upload_after_hours)
    assert seen == [413]


def test_a_file_of_unknown_length_is_refused_and_other_requests_pass():
    assert Server().status(ONE) == 411
    server = Server(1)
    assert server.status(ONE, 2 * MB) == 413
    assert server.status(ONE, method="GET") == server.status(ONE, method="DELETE") == 204


def test_the_limit_of_all_is_a_setting():
    assert read_uploads_mb({}) == 2048 and read_uploads_mb({"MUDRA_UPLOADS_MB": "512"}) == 512
    with pytest.raises(AccessError, match="MUDRA_UPLOADS_MB is “much”"):
        read_uploads_mb({"MUDRA_UPLOADS_MB": "much"})
