"""A file for which there is no room is refused before it is received."""

import pytest

from core.admin.web_access import MAX_PAGE_MB, UPLOADS, UploadLimitMiddleware, read_uploads_mb
from core.errors import AccessError

MB = 2**20
PATH = f"/class{UPLOADS}one/file"


class Server:
    """Takes a file while others come."""

    def __init__(self, held, total_mb=2048):
        self.guard = UploadLimitMiddleware(self, lambda: held, "/class", total_mb)
        self.others = []

    async def __call__(self, scope, receive, send):
        while self.others:
            self.others.pop()()
        await send({"type": "http.response.start", "status": 204, "headers": []})

    def status(self, length, path=PATH, method="PUT"):
        """What a request of that many bytes is answered."""
        sent = []

        async def send(message):
            sent.append(message)

        headers = [] if length is None else [(b"content-length", str(length).encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        request = self.guard(scope, None, send)
        try:
            while True:
                request.send(None)
        except StopIteration:
            return sent[0]["status"]


def test_a_page_and_all_pages_have_a_limit():
    held = {"one": 1000 * MB, "two": 1000 * MB}
    assert Server(held).status(24 * MB) == 204
    assert Server(held).status(25 * MB) == 413
    assert Server(held).status(49 * MB, PATH.replace("one", "three")) == 413
    assert Server(held).status(48 * MB, PATH.replace("one", "three")) == 204
    assert Server(held, 2000).status(1) == 413


def test_what_is_being_received_counts_and_counts_no_more_once_it_came():
    server, seen = Server({}), []
    server.others = [lambda: seen.append(server.status(525 * MB))]
    assert server.status(500 * MB) == 204 and seen == [413]
    assert server.status(MAX_PAGE_MB * MB) == 204


def test_a_file_of_unknown_length_is_refused_and_other_requests_pass():
    assert Server({}).status(None) == 411
    full = Server({"one": 5000 * MB})
    assert full.status(1, "/class/media/x") == full.status(None, method="DELETE") == 204


def test_the_limit_of_all_is_a_setting():
    assert read_uploads_mb({}) == 2048 and read_uploads_mb({"MUDRA_UPLOADS_MB": "512"}) == 512
    with pytest.raises(AccessError, match="MUDRA_UPLOADS_MB is “much”"):
        read_uploads_mb({"MUDRA_UPLOADS_MB": "much"})
