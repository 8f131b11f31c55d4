// The page's connection to the live channel (core/live/channel.py says what goes over it). State comes
// down by topic and is kept for whoever asks later; commands go up, are sent again until they are
// applied, and those that are no part of a recording survive a reload. A connection that is lost is
// opened again, soon and then seldom. One that is silent is asked for an answer, and closed without it.
const AGAIN_MS = 1000, SELDOM_MS = 15000, GONE = 4404, OVER = 4403, REPEAT_MS = 1000, A_MESSAGE = 100
const ASK_AFTER = 5, SILENT = 10  // seconds of a page that is awake
const KEPT = "mudra-commands", KEPT_MS = 30000
const FLEETING = new Set(["begin", "beat", "end", "start", "stop", "pictures", "more", "enlarge"])

export class Channel {
  // `open(url)` makes a WebSocket; `storage` is the tab's.
  /** @param {Storage} storage */
  constructor(open = (/** @type {URL} */ url) => new WebSocket(url), storage = window.sessionStorage) {
    this.open = open
    this.storage = storage
    this.page = Math.random().toString(36).slice(2)  // a page loaded anew counts anew
    this.n = this.applied = 0
    this.queue = this.restored()
    /** @type {Map<string, unknown>} */
    this.topics = new Map()
    /** @type {Map<string, Set<(state: any) => void>>} */
    this.listeners = new Map()
    /** @type {Set<ChannelWatcher>} */
    this.watchers = new Set()
    /** @type {Map<string, number>} */
    this.turns = new Map()  // of this connection, by topic
    /** @type {string | undefined} */
    this.token = undefined
    /** @type {WebSocket | null} */
    this.socket = null
    this.apart = AGAIN_MS
    this.retry = () => {}
    /** @type {ChannelStatus} */
    this.status = "open"  // or "lost" until a message comes, "silent", "gone": another token is needed
    this.silence = 0  // s
    this.repeat = setInterval(() => this.tick(), REPEAT_MS)
  }

  // `at`: {path, token}, or nothing for no connection.
  /** @param {ChannelAddress | undefined} at */
  connect(at) {
    const token = at?.token
    if (token === this.token) return
    this.socket?.close()
    this.token = token
    this.socket = null
    this.apart = AGAIN_MS
    if (at) this.reach(at.path, at.token)
  }

  /** @param {string} path @param {string} token */
  reach(path, token) {
    if (token !== this.token || this.socket) return
    const url = new URL(path, location.href)
    url.protocol = url.protocol.replace("http", "ws")
    const socket = this.socket = this.open(url)
    this.silence = 0
    socket.onopen = () => {
      socket.send(token)
      this.silence = ASK_AFTER - 1  // its first answer shows that it works
      this.turns = new Map()
      this.watchers.forEach((one) => one.opened?.())
      this.flush()
    }
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return
      this.silence = 0
      this.apart = AGAIN_MS
      this.change("open")
      this.receive(JSON.parse(data))
    }
    socket.onclose = ({ code }) => this.lose(socket, code)
    this.retry = () => this.reach(path, token)
  }

  // One that has fallen silent is still open.
  /** @param {WebSocket} socket @param {number} code */
  lose(socket, code) {
    if (this.socket !== socket) return
    socket.close()
    this.socket = null
    if (code === OVER) return location.reload()  // a guest's right has ended: the server says why
    this.watchers.forEach((one) => one.lost?.())
    this.change(code === GONE ? "gone" : this.silence === SILENT ? "silent" : "lost")
    if (code !== GONE) setTimeout(this.retry, this.apart)
    this.apart = Math.min(2 * this.apart, SELDOM_MS)
  }

  get isOpen() { return this.socket?.readyState === 1 }

  tick() {
    this.flush()
    if (!this.socket) return
    this.silence += 1
    if (this.silence === ASK_AFTER) this.send({})
    if (this.silence === SILENT) this.lose(this.socket, 0)
  }

  /** @param {ChannelStatus} status */
  change(status) {
    if (status === this.status) return
    this.status = status
    this.watchers.forEach((one) => one.changed?.(status))
  }

  // ------------------------------------------------------------------------------------- state

  /** @param {StateMessage | ProblemMessage} message */
  receive(message) {
    if ("problem" in message) return this.watchers.forEach((one) => one.failed?.(message.problem))
    const { turn, applied, state } = message
    this.socket?.send(String(turn))
    const before = this.queue.length
    this.queue = this.queue.filter((one) => !(applied[one.page] >= one.n))
    this.applied = Math.max(this.applied, applied[this.page] ?? 0)
    if (this.queue.length < before) this.keep()
    const first = this.turns.size === 0 && turn === 1
    const gone = first ? [...this.topics.keys()].filter((name) => !(name in state)) : []
    const changed = Object.entries({ ...state, ...Object.fromEntries(gone.map((name) => [name, null])) })
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
  /**
   * @template State
   * @param {string} topic
   * @param {(state: State | null) => void} hear
   */
  listen(topic, hear) {
    const heard = this.listeners.get(topic) ?? new Set()
    this.listeners.set(topic, heard.add(hear))
    if (this.topics.has(topic)) hear(/** @type {State} */ (this.topics.get(topic)))
    return () => heard.delete(hear)
  }

  // `one`: {opened, lost, changed, failed}, each called where it is there. Returns a function that ends
  // this.
  /** @param {ChannelWatcher} one */
  watch(one) {
    this.watchers.add(one)
    return () => this.watchers.delete(one)
  }

  // ---------------------------------------------------------------------------------- commands

  // Returns the command's number.
  /** @param {string} to @param {string} kind @param {CommandFields} more */
  say(to, kind, more = {}) {
    const command = { page: this.page, n: ++this.n, to, kind, ...more, at: Date.now() }
    /** @param {Command} one */
    const replaced = (one) => kind === one.kind && ["beat", "pictures", "enlarge"].includes(kind)
    this.queue = [...this.queue.filter((one) => !replaced(one)), command]
    this.keep()
    this.flush([command])
    return command.n
  }

  /** @param {number} n */
  isApplied(n) { return this.applied >= n }

  flush(commands = this.queue) {
    if (commands.length && this.isOpen) this.send({ commands: commands.slice(0, A_MESSAGE) })
  }

  /** @param {{ commands?: Command[], camera?: CameraMessage }} message */
  send(message) { if (this.isOpen) this.socket?.send(JSON.stringify(message)) }

  keep() {
    const kept = this.queue.filter(({ kind }) => !FLEETING.has(kind))
    this.storage.setItem(KEPT, JSON.stringify(kept))
  }

  /** @returns {Command[]} */
  restored() {
    /** @type {Command[]} */
    const kept = JSON.parse(this.storage.getItem(KEPT) ?? "[]")
    return kept.filter(({ at }) => Date.now() - at < KEPT_MS)
  }

  close() {
    clearInterval(this.repeat)
    this.socket?.close()
    this.socket = null
    this.token = undefined
  }
}

// The one channel of this page: its parts lie in several places.
export const channel = () => (window.mudraChannel ??= new Channel())
