// Frames of depth: the picture in colours with what was found, the crop that the net sees, the hand
// in space. A recording is played here: its frames are asked for ahead (`want`: from which on, in
// which `turn` of the data) and come in batches. A sensor's come by themselves.
import { find, made } from "./elements.js"
import { handSpace, NOTHING } from "./hand_space.js"
import { language, t } from "./words.js"

const AHEAD = 45  // frames
const KEPT = 400
const PATIENCE_MS = 5000  // an answer that has not come by then was lost
const LONGEST_MS = 1000  // between two frames
const LATE = 8  // frames that wait; a sensor's older ones are skipped then
/** @type {Record<string, string>} */
const HOW = {
  tracked: t("Hand followed from the frame before"),
  rgb: t("Hand found in the colour picture"),
  depth: t("Hand found in the depth, by a net"),
  slices: t("The nearest thing, taken for a hand"),
}
/** @type {Record<string, string>} */
const BOX = { tracked: "#ffffff", rgb: "#ff9df2", depth: "#ffe45e", slices: "#ffe45e" }

// The texts and labels of the HTML's elements, by selector.
/** @type {Record<string, string>} */
const TEXTS = {
  "[name=turn]": t("Turn"),
  "[name=front]": t("Reset view"),
  ".turning": t("Drag, or use the arrow keys."),
  ".dashed": t("Dashed: the truth."),
  ".cube": t("The crop, as a net sees it: the cube round the hand, near is bright."),
}
/** @type {Record<string, string>} */
const LABELS = {
  ".picture": t("Depth in colours"),
  ".space": t("The hand in space. Arrow keys turn it, Home turns it back."),
  ".crop": t("The hand’s crop"),
  input: t("Frame"),
}

// As the language writes it, without separators of thousands.
/** @param {number} value @param {number} digits */
const decimal = (value, digits) => value.toLocaleString(language,
  { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false })
/** @param {string} text */
const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))

/** @param {DepthFrame} frame */
const describeFinding = ({ how, surface }) => {
  if (!how) return t("No hand found here")
  if (!surface) return HOW[how]
  return t("{how}, {cm} cm away", { how: HOW[how], cm: (surface.centre[2] / 10).toFixed(0) })
}

/** @param {HTMLElement} root */
function player(root) {
  for (const [selector, text] of Object.entries(TEXTS)) find(root, selector).textContent = text
  for (const [selector, text] of Object.entries(LABELS)) find(root, selector).setAttribute("aria-label", text)
  const canvas = (/** @type {string} */ name) => /** @type {HTMLCanvasElement} */ (find(root, name))
  const picture = canvas(".picture"), crop = canvas(".crop"), slider = find(root, "input")
  const play = find(root, "[name=play]"), swing = find(root, "[name=turn]")
  const space = handSpace(canvas(".space"))
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  /** @type {Map<number, DepthFrame>} */
  const frames = new Map()
  /** @type {DepthFrame[]} */
  let queue = []
  /** @type {{ from: number, when: number } | null} */
  let asked = null
  const self = { at: 0, playing: !calm, turning: false, asks: 0, newest: -1 }
  /** @type {DepthViewData} */
  let data
  /** @type {Component<DepthViewData>["setStateValue"]} */
  let tell
  /** @type {DepthFrame | undefined} */
  let shown
  let timer = 0, before = 0, due = 0

  /** @param {string} name @param {string} value */
  const text = (name, value) => {
    const place = find(root, name)
    if (place.textContent !== value) place.textContent = value
  }

  /** @param {number} i */
  const place = (i) => ({ number: String(i + 1), count: String(data.count) })

  // ----------------------------------------------------------------------------------- one frame
  /** @param {DepthFrame} frame */
  function drawPicture(frame) {
    const { width, height, fx, fy, u0, v0 } = frame.camera
    const image = new Image()
    image.onload = () => {
      if (shown !== frame) return
      picture.width = width
      picture.height = height
      const context = /** @type {CanvasRenderingContext2D} */ (picture.getContext("2d"))
      context.drawImage(image, 0, 0, width, height)
      const unit = width / 320
      if (frame.box) {
        const [left, top, right, bottom] = frame.box
        /** @type {[number, string][]} */
        const strokes = [[3, "#000"], [1.5, BOX[frame.how ?? ""] ?? "#fff"]]
        for (const [wide, colour] of strokes) {
          context.lineWidth = wide * unit
          context.strokeStyle = colour
          if (colour !== "#000" && frame.how !== "tracked") context.setLineDash([5 * unit, 3 * unit])
          context.strokeRect(left, top, right - left, bottom - top)
        }
        context.setLineDash([])
      }
      const { skeleton } = data
      if (!frame.joints || !skeleton) return
      const points = frame.joints.map((j) => j && [fx * j[0] / j[2] + u0, fy * j[1] / j[2] + v0])
      /** @type {[number, string | null][]} */
      const strokes = [[3.6, "#000"], [2, null]]
      for (const [wide, colour] of strokes) {
        context.lineWidth = wide * unit
        skeleton.edges.forEach(([i, j], n) => {
          const a = points[i], b = points[j]
          if (!a || !b) return
          context.strokeStyle = colour ?? skeleton.colors[n]
          context.beginPath()
          context.moveTo(a[0], a[1])
          context.lineTo(b[0], b[1])
          context.stroke()
        })
      }
    }
    image.src = `data:image/jpeg;base64,${frame.jpeg}`
  }
  /** @param {DepthSurface | null | undefined} surface */
  function drawCrop(surface) {
    const context = /** @type {CanvasRenderingContext2D} */ (crop.getContext("2d"))
    if (!surface) return context.clearRect(0, 0, crop.width, crop.height)
    crop.width = crop.height = surface.side
    const pixels = context.createImageData(surface.side, surface.side)
    surface.steps.forEach((step, i) => {
      pixels.data.fill(step === NOTHING ? 0 : 255 - 0.8 * step, 4 * i, 4 * i + 3)
      pixels.data[4 * i + 3] = 255
    })
    context.putImageData(pixels, 0, 0)
  }
  /** @param {DepthFrame} frame @returns {DepthScene} */
  function sceneOf(frame) {
    const { surface, joints, truth } = frame
    const known = (joints ?? truth)?.filter((one) => one !== null)
    const mean = (/** @type {number} */ k) => known?.length ? known.reduce((sum, j) => sum + j[k], 0) / known.length : 0
    /** @type {Point3} */
    const centre = surface?.centre ?? [mean(0), mean(1), mean(2)]
    return {
      centre, half: surface?.half ?? data.half, surface: surface ?? null, joints, truth,
      skeleton: data.skeleton, truthSkeleton: data.truth_skeleton,
    }
  }
  /** @param {DepthFrame} frame */
  function show(frame) {
    shown = frame
    self.at = frame.i
    if (frame.cube) {
      frame.surface = { ...frame.cube, steps: bytes(frame.cube.steps) }
      frame.cube = null
    }
    space.show(sceneOf(frame))
    if (!data.ticks) return
    if (frame.jpeg) drawPicture(frame)
    drawCrop(frame.surface)
    text(".how", frame.broken ?? describeFinding(frame))
    text(".said", frame.said ?? "")
    text(".error", frame.error == null ? "" : t("Mean error {error} mm", { error: decimal(frame.error, 1) }))
    if (!data.count) return
    slider.value = String(frame.i)
    const of = t("Frame {number} of {count}", place(frame.i))
    slider.setAttribute("aria-valuetext", of)
    text("output", frame.broken ? of : `${of} · ${decimal(frame.t, 2)} s`)
  }

  // ---------------------------------------------------------------------------------- their order
  const next = () => (self.at + 1) % data.count
  function ask() {
    if (!data.count) return
    if (asked && performance.now() - asked.when < PATIENCE_MS) return
    const ahead = Math.min(AHEAD, data.count)
    for (let k = 0; k < ahead; k++) {
      const from = (self.at + k) % data.count
      if (frames.has(from)) continue
      asked = { from, when: performance.now() }
      return tell("want", { turn: data.turn, from, n: ++self.asks })
    }
  }
  /** @param {DepthFrame[]} batch */
  function keep(batch) {
    for (const frame of batch) frames.set(frame.i, frame)
    /** @param {number} i */
    const far = (i) => (i - self.at + data.count) % data.count  // frames ahead, round the end
    const order = [...frames.keys()].sort((a, b) => far(a) - far(b))
    for (const i of order.slice(KEPT)) frames.delete(i)
  }
  /** @param {number} i */
  function go(i) {
    self.at = i
    const frame = frames.get(i)
    if (frame) show(frame)
    else text("output", t("Frame {number} of {count}: reading …", place(i)))
    ask()
  }
  /** @param {number} now */
  function advance(now) {
    if (now < due || (data.count && !self.playing)) return
    if (!data.count) {
      while (queue.length > LATE) queue.shift()
      const frame = queue.shift()
      if (frame) show(frame)
      due = now + (queue.length > 2 ? 0.5 : 1) * data.every_ms
      return
    }
    const [here, there] = [frames.get(self.at), frames.get(next())]
    if (here && there && here !== there) {
      const goesOn = there.i > here.i && !here.broken && !there.broken
      const passes = goesOn ? 1000 * (there.t - here.t) : data.every_ms
      show(there)
      due = Math.max(due, now - LONGEST_MS / 10) + Math.min(Math.max(passes, 10), LONGEST_MS)
    }
    ask()
  }
  /** @param {number} now */
  function tick(now) {
    timer = requestAnimationFrame(tick)
    if (self.turning && before) space.swing(Math.min(100, now - before))
    before = now
    advance(now)
  }
  function pressed() {
    play.textContent = self.playing ? t("Pause") : t("Play")
    swing.setAttribute("aria-pressed", String(self.turning))
  }

  play.onclick = () => {
    self.playing = !self.playing
    pressed()
  }
  swing.onclick = () => {
    self.turning = !self.turning
    pressed()
  }
  find(root, "[name=front]").onclick = space.reset
  slider.oninput = () => {
    self.playing = false
    pressed()
    go(Number(slider.value))
  }
  new ResizeObserver(space.draw).observe(find(root, ".space"))
  pressed()

  return {
    /** @param {DepthViewData} given @param {Component<DepthViewData>["setStateValue"]} setStateValue */
    take(given, setStateValue) {
      const other = data?.recording !== given.recording
      const anew = data?.turn !== given.turn
      data = given
      tell = setStateValue
      root.classList.toggle("bare", !data.ticks)
      root.classList.toggle("film", Boolean(data.count))
      root.classList.toggle("one", data.count === 1)
      root.classList.toggle("true", Boolean(data.truth_skeleton))
      if (anew) {
        frames.clear()
        queue = []
        self.newest = -1
        asked = null
      }
      if (other) Object.assign(self, { at: 0, playing: !calm })
      if (data.ticks) {
        find(root, ".bar").style.background = `linear-gradient(to right, ${data.colours})`
        find(root, ".ticks").replaceChildren(...data.ticks.map((m) => made("span", "", `${decimal(m, 2)} m`)))
      }
      if (data.count) {
        slider.max = String(data.count - 1)
        if (asked?.from === data.from) asked = null
        keep(data.batch)
        const frame = frames.get(self.at)
        if (frame && (anew || shown?.i !== self.at)) show(frame)
        ask()
      } else {
        const news = data.batch.filter(({ i }) => i > self.newest)  // the same may be told twice
        queue.push(...news)
        self.newest = news.at(-1)?.i ?? self.newest
      }
      pressed()
      cancelAnimationFrame(timer)
      timer = requestAnimationFrame(tick)
    },
    end: () => cancelAnimationFrame(timer),
  }
}

/** @param {Component<DepthViewData>} component */
export default function ({ data, parentElement, setStateValue }) {
  const root = /** @type {HTMLElement & { player?: ReturnType<typeof player> }} */ (
    find(parentElement, ".depth"))
  root.player ??= player(root)
  root.player.take(data, setStateValue)
  return root.player.end
}
