"""ASGI middleware: how much of the server's memory uploaded files may take."""

import os
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.admin.web_access import UPLOADS
from core.errors import AccessError

MAX_PAGE_MB = 1024
IN_ALL = "MUDRA_UPLOADS_MB"
_IN_ALL_MB = 2048


def max_in_all_mb(environ: Mapping[str, str] = os.environ) -> int:
    """The limit for all pages together.

    Raises:
        AccessError: the variable is no number.
    """
    value = environ.get(IN_ALL) or str(_IN_ALL_MB)
    if not value.isdecimal():
        raise AccessError(f"{IN_ALL} is “{value}”: give megabytes, like {_IN_ALL_MB}")
    return int(value)


class UploadLimitMiddleware:
    """Refuses a file for which there is no room, before it is received.

    Args:
        app: what receives it.
        held: the bytes of all uploaded files in memory, by session.
        base: the path that the studio lies below; "" for none.
        in_all_mb: the limit for all pages together.
    """

    def __init__(
        self, app: ASGIApp, held: Callable[[], Mapping[str, int]], base: str, in_all_mb: int
    ) -> None:
        self._app, self._held, self._start = app, held, base + UPLOADS
        self._in_all_mb = in_all_mb
        self._coming: Counter[str] = Counter()  # bytes that are being received, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_upload = scope["type"] == "http" and scope["method"] == "PUT"
        if not is_upload or not scope["path"].startswith(self._start):
            await self._app(scope, receive, send)
            return
        session = scope["path"].removeprefix(self._start).partition("/")[0]
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            await PlainTextResponse("How long is the file?", 411)(scope, receive, send)
        elif problem := self._problem(session, int(length)):
            await PlainTextResponse(problem, 413)(scope, receive, send)
        else:
            self._coming[session] += int(length)
            try:
                await self._app(scope, receive, send)
            finally:
                self._coming[session] -= int(length)
                self._coming += Counter()  # without those that came

    def _problem(self, session: str, length: int) -> str:
        """Why there is no room; "" where there is."""
        held = Counter(self._held())
        held.update(self._coming)
        if held[session] + length > MAX_PAGE_MB * 2**20:
            return (
                f"The files of one page may have {MAX_PAGE_MB} MB together: take some out, or "
                "reload the page."
            )
        if held.total() + length > self._in_all_mb * 2**20:
            return (
                f"The files of all visitors have {self._in_all_mb} MB together: try again when "
                "others have closed their pages."
            )
        return ""
