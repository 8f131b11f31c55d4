// Tells how wide the page's picture is shown (width, in steps of 20 pixels) and, where data.clicks,
// at which place it was clicked (click: x and y, 0..1 of the picture). The picture is the video in
// its frame, which has the same origin, or the image that data.still selects. Where data.fits, that is
// shown no higher than the window has room for.
import { Asking } from "./asking.js"

const SETTLED_MS = 200  // a window that is being resized says it once, at the end
const ROOM = 0.76  // of the window's height

/** @param {MouseEvent} event */
const place = (event) => {
  const picture = /** @type {HTMLVideoElement | HTMLImageElement} */ (event.currentTarget)
  const [width, height] = "videoWidth" in picture
    ? [picture.videoWidth, picture.videoHeight] : [picture.naturalWidth, picture.naturalHeight]
  const box = picture.getBoundingClientRect()
  const scale = Math.min(box.width / width, box.height / height)  // it may stand between bars
  return {
    x: (event.clientX - box.left - (box.width - width * scale) / 2) / (width * scale),
    y: (event.clientY - box.top - (box.height - height * scale) / 2) / (height * scale),
  }
}

/** @param {Component<ShownPictureData, { asking: Asking, told: number, end: () => void }, ShadowRoot>} component */
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const host = parentElement.host ?? parentElement
  /** @type {Set<HTMLElement>} */
  const heard = new Set()
  const asking = (parentElement.asking ??= new Asking(() => {}))
  asking.ask = () => {
    asking.stop()
    parentElement.told = Math.floor(host.clientWidth / 20) * 20
    setStateValue("width", parentElement.told)
  }
  /** @param {MouseEvent} event */
  const clicked = (event) => data.clicks && setTriggerValue("click", place(event))
  const measure = () => {
    const width = Math.floor(host.clientWidth / 20) * 20
    if (width && width !== parentElement.told && !asking.isWaiting) asking.in(SETTLED_MS)
  }
  /** @param {HTMLElement} picture */
  const fit = ({ style }) => {  // the video's box does so itself
    style.objectFit = "contain"
    style.maxHeight = data.fits ? `${Math.round(ROOM * window.innerHeight)}px` : ""
  }
  const look = () => {
    /** @type {HTMLIFrameElement | null} */
    const frame = document.querySelector("iframe[title*=webrtc_streamer]")
    const video = frame?.contentDocument?.querySelector("video")
    /** @type {HTMLElement | null} */
    const still = document.querySelector(data.still)
    for (const picture of [video, still]) {
      if (!picture) continue
      picture.style.cursor = data.clicks ? "pointer" : ""
      if (picture !== video) fit(picture)
      if (heard.has(picture)) continue
      heard.add(picture)
      picture.addEventListener("click", clicked)
    }
    measure()
  }
  parentElement.end?.()  // of the call before, with other data
  const watch = setInterval(look, 300)
  look()
  parentElement.end = () => {
    clearInterval(watch)
    asking.stop()  // a message of a page that is being left would bring it back
    for (const picture of heard) {
      picture.removeEventListener("click", clicked)
      picture.style.cursor = picture.style.maxHeight = ""
    }
  }
  return parentElement.end
}
