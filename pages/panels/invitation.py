"""The popover by which others are invited to record into a project from their own devices."""

import time

import streamlit as st

from core.classroom.invitations import DEFAULT_VALID_S, Invitation
from core.classroom.middleware import PARAMETER
from core.live.browser_frames import BROWSER_ESTIMATORS
from core.modelfiles.browser_files import has_browser_files
from core.reading.keypoint_sources import default_source
from core.store import Project
from core.store.index import count_samples
from pages.panels.access import (
    JOIN,
    current_owner,
    invitations,
    list_lan_urls,
    local_url,
    public_url,
)
from pages.panels.language import t
from pages.panels.layout import show_table
from pages.panels.phone import draw_certificate_warning, draw_qr_code, pick_network
from pages.panels.resources import studio

_REFRESHED_S = 3
_HOURS = (1, 2, 4, 8)


def offer_invitation(project: Project) -> None:
    """Draw the popover for a project."""
    st.fragment(_draw_popover)(project)


def _draw_popover(project: Project) -> None:
    popover = st.popover(t("Invite others"), icon="👥", key="invite", on_change="rerun")
    if popover.open:
        with popover:
            st.fragment(_draw_invitation, run_every=_REFRESHED_S)(project)


def _draw_invitation(project: Project) -> None:
    """Draw the link with who has joined; the button that makes one if there is none."""
    owner = current_owner()
    invitation = invitations.current(owner, project)
    if invitation is None:
        _draw_invite_button(owner, project)
        return
    _draw_link(invitation)
    _draw_guests(invitation)
    st.button(t("Revoke"), icon="🚫", on_click=invitations.revoke, args=(invitation,))


def _draw_invite_button(owner: str, project: Project) -> None:
    """Draw how long a link is to hold and the button that makes it."""
    st.markdown(
        t(
            "Others record into this project from their own devices. They see its gestures, their "
            "own samples and the answer, and nothing else."
        )
    )
    if default_source(project.skeleton).name not in BROWSER_ESTIMATORS:
        st.caption(t("Browsers can't find these keypoints, so nobody else can record them."))
        return
    if not has_browser_files(studio().paths.weights):
        st.caption(t("Hand tracking on this device is not installed: run `make setup`, online."))
        return
    default = _HOURS.index(round(DEFAULT_VALID_S / 3600))
    hours = st.radio(
        t("Valid for"),
        _HOURS,
        default,
        key="invite_hours",
        horizontal=True,
        format_func=lambda n: t("{n} h", n=n),
    )

    def make_link() -> None:
        invitations.invite(owner, project, 3600.0 * (hours or _HOURS[default]))

    st.button(t("Make a link"), type="primary", on_click=make_link)


def _draw_link(invitation: Invitation) -> None:
    """Draw the link and its QR code, until when it holds, and who can reach it."""
    way = f"{JOIN.strip('/')}/?{PARAMETER}={invitations.secret(invitation)}"
    in_network = [f"{url}{way}" for url in list_lan_urls()]
    link = pick_network(in_network, "invite_network") or f"{public_url() or local_url() + '/'}{way}"
    draw_qr_code(link, t("QR code of the invitation"))
    st.code(link, language=None, wrap_lines=True)
    end = time.strftime("%H:%M", time.localtime(invitation.expires_s))
    st.caption(t("Valid until {time}, or until you revoke it or start the studio again.", time=end))
    if in_network:
        draw_certificate_warning()
    elif not public_url():
        st.caption(
            t(
                "Only this computer can open the link. To let in other devices of your network, "
                "start the studio with `python -m core studio --lan`."
            )
        )


def _draw_guests(invitation: Invitation) -> None:
    """Draw who has joined, with their numbers of samples."""
    named = [guest for guest in [*invitation.guests.values()] if guest.name]
    if not named:
        st.caption(t("Nobody has joined yet."))
        return
    store, project_id = studio().store, invitation.project.id
    counts = [sum(count_samples(store, project_id, one.sessions).values()) for one in named]
    show_table({t("Name"): [one.name for one in named], t("Samples"): counts})
