"""The camera test: a piece of the page asks the browser, `camera_help` says what it means."""

import streamlit as st

from core.capture.camera_help import advice_on
from pages.panels.camera.address import local_address

_HTML = '<button type="button">Test the camera</button> <span role="status"></span>'
_CSS = """
button { font: inherit; font-size: .875rem; min-height: 2.5rem;
  color: var(--st-text-color); cursor: pointer; padding: .35rem .9rem;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius, .6rem) }
button:hover, button:focus-visible { border-color: var(--st-primary-color) }
button:disabled { opacity: .6; cursor: default }
span { color: var(--st-text-color); margin-left: .5rem; font-size: .9rem }
"""
_JS = """
export default function ({ parentElement, setStateValue }) {
  const button = parentElement.querySelector("button")
  const status = parentElement.querySelector("span")
  const media = window.isSecureContext && navigator.mediaDevices
  const look = async () => {
    let cameras = null, permission = ""
    if (media) {
      try {
        const devices = await media.enumerateDevices()
        cameras = devices.filter(device => device.kind === "videoinput").length
      } catch (error) { /* stays unknown */ }
      try {
        permission = (await navigator.permissions.query({ name: "camera" })).state
      } catch (error) { /* Firefox knows no such name before a grant */ }
    }
    return { secure: Boolean(media && media.getUserMedia), cameras, permission }
  }
  const tell = async (tried, error) =>
    setStateValue("report", { ...await look(), tried, error })
  button.onclick = async () => {
    button.disabled = true
    status.textContent = "Waiting for the browser …"
    let error = ""
    try {
      if (media) {
        const stream = await media.getUserMedia({ video: true })
        stream.getTracks().forEach(track => track.stop())
      }
    } catch (raised) {
      error = raised.name || "unknown"
    }
    button.disabled = false
    status.textContent = ""
    await tell(true, error)
  }
  if (!parentElement.lookedOnce) {
    parentElement.lookedOnce = true
    tell(false, "")
  }
}
"""


_ask_browser = st.components.v2.component("camera_probe", html=_HTML, css=_CSS, js=_JS)


def camera_probe(key: str, *, link: bool = True) -> None:
    """What the browser says about the camera, a button to try it, and the way on without one.

    Args:
        link: offer the way to the Record page.
    """
    st.fragment(_probe)(key, link)


def _probe(key: str, link: bool) -> None:
    found = _ask_browser(key=key, on_report_change=lambda: None)
    report = found.get("report")
    if not isinstance(report, dict):
        st.caption("Asking the browser about its camera …")
        return
    advice = advice_on(report, local_address())
    if advice.kind == "ok":
        st.success(advice.what, icon="✅")
        return
    if advice.kind == "wait":
        st.caption(f"{advice.what} {advice.mend}")
        return
    st.warning(f"**{advice.what}** {advice.mend}", icon="📷")
    st.markdown("The way on: *Add pictures or a snapshot* on the Record page.")
    if link:
        st.page_link("pages/record.py", label="Upload pictures or a snapshot", icon="🖼")
