"""The QR code with which a phone opens this studio: on Studio, and in the terminal of --lan."""

from io import StringIO
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import quoteattr

import segno
import streamlit as st

from pages.components import read_asset
from pages.panels.access import is_local_url, list_phone_links, server_path
from pages.panels.language import t

_CODE_CHECKED_S = 3  # a used code is replaced within this
_POPOVER = "phone"


def offer_phone() -> None:
    """Draw a popover with the QR code of this studio's address, where other devices can reach that
    over HTTPS: without it phones give no camera."""
    if list_phone_links() or _public_address():
        st.fragment(_draw_popover)()


def print_phone_code() -> None:
    """Print the address and its QR code in the terminal of a studio that runs with --lan."""
    for number, link in enumerate(list_phone_links()):
        if number == 0:
            picture = StringIO()
            segno.make(link, error="l").terminal(picture, compact=True)
            print(f"\n  Scan with your phone, within ten minutes:\n\n{picture.getvalue()}")
        print(f"  {link}", flush=True)


def _public_address() -> str:
    """Return the address by which this page was opened, if it is HTTPS and not this machine's;
    otherwise ""."""
    url = urlsplit(st.context.url or "")
    if url.scheme != "https" or is_local_url(st.context.url):
        return ""
    return f"https://{url.netloc}{server_path('')}/"


def _draw_popover() -> None:
    popover = st.popover(t("Use your phone"), icon="📱", key=_POPOVER, on_change="rerun")
    if popover.open:
        with popover:
            every_s = _CODE_CHECKED_S if list_phone_links() else None
            st.fragment(_draw_code, run_every=every_s)()


def _draw_code() -> None:
    """Draw the QR code, the address in words, and what a browser warns of."""
    links = {str(urlsplit(one).hostname): one for one in list_phone_links()}
    link = next(iter(links.values()), _public_address())
    if len(links) > 1:
        link = links[st.radio(t("Network"), list(links), key="phone_network", horizontal=True)]
    code = segno.make(link, error="m")
    picture = code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    _draw_image(t("QR code of this studio's address"), picture)
    if not links:
        st.markdown(t("Scan the code with your phone's camera, or open `{link}` there.", link=link))
        return
    st.markdown(
        t(
            "Scan the code with your phone's camera. It lets in one device; the next one scans the "
            "new code that is then shown here."
        )
    )
    st.code(link, language=None, wrap_lines=True)
    left, right = st.columns([3, 2], vertical_alignment="center")
    left.markdown(
        t(
            "The phone's browser warns that the connection isn't private, because this studio made "
            "its certificate itself. Press **Advanced** (or *Show Details*), then **Continue** (or "
            "*visit this website*); what is sent is encrypted."
        )
    )
    warning = quote(read_asset("phone_warning.svg"))
    with right:
        _draw_image(
            t("A browser's warning on a phone: press Advanced, then Continue"),
            f"data:image/svg+xml,{warning}",
        )


def _draw_image(alt: str, url: str) -> None:
    """Draw an image of a data URL."""
    st.html(f'<img alt={quoteattr(alt)} src="{url}">')
