// The camera whose video goes to the server: streamlit-webrtc's frame opens it again and shows what comes
// back. Until then the box shows the camera itself.
//
// The frame's own buttons are pressed here: its `desired_playing_state` starts twice where the page is
// drawn again before the frame has begun, and then nothing is shown.
const LOOK_MS = 100, SLOW_MS = 12000
const START = "START", STOP = "STOP"  // on the frame's buttons, see `open_webrtc_stream`

export class ServerCamera {
  // `page`: {send}, sends whether the camera runs, and {fail}, stops it with a message.
  constructor(box, page) {
    this.box = box
    this.server = page
  }

  show(data) { this.data = data }

  start(stream) {
    this.stream = stream
    this.startedAt = performance.now()
    this.isPressed = false
    this.looking = setInterval(() => this.look(), LOOK_MS)
    this.look()
  }

  get frame() { return this.box.place.querySelector("iframe[title*=webrtc_streamer]") }

  button(label) {
    const all = this.frame?.contentDocument?.querySelectorAll("button:enabled") ?? []
    return [...all].find((one) => one.textContent === label)
  }

  // The frame's video, once it plays.
  get video() {
    const video = this.frame?.contentDocument?.querySelector("video")
    return video?.currentTime > 0 && !video.paused ? video : null
  }

  look() {
    if (!this.isPressed) return this.press()
    const { video } = this
    if (video) this.box.shape(video.videoWidth, video.videoHeight)
    if (video && this.stream) this.release()
    const isSlow = this.stream && performance.now() - this.startedAt > SLOW_MS
    this.box.say(isSlow ? this.data.words.slow : "")
  }

  // Once the video before has ended on the server, too.
  press() {
    const button = this.button(START)
    if (!button || this.data.busy) return
    this.isPressed = true
    button.click()
    this.server.send(true)
  }

  // The frame has the camera: its video lies over the box, and over the frame's own buttons.
  release() {
    for (const one of this.frame.contentDocument.querySelectorAll("button")) {
      one.style.visibility = "hidden"
    }
    this.stream.getTracks().forEach((track) => track.stop())
    this.stream = null
    this.box.play(null)
    this.box.place.dataset.camera = "playing"
  }

  stop() {
    clearInterval(this.looking)
    this.button(STOP)?.click()
    this.stream = null
    delete this.box.place.dataset.camera
  }

  // Another camera was chosen: the frame reads which when it is loaded.
  reload() { this.frame?.contentWindow.location.reload() }

  close() { this.stop() }
}
