// Reports what the browser offers: secure (is there a camera to ask for), cameras (how many),
// permission, tried (was the camera opened) and error (its name, "" for none). The first report
// comes by itself, without opening the camera; another one after each press of the button.
import { find } from "./elements.js"
import { t } from "./words.js"

const AGAIN_MS = 2000

/** @param {Component<CameraProbeData, { again: number, lookedOnce: boolean }>} component */
export default function ({ data, parentElement, setStateValue }) {
  const button = find(parentElement, "button")
  const status = find(parentElement, "span")
  button.textContent = t("Test the camera")
  const media = window.isSecureContext && navigator.mediaDevices
  const look = async () => {
    /** @type {number | null} */
    let cameras = null
    let permission = ""
    if (media) {
      try {
        const devices = await media.enumerateDevices()
        cameras = devices.filter(device => device.kind === "videoinput").length
      } catch (error) { /* stays unknown */ }
      try {
        permission = (await navigator.permissions.query({ name: /** @type {PermissionName} */ ("camera") })).state
      } catch (error) { /* Firefox knows no such name before a grant */ }
    }
    return { secure: Boolean(media && media.getUserMedia), cameras, permission }
  }
  /** @param {boolean} tried @param {string} error */
  const tell = async (tried, error) =>
    setStateValue("report", { ...await look(), tried, error, at: Date.now() })
  button.onclick = async () => {
    button.disabled = true
    status.textContent = t("Waiting for the browser …")
    let error = ""
    try {
      if (media) {
        const stream = await media.getUserMedia({ video: true })
        stream.getTracks().forEach(track => track.stop())
      }
    } catch (raised) {
      error = (raised instanceof Error && raised.name) || "unknown"
    }
    button.disabled = false
    status.textContent = ""
    await tell(true, error)
  }
  clearTimeout(parentElement.again)
  if (!data.heard) {  // a word may get lost while a page is being drawn
    if (!parentElement.lookedOnce) tell(false, "")
    parentElement.lookedOnce = true
    parentElement.again = setTimeout(() => tell(false, ""), AGAIN_MS)
  }
  return () => clearTimeout(parentElement.again)
}
