// Frames of depth: the picture in colours with what was found, the crop that the net sees, the hand
// in space. A recording is played here: its frames are asked for ahead (`want`: from which on, in
// which `turn` of the data) and come in batches. A sensor's come by themselves.
import { made } from "./elements.js"
import { handSpace, NOTHING } from "./hand_space.js"

const AHEAD = 45  // frames
const KEPT = 400
const PATIENCE_MS = 5000  // an answer that has not come by then was lost
const LONGEST_MS = 1000  // between two frames
const LATE = 8  // frames that wait; a sensor's older ones are skipped then
const HOW = {
  tracked: "Hand followed from the frame before",
  rgb: "Hand found in the colour picture",
  depth: "Hand found in the depth, by a net",
  slices: "The nearest thing, taken for a hand",
}
const BOX = { tracked: "#ffffff", rgb: "#ff9df2", depth: "#ffe45e", slices: "#ffe45e" }

const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))

function player(root) {
  const find = (name) => root.querySelector(name)
  const picture = find(".picture"), crop = find(".crop"), slider = find("input")
  const play = find("[name=play]"), swing = find("[name=turn]")
  const space = handSpace(find(".space"))
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const self = { frames: new Map(), queue: [], at: 0, playing: !calm, turning: false, asked: null, asks: 0 }
  let data = null, tell = () => {}, timer = 0, before = 0, due = 0, shown = null

  const text = (name, value) => {
    const place = find(name)
    if (place.textContent !== value) place.textContent = value
  }

  // ----------------------------------------------------------------------------------- one frame
  function drawPicture(frame) {
    const { width, height, fx, fy, u0, v0 } = frame.camera
    const image = new Image()
    image.onload = () => {
      if (shown !== frame) return
      picture.width = width
      picture.height = height
      const context = picture.getContext("2d")
      context.drawImage(image, 0, 0, width, height)
      const unit = width / 320
      if (frame.box) {
        const [left, top, right, bottom] = frame.box
        for (const [wide, colour] of [[3, "#000"], [1.5, BOX[frame.how] ?? "#fff"]]) {
          context.lineWidth = wide * unit
          context.strokeStyle = colour
          if (colour !== "#000" && frame.how !== "tracked") context.setLineDash([5 * unit, 3 * unit])
          context.strokeRect(left, top, right - left, bottom - top)
        }
        context.setLineDash([])
      }
      if (!frame.joints) return
      const points = frame.joints.map((j) => j && [fx * j[0] / j[2] + u0, fy * j[1] / j[2] + v0])
      for (const [wide, colour] of [[3.6, "#000"], [2, null]]) {
        context.lineWidth = wide * unit
        data.skeleton.edges.forEach(([i, j], n) => {
          if (!points[i] || !points[j]) return
          context.strokeStyle = colour ?? data.skeleton.colors[n]
          context.beginPath()
          context.moveTo(...points[i])
          context.lineTo(...points[j])
          context.stroke()
        })
      }
    }
    image.src = `data:image/jpeg;base64,${frame.jpeg}`
  }
  function drawCrop(surface) {
    const context = crop.getContext("2d")
    if (!surface) return context.clearRect(0, 0, crop.width, crop.height)
    crop.width = crop.height = surface.side
    const pixels = context.createImageData(surface.side, surface.side)
    surface.steps.forEach((step, i) => {
      pixels.data.fill(step === NOTHING ? 0 : 255 - 0.8 * step, 4 * i, 4 * i + 3)
      pixels.data[4 * i + 3] = 255
    })
    context.putImageData(pixels, 0, 0)
  }
  function sceneOf(frame) {
    const { cube, joints, truth } = frame
    const known = (joints ?? truth)?.filter(Boolean)
    const mean = (k) => known?.length ? known.reduce((sum, j) => sum + j[k], 0) / known.length : 0
    const centre = cube?.centre ?? [0, 1, 2].map(mean)
    return {
      centre, half: cube?.half ?? data.half, surface: cube, joints, truth,
      skeleton: data.skeleton, truthSkeleton: data.truth_skeleton,
    }
  }
  function show(frame) {
    shown = frame
    self.at = frame.i
    if (frame.cube && !frame.cube.bytes) {
      frame.cube.bytes = true
      frame.cube.steps = bytes(frame.cube.steps)
    }
    space.show(sceneOf(frame))
    if (!data.ticks) return
    if (frame.jpeg) drawPicture(frame)
    drawCrop(frame.cube)
    const away = frame.cube ? `, ${(frame.cube.centre[2] / 10).toFixed(0)} cm away` : ""
    text(".how", frame.broken ?? (frame.how ? `${HOW[frame.how]}${away}` : "No hand found here"))
    text(".said", frame.said ?? "")
    text(".error", frame.error == null ? "" : `Mean error ${frame.error.toFixed(1)} mm`)
    if (!data.count) return
    slider.value = frame.i
    const of = `Frame ${frame.i + 1} of ${data.count}`
    slider.setAttribute("aria-valuetext", of)
    text("output", frame.broken ? of : `${of} · ${frame.t.toFixed(2)} s`)
  }

  // ---------------------------------------------------------------------------------- their order
  const next = () => (self.at + 1) % data.count
  function ask() {
    if (!data.count) return
    if (self.asked && performance.now() - self.asked.when < PATIENCE_MS) return
    const ahead = Math.min(AHEAD, data.count)
    for (let k = 0; k < ahead; k++) {
      const from = (self.at + k) % data.count
      if (self.frames.has(from)) continue
      self.asked = { from, when: performance.now() }
      return tell("want", { turn: data.turn, from, n: ++self.asks })
    }
  }
  function keep(batch) {
    for (const frame of batch) self.frames.set(frame.i, frame)
    const far = (i) => (i - self.at + data.count) % data.count  // frames ahead, round the end
    const order = [...self.frames.keys()].sort((a, b) => far(a) - far(b))
    for (const i of order.slice(KEPT)) self.frames.delete(i)
  }
  function go(i) {
    self.at = i
    if (self.frames.has(i)) show(self.frames.get(i))
    else text("output", `Frame ${i + 1} of ${data.count}: reading …`)
    ask()
  }
  function advance(now) {
    if (now < due || (data.count && !self.playing)) return
    if (!data.count) {
      while (self.queue.length > LATE) self.queue.shift()
      const frame = self.queue.shift()
      if (frame) show(frame)
      due = now + (self.queue.length > 2 ? 0.5 : 1) * data.every_ms
      return
    }
    const [here, there] = [self.frames.get(self.at), self.frames.get(next())]
    if (here && there && here !== there) {
      const goesOn = there.i > here.i && !here.broken && !there.broken
      const passes = goesOn ? 1000 * (there.t - here.t) : data.every_ms
      show(there)
      due = Math.max(due, now - LONGEST_MS / 10) + Math.min(Math.max(passes, 10), LONGEST_MS)
    }
    ask()
  }
  function tick(now) {
    timer = requestAnimationFrame(tick)
    if (self.turning && before) space.swing(Math.min(100, now - before))
    before = now
    advance(now)
  }
  function pressed() {
    play.textContent = self.playing ? "Pause" : "Play"
    swing.setAttribute("aria-pressed", self.turning)
  }

  play.onclick = () => {
    self.playing = !self.playing
    pressed()
  }
  swing.onclick = () => {
    self.turning = !self.turning
    pressed()
  }
  find("[name=front]").onclick = space.reset
  slider.oninput = () => {
    self.playing = false
    pressed()
    go(Number(slider.value))
  }
  new ResizeObserver(space.draw).observe(find(".space"))
  pressed()

  return {
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
        self.frames.clear()
        self.queue = []
        self.newest = -1
        self.asked = null
      }
      if (other) Object.assign(self, { at: 0, playing: !calm })
      if (data.ticks) {
        find(".bar").style.background = `linear-gradient(to right, ${data.colours})`
        find(".ticks").replaceChildren(...data.ticks.map((tick) => made("span", "", tick)))
      }
      if (data.count) {
        slider.max = data.count - 1
        if (self.asked?.from === data.from) self.asked = null
        keep(data.batch)
        if ((anew || shown?.i !== self.at) && self.frames.has(self.at)) show(self.frames.get(self.at))
        ask()
      } else {
        const news = data.batch.filter(({ i }) => i > self.newest)  // the same may be told twice
        self.queue.push(...news)
        self.newest = news.at(-1)?.i ?? self.newest
      }
      pressed()
      cancelAnimationFrame(timer)
      timer = requestAnimationFrame(tick)
    },
    end: () => cancelAnimationFrame(timer),
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".depth")
  root.player ??= player(root)
  root.player.take(data, setStateValue)
  return root.player.end
}
