// What gestures do in the browser, against a small document that this file plays.
import assert from "node:assert/strict"
import test, { beforeEach } from "node:test"

class Element {
  constructor(tag) { Object.assign(this, { tag, style: {}, dataset: {}, children: [], moves: [] }) }
  append(...more) { for (const one of more) { one.parent = this; this.children.push(one) } }
  remove() { this.parent.children.splice(this.parent.children.indexOf(this), 1) }
  animate(...move) { this.moves.push(move) }
}

globalThis.window = {}
Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true })
const { EFFECTS, connectSerial, midiMessages, noteToHz, stopEffects } = await import("../../../pages/components/stage/effect_table.js")
const { Acting } = await import("../../../pages/components/stage/effects.js")

let body
const shown = () => body.children.map((one) => one.dataset.effect)
beforeEach((context) => {
  body = new Element("body")
  globalThis.document = {
    body,
    createElement: (tag) => new Element(tag),
    querySelectorAll: (asked) => {
      const name = /"(\w+)"/.exec(asked)?.[1]
      return body.children.filter((one) => one.dataset.effect && (!name || one.dataset.effect === name))
    },
  }
  globalThis.matchMedia = () => ({ matches: false })
  context.mock?.timers?.reset()
})

test("a note has the frequency of its name", () => {
  assert.equal(noteToHz("A4"), 440)
  assert.ok(Math.abs(noteToHz("C4") - 261.626) < 1e-3)
  assert.ok(Math.abs(noteToHz("F#3") - 184.997) < 1e-3)
})

test("MIDI: a note is switched on and off, a controller is set", () => {
  assert.deepEqual(midiMessages("note 60"), [[0x90, 60, 100], [0x80, 60, 0]])
  assert.deepEqual(midiMessages("cc 7 12"), [[0xb0, 7, 12]])
})

test("MIDI goes to every output; without one, and without MIDI, that is said", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  await assert.rejects(EFFECTS.midi("note 60"), /sends no MIDI/)
  const sent = []
  const outputs = new Map([[1, { send: (message) => sent.push(message) }]])
  navigator.requestMIDIAccess = async () => ({ outputs })
  await EFFECTS.midi("note 60 9")
  context.mock.timers.tick(300)
  assert.deepEqual(sent, [[0x90, 60, 9], [0x80, 60, 0]])
  outputs.clear()
  await assert.rejects(EFFECTS.midi("note 60"), /No MIDI output/)
})

test("a picture lies over the page, lets presses through, and goes by itself", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  EFFECTS.picture("<b>🎉")
  EFFECTS.picture("data:image/webp;base64,UklGRg==")
  assert.deepEqual(shown(), ["picture"])
  assert.match(body.children[0].style.cssText, /pointer-events:none/)
  assert.equal(body.children[0].children[0].src, "data:image/webp;base64,UklGRg==")
  context.mock.timers.tick(2000)
  assert.deepEqual(shown(), [])
})

test("text is text, also where it looks like a picture of a stranger's", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  EFFECTS.picture("https://x.test/a")
  const [one] = body.children[0].children
  assert.equal(one.tag, "div")
  assert.equal(one.textContent, "https://x.test/a")
})

test("confetti falls; where motion is not wanted a picture stands", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  EFFECTS.confetti("")
  assert.deepEqual(shown(), ["confetti"])
  assert.ok(body.children[0].children.every((one) => one.moves.length === 1))
  globalThis.matchMedia = () => ({ matches: true })
  EFFECTS.confetti("")
  assert.deepEqual(shown(), ["confetti", "picture"])
  stopEffects()
  assert.deepEqual(shown(), [])
})

test("a web page is opened, knows nothing of this one, and nothing else is opened", () => {
  const page = { opener: 1, location: { replace: (url) => (page.url = url) } }
  window.open = (url) => { assert.equal(url, ""); return page }
  EFFECTS.page("https://example.org/a?b")
  assert.deepEqual([page.url, page.opener], ["https://example.org/a?b", null])
  for (const bad of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "x"]) {
    assert.throws(() => EFFECTS.page(bad))
  }
  window.open = () => null
  assert.throws(() => EFFECTS.page("https://example.org"), /example.org.*allow pop-ups/)
})

test("a line goes to the serial port that was chosen", async () => {
  await assert.rejects(EFFECTS.serial("on"), /No serial port/)
  await assert.rejects(connectSerial(), /no serial ports/)
  const written = []
  const port = { open: async ({ baudRate }) => written.push(baudRate), writable: { getWriter: () => ({
    write: async (bytes) => written.push(new TextDecoder().decode(bytes)), releaseLock: () => {} }) } }
  navigator.serial = { requestPort: async () => port }
  await connectSerial()
  await EFFECTS.serial("LED 1")
  assert.deepEqual(written, [115200, "LED 1\n"])
})

test("each effect happens once, and nothing of before the page was opened", async () => {
  const done = [], problems = []
  const acting = new Acting({ say: (value) => done.push(value), no: () => { throw new Error("no!") } },
    (text) => problems.push(text))
  const event = (n, value, effect = "say") => ({ n, effect, value })
  await acting.act([event(7, "old")])
  await acting.act([event(7, "old"), event(8, "a"), event(9, "", "no"), event(10, "", "strange"), event(11, "b")])
  await acting.act([event(11, "b")])
  await acting.act([])
  assert.deepEqual([done, problems], [["a", "b"], ["no!"]])
  acting.halted = true
  await acting.act([event(12, "c")])
  acting.halted = false
  await acting.act([event(12, "c"), event(13, "d")])
  assert.deepEqual(done, ["a", "b", "d"])
})
