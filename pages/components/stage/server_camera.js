// The camera whose video goes to the server: streamlit-webrtc's frame opens it again and shows what comes
// back. Until then the box shows the camera itself.
const LOOK_MS = 100, SLOW_MS = 12000

export class ServerCamera {
  // `page`: {send}, sends whether the camera is wanted.
  constructor(box, page) {
    this.box = box
    this.server = page
  }

  show(data) { this.words = data.words }

  start(stream) {
    this.stream = stream
    this.startedAt = performance.now()
    this.server.send(true)
    this.looking = setInterval(() => this.look(), LOOK_MS)
  }

  get shown() {
    const frame = this.box.place.querySelector("iframe[title*=webrtc_streamer]")
    const video = frame?.contentDocument?.querySelector("video")
    return video?.currentTime > 0 && !video.paused ? video : null
  }

  look() {
    const video = this.shown
    if (video) this.box.shape(video.videoWidth, video.videoHeight)
    if (video && this.stream) this.release()
    const isSlow = !video && this.stream && performance.now() - this.startedAt > SLOW_MS
    this.box.say(isSlow ? this.words.slow : "")
  }

  // The frame has the camera: its video lies over the box.
  release() {
    this.stream.getTracks().forEach((track) => track.stop())
    this.stream = null
    this.box.play(null)
    this.box.place.dataset.camera = "playing"
  }

  stop() {
    clearInterval(this.looking)
    this.stream = null
    delete this.box.place.dataset.camera
  }

  close() { this.stop() }
}
