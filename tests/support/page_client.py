"""Open a page of the studio without a browser, by Streamlit's own messages."""

import asyncio

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

MAX_MESSAGE_BYTES = 50_000_000
PATIENCE_S = 60


async def list_components(address: str, page: str, url: str) -> set[str]:
    """Open a page and return the names of the components that it shows.

    Args:
        url: the page's address in the browser's address bar.
    """
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    kind = [Subprotocol("streamlit")]
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.context_info.url = url
    found: set[str] = set()
    async with (
        asyncio.timeout(PATIENCE_S),
        connect(stream, subprotocols=kind, max_size=MAX_MESSAGE_BYTES, proxy=None) as connection,
    ):
        await connection.send(message.SerializeToString())
        async for content in connection:
            assert isinstance(content, bytes)
            answer = ForwardMsg.FromString(content)
            if answer.delta.new_element.HasField("bidi_component"):
                name = answer.delta.new_element.bidi_component.component_name
                found.add(name.rpartition(".")[2])
            elif (
                answer.WhichOneof("type") == "script_finished"
                and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                break
    return found
