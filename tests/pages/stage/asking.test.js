// The page is asked to be drawn anew, but never within a moment of a press on it.
import assert from "node:assert/strict"
import test from "node:test"

globalThis.window = { mudraPresses: { last: -Infinity } }
const { Asking } = await import("../../../pages/components/asking.js")

const make = (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  let now = 0, asked = 0
  const pressed = { last: -Infinity }
  const asking = new Asking(() => (asked += 1), { now: () => now, pressed })
  const pass = (ms) => {
    for (let i = 0; i < ms; i += 10) {
      now += 10
      context.mock.timers.tick(10)
    }
  }
  return { asking, pressed, pass, now: () => now, asked: () => asked }
}

test("it asks once after the wait, and again where it is not heard", (context) => {
  const { asking, pass, asked } = make(context)
  asking.in(600)
  pass(590)
  assert.equal(asked(), 0)
  pass(10)
  assert.equal(asked(), 1)
  pass(2990)
  assert.equal(asked(), 1)
  pass(10)
  assert.equal(asked(), 2)
  asking.stop()
  pass(10000)
  assert.equal(asked(), 2)
})

test("a press on the page has a second and a half for itself", (context) => {
  const { asking, pressed, pass, now, asked } = make(context)
  asking.in(600)
  pass(500)
  pressed.last = now()
  pass(1400)
  assert.equal(asked(), 0)
  pressed.last = now()  // and another one
  pass(1490)
  assert.equal(asked(), 0)
  pass(10)
  assert.equal(asked(), 1)
})

test("what was asked for before is forgotten", (context) => {
  const { asking, pass, asked } = make(context)
  asking.in(600)
  pass(300)
  asking.in(600)
  assert.equal(asking.isWaiting, true)
  pass(590)
  assert.equal(asked(), 0)
  pass(10)
  assert.equal(asked(), 1)
  asking.stop()
  assert.equal(asking.isWaiting, false)
})
