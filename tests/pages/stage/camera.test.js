// The camera's box and what START, STOP and the choice of a camera do, on elements that this file plays.
import assert from "node:assert/strict"
import test from "node:test"

class FakeElement {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, dataset: {}, textContent: "" })
    this.style = { setProperty: (name, value) => (this.style[name] = value) }
    this.classList = { toggle: (name, on) => (this[name] = on) }
  }
  append(...all) { this.children.push(...all) }
  replaceChildren(...all) { this.children = all }
  setAttribute(name, value) { this.attributes[name] = value }
  getRootNode() { return {} }
  querySelector() { return null }  // the server's frame is not there yet
  remove() {}
  async play() {}
}
globalThis.document = { createElement: (tag) => new FakeElement(tag) }
globalThis.Option = class { constructor(text, value) { Object.assign(this, { text, value }) } }
globalThis.window = { isSecureContext: true }
const { Camera } = await import("../../../pages/components/stage/camera.js")

const WORDS = { NotAllowedError: "Allow it.", unknown: "Try another.", privacy: "private", opening: "opening" }

const make = (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] })
  const asked = [], stopped = [], items = new Map(), cameras = []
  globalThis.localStorage = {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, value),
  }
  const open = (name) => ({
    getTracks: () => [{ stop: () => stopped.push(name) }],
    getVideoTracks: () => [{ getSettings: () => ({ deviceId: name }) }],
  })
  const mediaDevices = {
    enumerateDevices: async () => cameras,
    getUserMedia: (constraints) => new Promise((resolve, reject) => asked.push({
      constraints, allow: () => resolve(open(`camera ${asked.length}`)),
      refuse: (name) => reject({ name }),
    })),
  }
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true })
  const camera = new Camera(new FakeElement("div"), () => {}, () => {})
  camera.show({ place: "server", wanted: { video: {} }, words: WORDS, playing: false, ended: "" })
  return { camera, box: camera.box, asked, stopped, items, cameras }
}

const seen = ({ startButton, stopButton, cover, note, problem }) => ({
  start: !startButton.hidden, stop: !stopButton.hidden, cover: !cover.hidden,
  note: note.hidden ? "" : note.textContent, problem: !problem.hidden,
})

test("START asks for the camera, and its picture takes the box's place", async (context) => {
  const { camera, box, asked } = make(context)
  const off = { start: true, stop: false, cover: true, note: "private", problem: false }
  assert.deepEqual(seen(box), off)
  const started = camera.start()
  assert.deepEqual(seen(box), { ...off, start: false, stop: true, note: "opening" })
  asked[0].allow()
  await started
  assert.equal(box.cover.hidden, true)
  assert.equal(box.video.hidden, false)
  camera.stop()
  assert.deepEqual(seen(box), off)
})

test("STOP before the camera is there lets none run on", async (context) => {
  const { camera, box, asked, stopped } = make(context)
  const started = camera.start()
  camera.stop()
  asked[0].allow()
  await started
  assert.deepEqual([stopped, camera.isOn, box.startButton.hidden], [["camera 1"], false, false])
})

test("what goes wrong is said in words of its own, until START is pressed again", async (context) => {
  const { camera, box, asked } = make(context)
  for (const [name, words] of [["NotAllowedError", "Allow it."], ["Odd", "Try another."]]) {
    const started = camera.start()
    assert.equal(box.problem.hidden, true)
    asked.at(-1).refuse(name)
    await started
    assert.equal(box.problemText.textContent, words)
    assert.deepEqual([box.problem.hidden, box.note.hidden, box.startButton.hidden], [false, true, false])
  }
})

test("another camera is opened in the place of the one that runs", async (context) => {
  const { camera, box, asked, stopped, cameras } = make(context)
  cameras.push(...["left", "right"].map((id) => ({ kind: "videoinput", deviceId: id, label: id })))
  const started = camera.start()
  asked[0].allow()
  await started
  assert.deepEqual([box.cameras.hidden, box.cameras.children.length], [false, 2])
  camera.choose("right")
  assert.deepEqual(stopped, ["camera 1"])
  assert.equal(asked[1].constraints.video.deviceId.exact, "right")
})

test("one camera is no choice, and the box has the picture's shape", async (context) => {
  const { camera, box, asked, cameras } = make(context)
  cameras.push({ kind: "videoinput", deviceId: "a", label: "a" })
  const started = camera.start()
  asked[0].allow()
  await started
  assert.equal(box.cameras.hidden, true)
  box.shape(640, 360)
  assert.equal(box.place.style["--camera-shape"], "640 / 360")
  box.shape(0, 0)
  assert.equal(box.place.style["--camera-shape"], "640 / 360")
})
