// The cameras of this device, and the chosen one, which this browser remembers.
const CHOSEN = "mudra-camera", WEBRTC = "streamlit-webrtc:device-ids"
const GONE = new Set(["OverconstrainedError", "NotFoundError"])
const SIDES = [[/\b(back|rear|environment)\b/i, "Back camera"], [/\b(front|user)\b/i, "Front camera"]]

const withDevice = (constraints, id) =>
  ({ ...constraints, video: { ...constraints.video, deviceId: { exact: id } } })

// Opens the chosen camera, or another where that one is gone; returns the stream and the chosen camera's
// id, "" for any. Raises what `getUserMedia` does, and {name: "Insecure"} where there is none to ask.
export async function openCamera(constraints) {
  const media = window.isSecureContext && navigator.mediaDevices
  if (!media) throw { name: "Insecure" }
  const device = localStorage.getItem(CHOSEN) ?? ""
  if (device) {
    try {
      return { stream: await media.getUserMedia(withDevice(constraints, device)), device }
    } catch (error) {
      if (!GONE.has(error?.name)) throw error
    }
  }
  return { stream: await media.getUserMedia(constraints), device: "" }
}

// Its frame takes this camera, too, when it is made.
export function rememberCamera(id) {
  localStorage.setItem(CHOSEN, id)
  localStorage.setItem(WEBRTC, JSON.stringify({ video: id }))
}

// [{id, label}] of all cameras; labels are known once one was opened.
export async function listCameras() {
  const all = await navigator.mediaDevices.enumerateDevices()
  return all.filter((one) => one.kind === "videoinput").map(({ deviceId: id, label }, i) =>
    ({ id, label: SIDES.find(([side]) => side.test(label))?.[1] || label || `Camera ${i + 1}` }))
}
