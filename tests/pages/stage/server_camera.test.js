// The camera whose video goes to the server: when the frame's START is pressed, again, and no more.
import assert from "node:assert/strict"
import test from "node:test"

const { ServerCamera } = await import("../../../pages/components/stage/server_camera.js")

const WORDS = { lost: "lost", slow: "slow" }

// A page whose frame has one button, in `frame.label`, and a video once `frame.playing`.
const make = (context, { enabled = true } = {}) => {
  context.mock.timers.enable({ apis: ["setInterval"] })
  let now = 0
  context.mock.method(performance, "now", () => now)
  const frame = { label: "START", enabled, playing: false, pressed: [], style: {} }
  const button = {
    get textContent() { return frame.label },
    click: () => frame.pressed.push(frame.label),
    style: frame.style,
  }
  const contentDocument = {
    querySelectorAll: (what) => (what === "button:enabled" && !frame.enabled ? [] : [button]),
    querySelector: () => frame.playing
      ? { currentTime: 1, paused: false, videoWidth: 640, videoHeight: 480 } : null,
  }
  const said = { status: "", warning: null, failed: null, shape: null }
  const place = { querySelector: () => ({ contentDocument }), dataset: {} }
  const box = {
    place, play: () => {}, say: (text) => (said.status = text),
    warn: (text) => (said.warning = text), shape: (...size) => (said.shape = size),
  }
  const tracks = { stopped: 0 }
  const stream = { getTracks: () => [{ stop: () => (tracks.stopped += 1) }] }
  const camera = new ServerCamera(box, { fail: (text) => (said.failed = text, camera.stop()) })
  const pass = (ms) => {
    for (let i = 0; i < ms; i += 100) {
      now += 100
      context.mock.timers.tick(100)
    }
  }
  const show = (data = {}) => camera.show({ words: WORDS, playing: false, ended: "", ...data })
  show()
  return { camera, frame, said, place, stream, tracks, pass, show }
}

test("START is pressed once, as soon as it is enabled", (context) => {
  const { camera, frame, stream, pass } = make(context, { enabled: false })
  camera.start(stream)
  pass(1000)
  assert.deepEqual(frame.pressed, [])
  frame.enabled = true
  pass(2000)
  assert.deepEqual(frame.pressed, ["START"])
})

test("START waits until the video before has ended on the server", (context) => {
  const { camera, frame, stream, pass, show } = make(context)
  show({ playing: true })
  camera.start(stream)
  pass(1000)
  assert.deepEqual(frame.pressed, [])
  show()
  pass(100)
  assert.deepEqual(frame.pressed, ["START"])
})

test("a frame that ends before its video is started again, five times at most", (context) => {
  const { camera, frame, said, stream, tracks, pass } = make(context)
  camera.start(stream)
  for (let i = 0; i < 10; i++) {
    frame.label = "STOP"
    pass(200)
    frame.label = "START"
    pass(200)
  }
  assert.deepEqual(frame.pressed, Array(5).fill("START"))
  assert.equal(said.failed, "slow")
  assert.equal(tracks.stopped, 0)
})

test("once the video plays the box gives the camera up, and an end after that is a loss", (context) => {
  const { camera, frame, said, place, stream, tracks, pass } = make(context)
  camera.start(stream)
  frame.label = "STOP"
  pass(200)
  assert.equal(tracks.stopped, 0)
  frame.playing = true
  pass(100)
  assert.deepEqual([tracks.stopped, said.shape, place.dataset.camera], [1, [640, 480], "playing"])
  assert.equal(frame.style.visibility, "hidden")
  frame.label = "START"
  pass(100)
  assert.equal(said.failed, "lost")
  assert.deepEqual(frame.pressed, ["START"])
  assert.equal(place.dataset.camera, undefined)
})

test("it says that it is slow after twelve seconds, until the video comes", (context) => {
  const { camera, frame, said, stream, pass } = make(context)
  camera.start(stream)
  frame.label = "STOP"
  pass(12000)
  assert.equal(said.status, "")
  pass(200)
  assert.equal(said.status, "slow")
  frame.playing = true
  pass(100)
  assert.equal(said.status, "")
})

test("STOP is pressed in the frame, and nothing is looked for any more", (context) => {
  const { camera, frame, stream, pass } = make(context)
  camera.start(stream)
  frame.label = "STOP"
  pass(100)
  camera.stop()
  frame.label = "START"
  pass(1000)
  assert.deepEqual(frame.pressed, ["START", "STOP"])
})

test("why the last video has ended is said, but not while the next one begins", (context) => {
  const { camera, said, stream, show } = make(context)
  show({ ended: "interrupted" })
  assert.equal(said.warning, "interrupted")
  said.warning = null
  camera.start(stream)
  show({ ended: "interrupted" })
  assert.equal(said.warning, null)
})
