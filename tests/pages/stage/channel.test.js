// The page's end of the live channel, against a socket that this file plays.
import assert from "node:assert/strict"
import test, { afterEach } from "node:test"

globalThis.location = { href: "http://studio.test/record" }
const { Channel } = await import("../../../pages/components/stage/channel.js")

class Socket {
  constructor(url) { Object.assign(this, { url: String(url), sent: [], readyState: 0 }) }
  accept() {
    this.readyState = 1
    this.onopen()
  }
  send(text) { this.sent.push(text) }
  receive(turn, state, applied = {}) {
    this.onmessage({ data: JSON.stringify({ turn, state, applied }) })
  }
  close() { this.readyState = 3 }
  lose(code = 1006) {
    this.close()
    this.onclose({ code })
  }
  get commands() { return this.sent.filter((text) => text[0] === "{").map(JSON.parse) }
}

class Storage {
  items = new Map()
  getItem(name) { return this.items.get(name) ?? null }
  setItem(name, value) { this.items.set(name, value) }
}

const opened = []
const make = (storage = new Storage()) => {
  const sockets = []
  const channel = new Channel((url) => sockets.at(sockets.push(new Socket(url)) - 1), storage)
  opened.push(channel)
  channel.connect({ path: "/mudra/live", token: "secret" })
  return { channel, sockets, storage }
}
afterEach(() => opened.splice(0).forEach((channel) => channel.close()))

const numbers = (message) => message.commands.map(({ n }) => n)

test("the first message is the token, to the page's own host", () => {
  const { sockets: [socket] } = make()
  socket.accept()
  assert.equal(socket.url, "ws://studio.test/mudra/live")
  assert.deepEqual(socket.sent, ["secret"])
})

test("a state is acknowledged, and brought to who listens, also later", () => {
  const { channel, sockets: [socket] } = make()
  socket.accept()
  const heard = []
  channel.listen("answer", (state) => heard.push(state))
  socket.receive(1, { answer: "fist" })
  socket.receive(2, { other: 1 })
  socket.receive(3, { answer: null })
  assert.deepEqual(heard, ["fist", null])
  assert.deepEqual(socket.sent.slice(1), ["1", "2", "3"])
  const stop = channel.listen("other", (state) => heard.push(state))
  stop()
  socket.receive(4, { other: 2 })
  assert.deepEqual(heard, ["fist", null, 1])
})

test("of messages that overtake each other the newest counts", () => {
  const { channel, sockets: [socket] } = make()
  socket.accept()
  socket.receive(2, { answer: "new" })
  socket.receive(1, { answer: "old", note: "x" })
  assert.equal(channel.topics.get("answer"), "new")
  assert.equal(channel.topics.get("note"), "x")
})

test("commands are sent again in order until they are applied", () => {
  const { channel, sockets: [socket] } = make()
  channel.say("cards", "add", { name: "a" })  // before there is a connection
  socket.accept()
  channel.say("cards", "delete", { sample: 3 })
  channel.flush()
  assert.deepEqual(socket.commands.map(numbers), [[1], [2], [1, 2]])
  assert.equal(channel.isApplied(1), false)
  socket.receive(1, {}, { [channel.page]: 1 })
  channel.flush()
  assert.deepEqual(numbers(socket.commands.at(-1)), [2])
  assert.equal(channel.isApplied(1), true)
  socket.receive(2, {}, { [channel.page]: 2 })
  channel.flush()
  assert.equal(socket.commands.length, 4)
})

test("who waits for a command hears that it was applied, though the state is the same", () => {
  const { channel, sockets: [socket] } = make()
  socket.accept()
  socket.receive(1, { cards: "c" })
  let heard = 0
  channel.listen("cards", () => (heard += 1))
  channel.say("cards", "choose", { gesture: 1 })
  socket.receive(2, {}, { [channel.page]: 1 })
  assert.equal(heard, 2)
})

test("of beats only the last is kept", () => {
  const { channel, sockets: [socket] } = make()
  for (const held of [0, 250, 500]) channel.say("cards", "beat", { held })
  socket.accept()
  assert.deepEqual(socket.commands.at(-1).commands.map(({ held }) => held), [500])
})

test("after a reload what was not applied is sent with its old page and number, a hold is not", () => {
  const { channel, storage } = make()
  channel.say("cards", "begin", { gesture: 1 })
  channel.say("cards", "rename", { gesture: 1, name: "x" })
  channel.say("cards", "end", { held: 9 })
  const after = make(storage)
  after.sockets[0].accept()
  const [sent] = after.sockets[0].commands
  assert.deepEqual(sent.commands.map(({ page, n, kind }) => [page, n, kind]), [[channel.page, 2, "rename"]])
  assert.notEqual(after.channel.page, channel.page)
  after.sockets[0].receive(1, {}, { [channel.page]: 2 })
  assert.deepEqual(make(storage).channel.queue, [])
})

test("what waits for longer than half a minute is given up by a reload", (context) => {
  const { channel, storage } = make()
  channel.say("cards", "remove", { gesture: 1 })
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 31000 })
  assert.deepEqual(make(storage).channel.queue, [])
})

test("a lost connection is opened again, soon and then seldom, and its topics are what it brings", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const { channel, sockets } = make()
  sockets[0].accept()
  sockets[0].receive(1, { answer: "fist", people: [1] })
  const heard = []
  channel.listen("people", (state) => heard.push(state))
  sockets[0].lose()
  context.mock.timers.tick(999)
  assert.equal(sockets.length, 1)
  context.mock.timers.tick(1)
  assert.equal(sockets.length, 2)
  sockets[1].lose()
  context.mock.timers.tick(1999)
  assert.equal(sockets.length, 2)
  context.mock.timers.tick(1)
  sockets[2].accept()
  sockets[2].receive(1, { answer: "ok" })
  assert.deepEqual(heard, [[1], null])  // another page, which shows no people
  assert.equal(channel.topics.get("answer"), "ok")
})

test("a channel that the server says is gone is left alone until there is another token", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const { channel, sockets } = make()
  sockets[0].accept()
  sockets[0].lose(4404)
  context.mock.timers.tick(1e6)
  assert.equal(sockets.length, 1)
  channel.connect({ path: "/mudra/live", token: "another" })
  assert.equal(sockets.length, 2)
})

test("a connection that is silent is asked, kept where it answers, and else opened again", (context) => {
  context.mock.timers.enable({ apis: ["setInterval", "setTimeout"] })
  const { channel, sockets } = make()
  const statuses = []
  channel.watch({ changed: (status) => statuses.push(status) })
  sockets[0].accept()
  context.mock.timers.tick(1000)
  assert.deepEqual(sockets[0].sent, ["secret", "{}"])  // nothing else shows that it works
  sockets[0].receive(1, {})
  context.mock.timers.tick(5000)
  assert.deepEqual(sockets[0].sent.slice(2), ["1", "{}"])
  context.mock.timers.tick(4000)
  sockets[0].receive(2, {})
  context.mock.timers.tick(9000)
  assert.deepEqual([sockets.length, sockets[0].readyState, statuses], [1, 1, []])
  context.mock.timers.tick(1000)
  assert.deepEqual([sockets[0].readyState, statuses], [3, ["silent"]])
  context.mock.timers.tick(1000)
  assert.equal(sockets.length, 2)
  context.mock.timers.tick(10_000)  // nor does this one open
  assert.equal(sockets[1].readyState, 3)
  context.mock.timers.tick(2000)
  sockets[2].accept()
  assert.deepEqual(statuses, ["silent"])
  sockets[2].receive(1, {})
  assert.deepEqual(statuses, ["silent", "open"])
})

test("a connection that ends is lost until a message comes, or gone", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const { channel, sockets } = make()
  const statuses = []
  channel.watch({ changed: (status) => statuses.push(status) })
  sockets[0].accept()
  sockets[0].lose()
  context.mock.timers.tick(1000)
  sockets[1].lose()
  context.mock.timers.tick(2000)
  sockets[2].accept()
  assert.deepEqual(statuses, ["lost"])
  sockets[2].receive(1, {})
  sockets[2].lose(4404)
  channel.connect({ path: "/mudra/live", token: "another" })
  sockets[3].accept()
  sockets[3].receive(1, {})
  assert.deepEqual(statuses, ["lost", "open", "gone", "open"])
})

test("a page whose right has ended is loaded anew, and connects no more", () => {
  const { channel, sockets } = make()
  let reloads = 0
  location.reload = () => { reloads += 1 }
  sockets[0].accept()
  sockets[0].lose(4403)
  channel.tick()
  assert.deepEqual([reloads, sockets.length], [1, 1])
})
