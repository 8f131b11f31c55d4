// The visitor's camera, its hands or bodies found in this browser (pose_worker.js): the picture stays
// in here.
//
// Down comes `data` (see browser_camera.py). Up go words: whether the camera is on, and the newest
// frames that are not answered yet, numbered. While samples are recorded more of them wait for an
// answer, each with crops where they are wanted. Words go over a connection of the camera's own, whose
// answers bring what is new of `data`; where there is none, as the page's state value `told`.
const APART_MS = 33, BEAT_MS = 500, PATIENCE_MS = 1500, AHEAD = 2, WAITING = 6, NEWEST = 4
const SILENT = 80  // ticks of the beat: 10 s of a machine that is awake
const AGAIN_MS = 2000, SELDOM_MS = 60000, GONE = 4404  // until a lost connection is tried again
const CROP = 256, CROPS_APART_MS = 60, KEPT = 64
const FARTHEST = 2, OTHER_SIDE = 0.5  // in units of a pose's size, as the server follows hands
const SHELF = "mudra-browser-files"

const made = (tag, look = "", text = "") => {
  const element = document.createElement(tag)
  if (look) element.className = look
  element.textContent = text
  return element
}

// The files are large and the server forbids nobody to ask again: kept by this browser, by version.
const fetched = (url) => keptHere(url).catch((error) => {
  throw Object.assign(error, { word: "unfetched" })
})

const keptHere = async (url) => {
  const shelf = await window.caches?.open(SHELF).catch(() => null)  // a private window may have none
  let found = await shelf?.match(url)
  if (!found) {
    const answer = await fetch(url)
    if (!answer.ok) throw new Error(`${answer.status} for ${url}`)
    if (!shelf) return answer.blob()
    for (const old of await shelf.keys()) {
      if (new URL(old.url).pathname === new URL(url).pathname) await shelf.delete(old)
    }
    await shelf.put(url, answer.clone()).catch(() => {})  // a full disk: fetched again next time
    found = answer
  }
  return found.blob()
}

class Camera {
  constructor(root) {
    this.page = Math.random().toString(36).slice(2)  // another mount counts anew
    this.n = this.toldAt = this.count = 0
    this.frames = []
    this.pending = []  // numbers of the newest frames of words without an answer
    this.kept = []  // crops of the last frames as bitmaps, in case the page asks for them
    this.trouble = ""
    this.box = made("div", "camera")
    this.canvas = made("canvas")
    this.canvas.hidden = true
    this.bar = made("div", "bar")
    this.button = made("button", "", "START")
    this.button.type = "button"
    this.button.onclick = () => (this.stream || this.opening ? this.stop() : this.start())
    this.status = made("p")
    this.status.setAttribute("role", "status")
    this.bar.append(this.button, this.status)
    this.box.append(this.canvas, this.bar)
    root.append(this.box)
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true })
    this.beat = setInterval(() => {
      if (this.stream && performance.now() - this.toldAt >= BEAT_MS) this.tell()
      if (this.busy && ++this.silent > SILENT) this.renew()
      if (this.stream && this.direct && ++this.unanswered > SILENT) this.channel.onclose({})
    }, BEAT_MS / 4)
  }

  close() {
    clearInterval(this.beat)
    this.stop()
    this.channel?.close()
    this.channel = this.token = null
  }

  // A page is drawn before it says what it wants, and may come late: older news are not heard.
  show(data, news = data.news) {
    const known = this.data && data.channel?.token === this.token
    if (!known || news.turn >= this.data.turn) this.news = news
    data = this.data = { ...data, ...this.news }
    this.connect()
    const heard = data.page === this.page ? data.heard : 0
    this.frames = this.frames.filter((frame) => frame.n > heard)
    this.pending = this.pending.filter((n) => n > heard)
    if (data.page && data.page !== this.page && !this.stream) this.tell()  // that mount is gone
    this.equip()
    if (data.asked?.length) this.bring(data.asked)
    this.draw()
    this.tellSoon()
  }

  // -------------------------------------------------------------------------------- the connection

  connect() {
    const { path, token } = this.data.channel ?? {}
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
      this.pending = []
      this.tell(true)
    }
    channel.onmessage = ({ data }) => {
      const { answer, problem, ...news } = JSON.parse(data)
      this.unanswered = 0
      this.apart = AGAIN_MS
      if (this.channel !== channel || !this.stream) return
      if (problem) return this.fail(problem)
      this.show(this.data, news)
      if (answer) window.dispatchEvent(new CustomEvent("mudra-answer", { detail: answer }))
    }
    channel.onclose = ({ code }) => {  // the page's messages go on
      if (this.channel !== channel) return
      channel.close()  // one that has fallen silent is still open
      this.channel = null
      this.pending = []
      if (this.stream) this.tell()
      if (code !== GONE) setTimeout(() => this.reach(path, token), this.apart)
      this.apart = Math.min(2 * this.apart, SELDOM_MS)
    }
  }

  get direct() { return this.channel?.readyState === WebSocket.OPEN }

  // ---------------------------------------------------------------------------- camera and worker

  async start() {
    const mark = this.opening = {}  // STOP and START may be pressed before it is there
    const meant = () => this.opening === mark
    this.say("")
    this.draw()
    try {
      if (!(window.isSecureContext && navigator.mediaDevices)) throw { name: "Insecure" }
      const stream = await navigator.mediaDevices.getUserMedia(this.data.wanted)
      if (!meant()) return stream.getTracks().forEach((track) => track.stop())
      this.stream = stream
      stream.getVideoTracks()[0].onended = () => this.fail(this.data.words.lost)
      this.video.srcObject = stream
      await this.video.play()
    } catch (error) {
      return meant() && this.fail(this.data.words[error?.name] ?? this.data.words.unknown)
    }
    if (!meant()) return
    this.opening = null
    this.draw()
    this.tell()
    this.equip()
    this.follow()
  }

  get words() { return { ...this.data.words, ...this.data.finders[this.by]?.words } }

  // Have what finds what the page wants; the picture plays on meanwhile.
  async equip() {
    const { by, count } = this.data
    if (!this.stream || !by) return
    if (by === this.by) return this.worker && count !== this.count && this.look(count)
    this.dismiss()
    this.by = by
    const mark = this.wish = {}  // something else may be wanted before it is ready
    const meant = () => this.wish === mark
    try {
      this.say(this.words.opening)
      const worker = await this.opened(this.data.finders[by], meant)
      if (!meant()) return worker.terminate()
      this.worker = worker
    } catch (error) {
      if (!meant()) return
      console.warn(`${by} can't work here:`, error)
      return this.fail(this.words[error.word ?? "unable"])
    }
    this.say(this.words[this.part])
    this.equip()
  }

  look(count) {
    this.count = count
    this.worker.postMessage({ count })
  }

  dismiss() {
    this.worker?.terminate()  // an idle one would keep its memory
    this.giveUp?.("it is not wanted any more")
    this.worker = this.by = this.wish = null
    this.busy = this.worked = false
    this.frames = []
    this.forget(0)
  }

  // It broke, or has been silent for long, e.g. since the computer slept: another takes its place.
  renew() {
    this.dismiss()
    this.equip()
  }

  async opened({ task, model }, meant) {
    const { files } = this.data
    const count = this.count = this.data.count
    const address = (name) => new URL(files[name], location.href).href
    const lent = []  // addresses that hold much memory
    const lend = (blob) => lent[lent.push(URL.createObjectURL(blob)) - 1]
    const kept = async (name) => lend(await fetched(address(name)))
    let worker
    try {
      const open = {
        library: address("library"), loader: address("loader"), wasm: await kept("wasm"),
        model: await kept(model), task, count,
      }
      if (!meant()) throw new Error("it is not wanted any more")
      worker = new Worker(lend(new Blob([WORKER], { type: "text/javascript" })))
      const first = new Promise((done, failed) => {
        worker.onmessage = ({ data }) => (data.ready ? done(data.ready) : failed(data.failed))
        worker.onerror = (error) => failed(error.message)
        this.giveUp = failed
      })
      worker.postMessage({ open })
      this.part = await first
    } catch (error) {
      worker?.terminate()
      throw error
    } finally {
      lent.forEach((url) => URL.revokeObjectURL(url))
    }
    worker.onmessage = ({ data }) => this.worker === worker && this.found(data)
    return worker
  }

  stop() {
    const was = this.stream
    was?.getTracks().forEach((track) => track.stop())
    this.stream = this.opening = null
    this.dismiss()
    this.say("")
    this.draw()
    if (was) this.tell()
  }

  fail(words) {
    this.stop()
    this.say(words)
  }

  say(words) { this.status.textContent = words }

  // ------------------------------------------------------------------------------------- frames

  follow() {
    const stream = this.stream
    const next = async (now) => {
      if (this.stream !== stream) return
      this.video.requestVideoFrameCallback(next)
      if (this.data.paused || !this.worker) return this.paint(this.video, [])
      if (this.busy) return
      this.busy = true
      this.silent = 0
      const { worker } = this
      try {
        const picture = await createImageBitmap(this.video)
        worker.postMessage({ picture, t: now }, [picture])
      } catch (error) {  // no picture is there yet, or no more
        console.warn("a picture was passed over:", error)
        if (this.worker === worker) this.busy = false
      }
    }
    this.video.requestVideoFrameCallback(next)
  }

  async found({ failed, ...one }) {
    if (failed) return this.worked ? this.renew() : this.fail(this.words.unable)
    const { worker } = this
    this.worked = true
    try {
      await this.take(one, worker)
    } catch (error) {
      console.warn("a picture was passed over:", error)
    } finally {
      one.picture.close()
      if (this.worker === worker) this.busy = false
    }
    this.tellSoon()
  }

  async take({ found, picture, t, ms }, worker) {
    const { by } = this
    this.paint(picture, found)
    const spent = performance.now() - t
    const crops = this.data.crops && found.length && t - (this.croppedAt ?? -1e9) >= CROPS_APART_MS
      ? await this.crops(picture, found) : undefined
    if (this.worker !== worker) return
    if (crops) this.croppedAt = t
    this.n++
    this.keep(picture, found)
    const frame = {
      n: this.n, t, size: [picture.width, picture.height], spent, ms, crops, by,
      poses: found.map((pose) => ({ ...pose, keypoints: rounded(pose.keypoints, 100),
        world: rounded(pose.world, 100000), visibility: pose.visibility?.map(short) })),
    }
    this.frames = [...this.frames, frame].slice(this.data.recording ? -WAITING : -NEWEST)
  }

  // At most AHEAD unanswered words: a busy server hears the newest instead of a queue.
  tellSoon() {
    const newest = this.frames.at(-1)?.n
    if (!newest || !this.stream || this.pending.includes(newest)) return
    const since = performance.now() - this.toldAt
    if (since < APART_MS || (this.pending.length >= AHEAD && since < PATIENCE_MS)) return
    this.pending = [...this.pending, newest].slice(-AHEAD)
    this.tell()
  }

  // `aloud`: so that the page hears it, too.
  tell(aloud = false, crops = undefined) {
    this.toldAt = performance.now()
    const on = Boolean(this.stream && !this.opening), { direct } = this
    const word = { page: this.page, on, now: this.toldAt, crops,
      opening: Boolean(this.by && !this.worker), frames: this.stream ? this.frames : [] }
    if (direct && on) this.channel.send(JSON.stringify(word))
    if (!direct || !on) this.send(word)
    else if (aloud) this.send({ ...word, frames: [], direct })
  }

  // The square round each as a JPEG; what lies beyond the picture repeats its edge.
  async crops(picture, poses) {
    const crops = []
    for (const pose of poses) {
      const region = this.cutOut(picture, pose)
      crops.push(region && { region, jpeg: await this.jpeg() })
    }
    return crops
  }

  async jpeg() {
    const jpeg = await this.cut.convertToBlob({ type: "image/jpeg", quality: 0.9 })
    return btoa(String.fromCharCode(...new Uint8Array(await jpeg.arrayBuffer())))
  }

  keep(picture, poses) {
    this.forget(this.data.keeps ? KEPT : 0)
    if (!this.data.keeps || !poses.length) return
    this.kept.push({ n: this.n, cuts: poses.map((pose) => {
      const region = this.cutOut(picture, pose)
      return region && { region, bitmap: this.cut.transferToImageBitmap() }
    }) })
  }

  forget(allBut) {
    while (this.kept.length > allBut) this.kept.shift().cuts.forEach((cut) => cut?.bitmap.close())
  }

  async bring(asked) {
    if (this.bringing) return
    this.bringing = true
    const brought = []
    try {
      for (const { n, cuts } of this.kept.filter(({ n }) => asked.includes(n))) {
        const crops = []
        for (const cut of cuts) crops.push(cut?.bitmap.width ? await this.crop(cut) : null)
        brought.push({ n, crops })
      }
    } finally {
      this.bringing = false
      this.tell(false, brought)  // also that there are none any more
    }
  }

  async crop({ region, bitmap }) {
    this.cut.getContext("2d").drawImage(bitmap, 0, 0)
    return { region, jpeg: await this.jpeg() }
  }

  // Onto `this.cut`; null where nothing of it is seen.
  cutOut(picture, { keypoints, visibility }) {
    const { around, visible } = this.data.finders[this.by]
    const seen = keypoints.filter((_, i) => !visibility || visibility[i] >= visible)
    if (!seen.length) return null
    const { x, y, size } = box(seen), side = size * around
    const left = x - side / 2, top = y - side / 2
    this.cut ??= new OffscreenCanvas(CROP, CROP)
    const pen = this.cut.getContext("2d"), scale = CROP / side
    pen.imageSmoothingQuality = "high"
    for (const [sx, sw, dx, dw] of strips(left + 0.5, side, picture.width)) {
      for (const [sy, sh, dy, dh] of strips(top + 0.5, side, picture.height)) {
        pen.drawImage(picture, sx, sy, sw, sh, dx * scale, dy * scale, dw * scale, dh * scale)
      }
    }
    return [left, top, side]
  }

  // ------------------------------------------------------------------------------------- drawing

  draw() {
    const on = Boolean(this.stream || this.opening)
    this.button.textContent = on ? "STOP" : "START"
    this.canvas.hidden = !this.stream
    this.canvas.setAttribute("aria-label", this.words.video)
  }

  paint(picture, poses) {
    const { canvas } = this
    const width = picture.videoWidth ?? picture.width, height = picture.videoHeight ?? picture.height
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    const pen = canvas.getContext("2d"), named = this.named(poses)
    pen.setTransform(-1, 0, 0, 1, width, 0)  // as in a mirror
    pen.drawImage(picture, 0, 0)
    poses.forEach(({ keypoints }, i) => this.data.bare || this.skeleton(
      pen, keypoints, Math.max(1, Math.round(Math.min(width, height) / 240)), named[i]?.color))
    pen.setTransform(1, 0, 0, 1, 0, 0)
    const { note } = this.data
    const noted = note ? this.text(pen, note, 0, 0, Math.max(24, height / 9)) : [0, 0]
    poses.forEach(({ keypoints }, i) => {
      if (named[i]?.text) this.plate(pen, named[i].text, keypoints, width, height, noted)
    })
    canvas.dataset.poses = poses.length
    canvas.dataset.kept = this.kept.length
    canvas.dataset.by = this.by ?? ""
  }

  // What the server called each, some frames ago: those of the same side and the nearest.
  named(poses) {
    const free = [...this.data.names]
    return poses.map(({ keypoints, side }) => {
      const { x, y, size } = box(keypoints)
      const away = (one) => Math.hypot(one.at[0] - x, one.at[1] - y) / size
        + OTHER_SIDE * (one.side !== (side ?? null))
      free.sort((one, other) => away(one) - away(other))
      return free.length && away(free[0]) < FARTHEST ? free.shift() : null
    })
  }

  // In the colours of its edges, or in one.
  skeleton(pen, points, width, color) {
    const { edges, colors } = this.data.finders[this.by]
    pen.lineWidth = width
    pen.lineCap = "round"
    edges.forEach(([a, b], i) => {
      pen.strokeStyle = color || colors[i]
      pen.beginPath()
      pen.moveTo(points[a][0] + 0.5, points[a][1] + 0.5)
      pen.lineTo(points[b][0] + 0.5, points[b][1] + 0.5)
      pen.stroke()
    })
    pen.fillStyle = "#fff"
    for (const [x, y] of points) {
      pen.beginPath()
      pen.arc(x + 0.5, y + 0.5, 1.2 * width, 0, 7)
      pen.fill()
    }
  }

  // Above the points, and below the note where both would be in one place.
  plate(pen, text, points, width, height, [right, bottom]) {
    const xs = points.map((p) => p[0]), size = Math.max(18, height / 14)
    pen.font = `${0.55 * size}px sans-serif`
    const wide = pen.measureText(text).width + size / 2
    const middle = width - 1 - (Math.min(...xs) + Math.max(...xs)) / 2
    const left = Math.max(0, Math.min(middle - wide / 2, width - wide))
    const above = Math.min(...points.map((p) => p[1])) - 1.3 * size
    const top = Math.max(left < right ? bottom : 0, Math.min(above, height - size))
    this.text(pen, text, left, top, size)
  }

  // On a plate of its own; returns its size.
  text(pen, text, left, top, size) {
    pen.font = `${0.55 * size}px sans-serif`
    const wide = pen.measureText(text).width + size / 2
    pen.fillStyle = "#181820"
    pen.fillRect(left, top, wide, size)
    pen.fillStyle = "#fff"
    pen.textBaseline = "middle"
    pen.fillText(text, left + size / 4, top + size / 2)
    return [wide, size]
  }
}

const rounded = (rows, parts) => rows.map((row) => row.map((x) => Math.round(x * parts) / parts))
const short = (share) => Math.round(share * 1000) / 1000

// The middle of points and their larger side.
const box = (points) => {
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1])
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)]
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, size: Math.max(x1 - x0, y1 - y0, 1) }
}

// How a span of a line of pixels is drawn: [from, length, to, length], its ends repeated.
const strips = (begin, length, size) => {
  const inside = Math.max(0, begin), end = Math.min(size, begin + length)
  const parts = []
  if (begin < 0) parts.push([0, 1, 0, Math.min(-begin, length)])
  if (end > inside) parts.push([inside, end - inside, inside - begin, end - inside])
  if (begin + length > size) {
    const from = Math.max(size - begin, 0)
    parts.push([size - 1, 1, from, length - from])
  }
  return parts
}

export default function ({ data, parentElement, setStateValue }) {
  const camera = (parentElement.camera ??= new Camera(parentElement))
  camera.send = (told) => setStateValue("told", told)
  camera.show(data)
  return () => { if (!parentElement.isConnected) camera.close() }
}
