// Reports what the browser offers: secure (is there a camera to ask for), cameras (how many),
// permission, tried (was the camera opened) and error (its name, "" for none). The first report
// comes by itself, without opening the camera; another one after each press of the button.
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
