"""The QR code with which a phone opens this studio: on Studio, and in the terminal of --lan."""

from io import StringIO
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import quoteattr

import segno
import streamlit as st

from pages.components import read_asset
from pages.panels.access import list_phone_links, public_url
from pages.panels.language import t

_CODE_CHECKED_S = 3  # a used code is replaced within this
_POPOVER = "phone"


def offer_phone() -> None:
    """Draw a popover with the QR code of this studio's address, where other devices can reach that
    over HTTPS: without it phones give no camera."""
    if list_phone_links() or public_url():
        st.fragment(_draw_popover)()


def print_phone_code() -> None:
    """Print the address and its QR code in the terminal of a studio that runs with --lan."""
    for number, link in enumerate(list_phone_links()):
        if number == 0:
            picture = StringIO()
            segno.make(link, error="l").terminal(picture, compact=True)
            print(f"\n  Scan with your phone, within ten minutes:\n\n{picture.getvalue()}")
        print(f"  {link}", flush=True)


def _draw_popover() -> None:
    popover = st.popover(t("Use your phone"), icon="📱", key=_POPOVER, on_change="rerun")
    if popover.open:
        with popover:
            every_s = _CODE_CHECKED_S if list_phone_links() else None
            st.fragment(_draw_code, run_every=every_s)()


def _draw_code() -> None:
    """Draw the QR code, the address in words, and what a browser warns of."""
    links = list_phone_links()
    link = pick_network(links, "phone_network") or public_url()
    draw_qr_code(link, t("QR code of this studio's address"))
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
    draw_certificate_warning()


def pick_network(links: list[str], key: str) -> str:
    """Return the link to use, chosen by its address if there are several; "" if there is none."""
    by_host = {str(urlsplit(one).hostname): one for one in links}
    if len(by_host) < 2:
        return next(iter(links), "")
    return by_host[st.radio(t("Network"), list(by_host), key=key, horizontal=True)]


def draw_qr_code(link: str, alt: str) -> None:
    """Draw a link as a QR code with this alternative text."""
    picture = segno.make(link, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    _draw_image(alt, picture)


def draw_certificate_warning() -> None:
    """Draw what a browser warns of in a studio that made its certificate, and what to press."""
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
