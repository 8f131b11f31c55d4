// The page's camera: a box with START in its middle, and one of two ways to find keypoints. In both the
// camera is opened here, so what goes wrong is said in words and with its fix.
import { BrowserCamera } from "./browser_camera.js"
import { CameraBox } from "./camera_box.js"
import { listCameras, openCamera, rememberCamera } from "./devices.js"
import { ServerCamera } from "./server_camera.js"

const WAYS = { browser: BrowserCamera, server: ServerCamera }

export class Camera {
  // `send`: gives the page the browser's camera's state, see `draw_camera`. `go`: opens another page.
  /**
   * @param {HTMLElement} root
   * @param {(state: { on: boolean, times: number }) => void} send
   * @param {(page: string) => void} go
   */
  constructor(root, send, go) {
    this.send = send
    this.box = new CameraBox(root, {
      start: () => this.start(), stop: () => this.stop(), choose: (id) => this.choose(id), go,
    })
    this.times = 0
    /** @type {CameraData | undefined} */
    this.data = undefined
    /** @type {CameraData["place"] | undefined} */
    this.place = undefined
    /** @type {BrowserCamera | ServerCamera | undefined} */
    this.way = undefined
    /** @type {MediaStream | null} */
    this.stream = null
    /** @type {object | null} */
    this.opening = null
  }

  get isOn() { return Boolean(this.stream || this.opening) }

  // The page was drawn anew.
  /** @param {CameraData} data */
  show(data) {
    this.data = data
    if (this.place !== data.place) this.change(data.place)
    this.way?.show(data)
    this.draw()
  }

  // Finds keypoints at another place; a camera that runs goes on there.
  /** @param {CameraData["place"]} place */
  change(place) {
    const goesOn = this.isOn
    if (goesOn) this.stop()
    this.way?.close()
    this.place = place
    /** @param {boolean} on */
    const send = (on) => this.send({ on, times: ++this.times })
    this.way = new WAYS[place](this.box, { send, fail: (text) => this.fail(text) })
    if (goesOn) this.start()
  }

  async start() {
    const { data } = this
    if (!data) return
    const mark = this.opening = {}  // STOP and START may be pressed before it is there
    const isCurrent = () => this.opening === mark
    this.box.say("")
    this.box.warn(null)
    this.draw()
    let stream
    try {
      stream = await openCamera(data.wanted)
      if (!isCurrent()) return stream.getTracks().forEach((track) => track.stop())
      this.stream = stream
      await this.box.play(stream)
    } catch (error) {
      const name = /** @type {{ name?: string } | undefined} */ (error)?.name ?? "unknown"
      return isCurrent() && this.fail(data.words[name] ?? data.words.unknown)
    }
    if (!isCurrent()) return
    this.opening = null
    this.draw()
    this.way?.start(stream)
    this.box.list(await listCameras(), stream)
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop())
    this.stream = this.opening = null
    this.way?.stop()
    this.box.say("")
    this.box.play(null)
    this.draw()
  }

  /** @param {string} text */
  fail(text) {
    this.stop()
    this.box.warn(text)
  }

  /** @param {string} id */
  choose(id) {
    rememberCamera(id)
    const goesOn = this.isOn
    if (goesOn) this.stop()
    if (this.way instanceof ServerCamera) this.way.reload()
    if (goesOn) this.start()
  }

  draw() {
    if (this.data) this.box.draw(this.data, this.stream ? "on" : this.opening ? "opening" : "off")
  }

  close() {
    this.stop()
    this.way?.close()
    this.box.close()
  }
}

/** @param {Component<CameraData, { camera: Camera }>} component */
export function camera({ data, parentElement, setStateValue, setTriggerValue }) {
  /** @param {object} state */
  const send = (state) => setStateValue("camera", state)
  const camera = (parentElement.camera ??= new Camera(
    parentElement, send, (page) => setTriggerValue("go", page)))
  camera.show(data)
  return () => { if (!parentElement.isConnected) camera.close() }
}
