// The cameras of this device, and the chosen one, which this browser remembers.
import { t } from "../words.js"

const CHOSEN = "mudra-camera", WEBRTC = "streamlit-webrtc:device-ids"
const GONE = new Set(["OverconstrainedError", "NotFoundError"])
/** @type {[RegExp, string][]} */
const SIDES = [[/\b(back|rear|environment)\b/i, t("Back camera")], [/\b(front|user)\b/i, t("Front camera")]]

/** @param {CameraData["wanted"]} constraints @param {string} id */
const withDevice = (constraints, id) =>
  ({ ...constraints, video: { ...constraints.video, deviceId: { exact: id } } })

// Opens the chosen camera, or another where that one is gone. Raises what `getUserMedia` does, and
// {name: "Insecure"} where there is none to ask.
/** @param {CameraData["wanted"]} constraints */
export async function openCamera(constraints) {
  const media = window.isSecureContext && navigator.mediaDevices
  if (!media) throw { name: "Insecure" }
  const chosen = localStorage.getItem(CHOSEN)
  try {
    if (chosen) return await media.getUserMedia(withDevice(constraints, chosen))
  } catch (error) {
    if (!GONE.has(/** @type {Error} */ (error)?.name)) throw error
  }
  return media.getUserMedia(constraints)
}

// streamlit-webrtc's frame takes it, too, when it is loaded.
/** @param {string} id */
export function rememberCamera(id) {
  localStorage.setItem(CHOSEN, id)
  localStorage.setItem(WEBRTC, JSON.stringify({ video: id }))
}

// [{id, label}] of all cameras; labels are known once one was opened.
export async function listCameras() {
  const all = await navigator.mediaDevices.enumerateDevices()
  return all.filter((one) => one.kind === "videoinput").map(({ deviceId: id, label }, i) =>
    ({ id, label: SIDES.find(([side]) => side.test(label))?.[1] || label || t("Camera {n}", { n: i + 1 }) }))
}
