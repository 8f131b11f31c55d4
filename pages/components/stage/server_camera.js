// The camera whose video goes to the server: streamlit-webrtc's frame opens it again and shows what comes
// back. Until then the box shows the camera itself.
//
// The frame's own buttons are pressed here: its `desired_playing_state` starts twice where the page is
// drawn again before the frame has begun, and then nothing is shown.
const LOOK_MS = 100, SLOW_MS = 12000, MAX_TRIES = 5
const START = "START", STOP = "STOP"  // on the frame's buttons, see `_open_webrtc_stream`

export class ServerCamera {
  // `page`: {fail}, stops the camera with a message.
  /** @param {import("./camera_box.js").CameraBox} box @param {{ send?(on: boolean): void, fail(text: string): void }} page */
  constructor(box, page) {
    this.box = box
    this.page = page
    /** @type {CameraData | undefined} */
    this.data = undefined
    /** @type {MediaStream | null} */
    this.stream = null
    /** @type {number | null} */
    this.looking = null
    this.startedAt = this.tries = 0
    this.isPressed = this.hasBegun = false
  }

  // The page was drawn anew; why the last video has ended is said until the next one.
  /** @param {CameraData} data */
  show(data) {
    this.data = data
    if (data.ended && !this.looking) this.box.warn(data.ended)
  }

  /** @param {MediaStream} stream */
  start(stream) {
    this.stream = stream
    this.startedAt = performance.now()
    this.isPressed = this.hasBegun = false
    this.tries = 0
    this.looking = setInterval(() => this.look(), LOOK_MS)
    this.look()
  }

  get words() { return this.data?.words ?? {} }

  /** @returns {HTMLIFrameElement | null} */
  get frame() { return this.box.place.querySelector("iframe[title*=webrtc_streamer]") }

  /** @param {string} label */
  button(label) {
    /** @type {NodeListOf<HTMLButtonElement> | undefined} */
    const all = this.frame?.contentDocument?.querySelectorAll("button:enabled")
    return [...all ?? []].find((one) => one.textContent === label)
  }

  // The frame's video, once it plays.
  get video() {
    const video = this.frame?.contentDocument?.querySelector("video")
    return video && video.currentTime > 0 && !video.paused ? video : null
  }

  look() {
    if (!this.isPressed) return this.press()
    this.hasBegun ||= Boolean(this.button(STOP))
    if (this.hasBegun && this.button(START)) return this.hasEnded()
    const { video } = this
    if (video) this.box.shape(video.videoWidth, video.videoHeight)
    if (video && this.stream) this.release()
    const isSlow = this.stream && performance.now() - this.startedAt > SLOW_MS
    this.box.say(isSlow ? this.words.slow : "")
  }

  // Once the video before has ended on the server, too.
  press() {
    const button = this.button(START)
    if (!button || this.data?.playing) return
    this.isPressed = true
    this.tries += 1
    button.click()
  }

  // A frame that a slow page has replaced before its video came is started again.
  hasEnded() {
    const { lost, slow } = this.words
    if (!this.stream) return this.page.fail(lost)
    if (this.tries === MAX_TRIES) return this.page.fail(slow)
    this.isPressed = this.hasBegun = false
  }

  // The frame has the camera: its video lies over the box, and over the frame's own buttons.
  release() {
    for (const one of this.frame?.contentDocument?.querySelectorAll("button") ?? []) {
      one.style.visibility = "hidden"
    }
    this.stream?.getTracks().forEach((track) => track.stop())
    this.stream = null
    this.box.play(null)
    this.box.place.dataset.camera = "playing"
  }

  stop() {
    clearInterval(this.looking ?? 0)
    this.button(STOP)?.click()
    this.stream = this.looking = null
    delete this.box.place.dataset.camera
  }

  // Another camera was chosen: the frame reads which when it is loaded.
  reload() { this.frame?.contentWindow?.location.reload() }

  close() { this.stop() }
}
