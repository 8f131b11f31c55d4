// The camera's own connection to the server. Words go out, answers and news come in; one that is lost
// is tried again, soon and then seldom, until the server says that its camera is gone.
const AGAIN_MS = 2000, SELDOM_MS = 60000, GONE = 4404

class Connection {
  // Told: `opened()`, `heard(news)` and `lost()`.
  constructor(told) {
    this.told = told
    this.unanswered = 0  // counted by whoever waits for an answer
  }

  // `at`: {path, token}, or nothing for no connection.
  connect({ path, token } = {}) {
    if (token === this.token) return
    this.channel?.close()
    this.token = token
    this.channel = null
    this.apart = AGAIN_MS
    if (token) this.reach(path, token)
  }

  reach(path, token) {
    if (token !== this.token || this.channel) return
    const url = new URL(path, location.href)
    url.protocol = url.protocol.replace("http", "ws")
    const channel = this.channel = new WebSocket(url)
    channel.onopen = () => {
      channel.send(token)
      this.unanswered = 0
      this.told.opened()
    }
    channel.onmessage = ({ data }) => {
      this.unanswered = 0
      this.apart = AGAIN_MS
      if (this.channel === channel) this.told.heard(JSON.parse(data))
    }
    channel.onclose = ({ code }) => {
      if (this.channel !== channel) return
      channel.close()  // one that has fallen silent is still open
      this.channel = null
      this.told.lost()
      if (code !== GONE) setTimeout(() => this.reach(path, token), this.apart)
      this.apart = Math.min(2 * this.apart, SELDOM_MS)
    }
  }

  get isOpen() { return this.channel?.readyState === WebSocket.OPEN }

  send(word) { this.channel.send(JSON.stringify(word)) }

  // It has fallen silent.
  giveUp() { this.channel.onclose({}) }

  close() {
    this.channel?.close()
    this.channel = this.token = null
  }
}
