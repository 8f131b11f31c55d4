// What is seen of the camera: a box that has the picture's shape, START in its middle while it is off,
// what is wrong and what to do about it, and below it STOP and the choice of the camera.
import { made } from "../elements.js"
import { t } from "../words.js"

export class CameraBox {
  /**
   * @param {HTMLElement} root
   * @param {{ start(): void, stop(): void, choose(id: string): void, go(page: string): void }} acts
   */
  constructor(root, { start, stop, choose, go }) {
    this.root = made("div", "camera")
    this.picture = made("div", "picture")
    this.video = made("video", "", "", { muted: true, playsInline: true, hidden: true })
    this.canvas = made("canvas", "", "", { hidden: true })
    this.cover = made("div", "cover")
    this.startButton = made("button", "start", t("START"), { type: "button", onclick: start })
    this.note = made("p", "note")
    this.problem = made("div", "problem", "", { hidden: true })
    this.problemText = made("p")
    this.problemText.setAttribute("role", "alert")
    /** @param {string} page @param {string} text */
    const link = (page, text) =>
      made("button", "link", text, { type: "button", onclick: () => go(page) })
    this.links = [link("demo", t("Try the demo instead")), link("record", t("Upload pictures"))]
    this.problem.append(this.problemText, ...this.links)
    this.cover.append(this.problem, this.startButton, this.note)
    this.picture.append(this.video, this.canvas, this.cover)
    this.bar = made("div", "bar")
    this.stopButton = made("button", "stop", t("STOP"), { type: "button", onclick: stop })
    this.cameras = made("select", "", "", { hidden: true, onchange: () => choose(this.cameras.value) })
    this.cameras.setAttribute("aria-label", t("Camera"))
    this.status = made("p")
    this.status.setAttribute("role", "status")
    this.bar.append(this.stopButton, this.cameras, this.status)
    this.root.append(this.picture, this.bar)
    root.append(this.root)
    const page = /** @type {ShadowRoot} */ (root.getRootNode()).host
    /** @type {HTMLElement} */
    this.place = page?.closest(".st-key-camera") ?? root  // the frame's place, too
    this.shown = ""
  }

  // `state`: "off", "opening" or "on".
  /** @param {CameraData} data @param {string} state */
  draw({ words, links }, state) {
    for (const link of this.links) link.hidden = !links
    this.cover.hidden = state === "on"
    this.startButton.hidden = state !== "off"
    this.note.textContent = state === "off" ? words.privacy : words.opening
    this.note.hidden = !this.problem.hidden
    this.stopButton.hidden = state === "off"
    if (state === "off") this.shape(4, 3)
    this.video.setAttribute("aria-label", words.video)
  }

  // An equal text is not set again: a screen reader would read it again.
  /** @param {string} text */
  say(text) { if (this.status.textContent !== text) this.status.textContent = text }

  // What is wrong, with its fix; null for nothing.
  /** @param {string | null} text */
  warn(text) {
    this.problem.hidden = !text
    this.problemText.textContent = text ?? ""
    this.note.hidden = Boolean(text)
  }

  // Plays the camera's picture, seen while nothing else is; null for none.
  /** @param {MediaStream | null} stream */
  async play(stream) {
    this.video.srcObject = stream
    this.video.hidden = !stream
    if (stream) await this.video.play()
  }

  // Over the video, which must go on playing.
  /** @param {boolean} shown */
  showCanvas(shown) {
    this.canvas.hidden = !shown
    this.video.classList.toggle("behind", shown)
  }

  /** @param {number} width @param {number} height */
  shape(width, height) {
    const shape = `${width} / ${height}`
    if (!width || !height || shape === this.shown) return
    this.shown = shape
    this.place.style.setProperty("--camera-shape", shape)
  }

  // The choice of the camera, where there are several; `stream` is of the one in use.
  /** @param {{ id: string, label: string }[]} cameras @param {MediaStream} stream */
  list(cameras, stream) {
    this.cameras.replaceChildren(...cameras.map(({ id, label }) => new Option(label, id)))
    this.cameras.value = stream.getVideoTracks()[0]?.getSettings().deviceId ?? ""
    this.cameras.hidden = cameras.length < 2
  }

  close() { this.root.remove() }
}
