// The page's connection to the live channel (core/live/channel.py says what goes over it). State comes
// down by topic and is kept for whoever asks later; commands go up, are sent again until they are
// applied, and those that are no part of a recording survive a reload. A connection that is lost is
// opened again, soon and then seldom.
const AGAIN_MS = 2000, SELDOM_MS = 60000, GONE = 4404, REPEAT_MS = 1000, A_MESSAGE = 100
const KEPT = "mudra-commands", KEPT_MS = 30000
const FLEETING = new Set(["begin", "beat", "end", "start", "stop", "pictures", "more", "enlarge"])

export class Channel {
  // `open(url)` makes a WebSocket; `storage` is the tab's.
  constructor(open = (url) => new WebSocket(url), storage = window.sessionStorage) {
    this.open = open
    this.storage = storage
    this.page = Math.random().toString(36).slice(2)  // a page loaded anew counts anew
    this.n = this.applied = 0
    this.queue = this.restored()
    this.topics = new Map()
    this.listeners = new Map()
    this.watchers = new Set()
    this.unanswered = 0  // counted by whoever waits for an answer
    this.repeat = setInterval(() => this.flush(), REPEAT_MS)
  }

  // `at`: {path, token}, or nothing for no connection.
  connect({ path, token } = {}) {
    if (token === this.token) return
    this.socket?.close()
    this.token = token
    this.socket = null
    this.apart = AGAIN_MS
    if (token) this.reach(path, token)
  }

  reach(path, token) {
    if (token !== this.token || this.socket) return
    const url = new URL(path, location.href)
    url.protocol = url.protocol.replace("http", "ws")
    const socket = this.socket = this.open(url)
    socket.onopen = () => {
      socket.send(token)
      this.unanswered = 0
      this.turns = new Map()  // of this connection, by topic
      this.watchers.forEach((one) => one.opened?.())
      this.flush()
    }
    socket.onmessage = ({ data }) => {
      this.unanswered = 0
      this.apart = AGAIN_MS
      if (this.socket === socket) this.receive(JSON.parse(data))
    }
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return
      socket.close()  // one that has fallen silent is still open
      this.socket = null
      this.watchers.forEach((one) => one.lost?.())
      if (code !== GONE) setTimeout(() => this.reach(path, token), this.apart)
      this.apart = Math.min(2 * this.apart, SELDOM_MS)
    }
  }

  get isOpen() { return this.socket?.readyState === 1 }

  // It has fallen silent.
  giveUp() { this.socket?.onclose({}) }

  // ------------------------------------------------------------------------------------- state

  receive({ turn, applied, state, problem }) {
    if (problem) return this.watchers.forEach((one) => one.failed?.(problem))
    this.socket.send(String(turn))
    const before = this.queue.length
    this.queue = this.queue.filter((one) => !(applied[one.page] >= one.n))
    this.applied = Math.max(this.applied, applied[this.page] ?? 0)
    if (this.queue.length < before) this.keep()
    const first = this.turns.size === 0 && turn === 1
    const gone = first ? [...this.topics.keys()].filter((name) => !(name in state)) : []
    const changed = [...Object.entries(state), ...gone.map((name) => [name, null])]
    for (const [name, one] of changed) {  // messages may overtake each other
      if (turn < (this.turns.get(name) ?? 0)) continue
      this.turns.set(name, turn)
      if (one === null) this.topics.delete(name)
      else this.topics.set(name, one)
    }
    const told = this.queue.length < before ? [...this.listeners.keys()] : changed.map(([name]) => name)
    for (const name of told) {
      for (const hear of [...(this.listeners.get(name) ?? [])]) hear(this.topics.get(name) ?? null)
    }
  }

  // Calls `hear(state)` now where the topic is known, and whenever it changes or a command has been
  // applied; null where the topic is gone. Returns a function that ends this.
  listen(topic, hear) {
    if (!this.listeners.has(topic)) this.listeners.set(topic, new Set())
    this.listeners.get(topic).add(hear)
    if (this.topics.has(topic)) hear(this.topics.get(topic))
    return () => this.listeners.get(topic).delete(hear)
  }

  // `one`: {opened, lost, failed}, each called where it is there. Returns a function that ends this.
  watch(one) {
    this.watchers.add(one)
    return () => this.watchers.delete(one)
  }

  // ---------------------------------------------------------------------------------- commands

  // Returns the command's number.
  say(to, kind, more = {}) {
    const command = { page: this.page, n: ++this.n, to, kind, ...more, at: Date.now() }
    const replaced = (one) => kind === one.kind && ["beat", "pictures", "enlarge"].includes(kind)
    this.queue = [...this.queue.filter((one) => !replaced(one)), command]
    this.keep()
    this.flush([command])
    return command.n
  }

  isApplied(n) { return this.applied >= n }

  flush(commands = this.queue) {
    if (commands.length && this.isOpen) this.send({ commands: commands.slice(0, A_MESSAGE) })
  }

  send(message) { if (this.isOpen) this.socket.send(JSON.stringify(message)) }

  keep() {
    const kept = this.queue.filter(({ kind }) => !FLEETING.has(kind))
    this.storage.setItem(KEPT, JSON.stringify(kept))
  }

  restored() {
    const kept = JSON.parse(this.storage.getItem(KEPT) ?? "[]")
    return kept.filter(({ at }) => Date.now() - at < KEPT_MS)
  }

  close() {
    clearInterval(this.repeat)
    this.socket?.close()
    this.socket = this.token = null
  }
}

// The one channel of this page: its parts lie in several places.
export const channel = () => (window.mudraChannel ??= new Channel())
