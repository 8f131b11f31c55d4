"""A class without browsers: its owner and its guests, as protocol clients."""

import asyncio
import http.client
import ssl
from contextlib import closing
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from core.classroom.middleware import COOKIE
from tests.support.protocol_client import ProtocolClient


def request(
    address: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, Message, str]:
    """The response's status, headers and text."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        any_certificate = ssl._create_unverified_context()
        connection: Any = http.client.HTTPSConnection(
            parts.netloc, timeout=30, context=any_certificate
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    with closing(connection):
        connection.request(method, parts.path + path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode(errors="replace")


async def invite(owner: ProtocolClient) -> str:
    """Make a link on the owner's Studio; its path with the secret."""
    await owner.unfold("Invite others")
    await owner.press("Make a link")
    link = next(text for text in owner.texts if "/join/?" in text)
    return f"/join/?{urlsplit(link).query}"


def join(address: str, link: str) -> str:
    """Open the link as a browser does; the cookie header."""
    _, headers, _ = request(address, link)
    cookie = str(headers["Set-Cookie"]).partition(";")[0]
    assert cookie.startswith(f"{COOKIE}=")
    return cookie


async def open_guest(address: str, cookie: str, name: str = "", **headers: str) -> ProtocolClient:
    """A guest's open page; with a name also its camera and live channel."""
    guest = ProtocolClient(address, path="/join", headers={"Cookie": cookie} | headers)
    await guest.open()
    if name:
        guest.fill("Your name", name)
        await guest.press("Join")
        await guest.start_camera()
        await guest.connect_live()
        await guest.wait_for(lambda: "camera" in guest.state)
        await asyncio.sleep(0)
    return guest
