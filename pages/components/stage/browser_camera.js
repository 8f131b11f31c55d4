// The camera whose hands or bodies are found in this browser (worker.js): the picture stays in here.
//
// The page gives `data` (see `draw_camera`). Everything else goes by the channel: down what the server
// wants, its topic "camera"; up the newest frames that it has not received yet, numbered. While samples
// are recorded none is dropped before it has arrived: a hole in a movement would be its end. Each then
// brings crops where they are wanted.
import { channel } from "./channel.js"
import { Crops } from "./crops.js"
import { Drawing } from "./drawing.js"
import { fetched } from "./files.js"

const APART_MS = 33, BEAT_MS = 500, PATIENCE_MS = 1500, AHEAD = 2
const A_WORD = 6, NEWEST = 4, RECORDED = 300  // frames: 10 s of a quick camera
const SILENT = 80  // ticks of the beat: 10 s of a machine that is awake
const CROPS_APART_MS = 60
/** @type {CameraState} */
const OFF = { by: null, count: 1, paused: true, bare: false, recording: false, crops: false,
  names: [], keeps: false, asked: [], note: "", page: "", received: 0 }

export class BrowserCamera {
  // `box`: its canvas and status are drawn. `page`: {send}, sends whether the camera runs, and {fail},
  // stops it with a message.
  /**
   * @param {import("./camera_box.js").CameraBox} box
   * @param {{ send(on: boolean): void, fail(text: string): void }} page
   */
  constructor(box, page) {
    this.box = box
    this.server = page
    this.page = Math.random().toString(36).slice(2)  // another mount counts anew
    this.n = this.toldAt = this.count = 0
    /** @type {BrowserFrame[]} */
    this.frames = []
    /** @type {number[]} */
    this.pending = []  // numbers of the last frames of words without an answer
    this.crops = new Crops()
    this.brought = ""
    this.canvas = box.canvas
    this.drawing = new Drawing(this.canvas)
    this.video = box.video
    this.channel = channel()
    /** @type {CameraState | null} */
    this.wanted = null  // by the server, once it knows of the camera
    this.unknown = this.silent = 0
    this.croppedAt = -1e9
    /** @type {CameraData | null} */
    this.drawn = null
    /** @type {CameraData & CameraState | null} */
    this.data = null
    /** @type {MediaStream | null} */
    this.stream = null
    /** @type {string | null} */
    this.by = null
    /** @type {Worker | null} */
    this.worker = null
    /** @type {object | null} */
    this.wish = null
    this.busy = this.worked = this.bringing = false
    this.part = ""
    /** @type {((reason: string) => void) | undefined} */
    this.giveUp = undefined
    const opened = () => {
      this.pending = []
      this.brought = ""
      this.tell()
    }
    const stops = [
      this.channel.watch({ opened, lost: opened, failed: (problem) => this.server.fail(problem) }),
      this.channel.listen("camera", (/** @type {CameraState | null} */ news) => this.hear(news)),
    ]
    this.unlisten = () => stops.forEach((stop) => stop())
    this.beat = setInterval(() => {
      if (this.stream && performance.now() - this.toldAt >= BEAT_MS) this.tell()
      if (this.data) this.equip()
      if (this.busy && ++this.silent > SILENT) this.renew()
      if (this.stream && !this.wanted && ++this.unknown % SILENT === 0) this.server.send(true)
    }, BEAT_MS / 4)
  }

  close() {
    clearInterval(this.beat)
    this.stop()
    this.unlisten()
  }

  // The page was drawn anew.
  /** @param {CameraData} page */
  show(page) {
    this.drawn = page
    this.hear(this.wanted)
  }

  // What the server wants; null while it knows of no camera.
  /** @param {CameraState | null} wanted */
  hear(wanted) {
    this.wanted = wanted
    if (!this.drawn) return
    if (wanted?.page && wanted.page !== this.page && !this.stream) {
      this.server.send(false)  // the mount that had started it is gone
    }
    const data = this.data = { ...this.drawn, ...OFF, ...wanted }
    const received = data.page === this.page ? data.received : 0
    this.frames = this.frames.filter((frame) => frame.n > received)
    this.pending = this.pending.filter((n) => n > received)
    this.equip()
    this.bring(data.asked)
    this.draw()
    this.tellSoon()
  }

  // ---------------------------------------------------------------------------- camera and worker

  // With a stream that plays in the box's video.
  /** @param {MediaStream} stream */
  start(stream) {
    this.stream = stream
    stream.getVideoTracks()[0].onended = () => this.server.fail(this.words.lost)
    this.box.showCanvas(true)
    this.draw()
    this.server.send(true)
    this.equip()
    this.follow()
  }

  get finder() { return this.by ? this.data?.finders?.[this.by] : undefined }

  /** @returns {Words} */
  get words() { return { ...this.data?.words, ...this.finder?.words } }

  // Have what finds what the page wants; the picture plays on meanwhile.
  async equip() {
    const { by, count } = this.data ?? OFF
    if (!this.stream || !by) return
    if (by === this.by) return this.worker && count !== this.count && this.look(count)
    this.dismiss()
    this.by = by
    const mark = this.wish = {}  // something else may be wanted before it is ready
    const meant = () => this.wish === mark
    try {
      this.say(this.words.opening)
      const worker = await this.opened(meant)
      if (!meant()) return worker.terminate()
      this.worker = worker
    } catch (error) {
      if (!meant()) return
      console.warn(`${by} can't work here:`, error)
      const { word } = /** @type {{ word?: string }} */ (error)
      return this.server.fail(this.words[word ?? "unable"])
    }
    this.say(this.words[this.part])
    this.equip()
  }

  /** @param {number} count */
  look(count) {
    this.count = count
    this.worker?.postMessage({ count })
  }

  dismiss() {
    this.worker?.terminate()  // an idle one would keep its memory
    this.giveUp?.("it is not wanted any more")
    this.worker = this.by = this.wish = null
    this.busy = this.worked = false
    this.frames = []
    this.crops.forget(0)
  }

  // It broke, or has been silent for long, e.g. since the computer slept: another takes its place.
  renew() {
    this.dismiss()
    this.equip()
  }

  /** @param {() => boolean} meant */
  async opened(meant) {
    const { data, finder } = this
    if (!data?.files || !finder) throw new Error("no files")
    const { files } = data, { task, model } = finder, count = this.count = data.count
    /** @param {string} name */
    const address = (name) => new URL(files[name], location.href).href
    /** @type {string[]} */
    const lent = []  // addresses that hold much memory
    /** @param {Blob} blob */
    const lend = (blob) => lent[lent.push(URL.createObjectURL(blob)) - 1]
    /** @param {string} name */
    const kept = async (name) => lend(await fetched(address(name)))
    /** @type {Worker | undefined} */
    let worker
    try {
      const open = {
        library: address("library"), loader: address("loader"), wasm: await kept("wasm"),
        model: await kept(model), task, count,
      }
      if (!meant()) throw new Error("it is not wanted any more")
      const made = worker = new Worker(lend(new Blob([WORKER], { type: "text/javascript" })))
      const first = new Promise((done, failed) => {
        made.onmessage = ({ data }) => (data.ready ? done(data.ready) : failed(data.failed))
        made.onerror = (error) => failed(error.message)
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
    const wasOn = Boolean(this.stream)
    this.stream = null
    this.dismiss()
    this.box.showCanvas(false)
    if (wasOn) this.server.send(false)
  }

  /** @param {string} words */
  say(words) { this.box.say(words) }

  // ------------------------------------------------------------------------------------- frames

  follow() {
    const stream = this.stream
    /** @param {number} now */
    const next = async (now) => {
      if (this.stream !== stream) return
      this.video.requestVideoFrameCallback(next)
      if (this.data?.paused !== false || !this.worker) return this.paint(this.video, [])
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

  /** @param {FoundFrame & { failed?: string }} message */
  async found({ failed, ...one }) {
    if (failed) return this.worked ? this.renew() : this.server.fail(this.words.unable)
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

  /** @param {FoundFrame} found @param {Worker | null} worker */
  async take({ found, picture, t }, worker) {
    const { by, finder, data } = this
    this.paint(picture, found)
    const spent = performance.now() - t
    const crops = data?.crops && finder && found.length && t - this.croppedAt >= CROPS_APART_MS
      ? await this.crops.of(picture, found, finder) : undefined
    if (this.worker !== worker) return
    if (crops) this.croppedAt = t
    this.n++
    if (this.data?.keeps && finder) this.crops.keep(this.n, picture, found, finder)
    else this.crops.forget(0)
    const frame = {
      n: this.n, t, size: [picture.width, picture.height], spent, crops, by: by ?? "",
      poses: found.map((pose) => ({ ...pose, keypoints: rounded(pose.keypoints, 100),
        world: rounded(pose.world, 100000), visibility: pose.visibility?.map(short) })),
    }
    this.frames = [...this.frames, frame].slice(this.data?.recording ? -RECORDED : -NEWEST)
  }

  get next() { return this.stream ? this.frames.slice(0, A_WORD) : [] }

  // At most AHEAD unanswered words: a busy server hears the newest instead of a queue.
  tellSoon() {
    const last = this.next.at(-1)?.n
    if (!last || this.pending.includes(last)) return
    const since = performance.now() - this.toldAt
    if (since < APART_MS || (this.pending.length >= AHEAD && since < PATIENCE_MS)) return
    this.pending = [...this.pending, last].slice(-AHEAD)
    this.tell()
  }

  /** @param {FrameCrops[] | undefined} crops */
  tell(crops = undefined) {
    this.toldAt = performance.now()
    if (!this.stream || !this.wanted) return
    this.channel.send({ camera: { page: this.page, now: this.toldAt, crops,
      opening: Boolean(this.by && !this.worker), frames: this.next } })
  }

  // What those under way are answered may ask for the same crops again.
  /** @param {number[]} asked */
  async bring(asked) {
    if (!asked.length) this.brought = ""
    if (this.bringing || String(asked) === this.brought) return
    this.bringing = true
    /** @type {FrameCrops[]} */
    let brought = []
    try {
      brought = await this.crops.brought(asked)
    } finally {
      this.bringing = false
      this.brought = this.channel.isOpen ? String(asked) : ""
      this.tell(brought)  // also that there are none any more
    }
  }

  // ------------------------------------------------------------------------------------- drawing

  draw() {
    this.canvas.setAttribute("role", "img")  // a canvas without a role has no label
    this.canvas.setAttribute("aria-label", this.words.video)
  }

  /** @param {HTMLVideoElement | ImageBitmap} picture @param {FoundPose[]} poses */
  paint(picture, poses) {
    this.drawing.paint(picture, poses, this.finder, this.data ?? OFF)
    this.box.shape(this.canvas.width, this.canvas.height)
    const kept = this.crops.kept.length
    Object.assign(this.canvas.dataset, { poses: String(poses.length), kept: String(kept), by: this.by ?? "" })
  }
}

/** @param {number[][]} rows @param {number} parts */
const rounded = (rows, parts) => rows.map((row) => row.map((x) => Math.round(x * parts) / parts))
/** @param {number} share */
const short = (share) => Math.round(share * 1000) / 1000
