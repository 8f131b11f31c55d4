// A picture with people's boxes that can be drawn, moved, resized and removed, by mouse, finger or
// key. Reports `people`: the boxes as [x, y, width, height] in picture pixels, which one is chosen,
// and the `turn` of the data that they came with. They count here until `turn` says that others
// were given: an answer to the change before must not take back the one after it.
import { find } from "./elements.js"
import { t } from "./words.js"

const LEAST = 8  // picture pixels: what is smaller is a click, not a box
const SOON_MS = 350  // after the last key
const SVG = "http://www.w3.org/2000/svg"
/** @type {Record<string, number[]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} given
 */
const make = (tag, given) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, String(value))
  return element
}

/** @param {Component<PersonBoxesData, object, ShadowRoot>} component */
export default function ({ data, parentElement, setStateValue }) {
  const root = /** @type {HTMLElement & PersonBoxesState} */ (find(parentElement, ".people"))
  const svg = /** @type {SVGSVGElement} */ (root.querySelector("svg"))
  const add = find(root, "button"), removal = find(root, "[name=remove]")
  svg.setAttribute("aria-label", t("People’s boxes"))
  add.textContent = t("Add a box")
  removal.textContent = t("Remove the box")
  find(root, "small").textContent = t("Drag on the picture to draw a box. Tab reaches the boxes: arrows move, Shift and arrows resize, Enter chooses, Delete removes.")
  const { width, height } = data
  /** @param {number} value @param {number} most */
  const limit = (value, most) => Math.min(Math.max(value, 0), most)

  const tell = () => {
    clearTimeout(root.timer)
    root.timer = 0
    const boxes = root.boxes.map((box) => box.map((v) => Math.round(10 * v) / 10))
    setStateValue("people", { turn: root.turn, boxes, chosen: root.chosen })
  }
  const tellSoon = () => {
    clearTimeout(root.timer)
    root.timer = setTimeout(tell, SOON_MS)
  }
  /** @param {PointerEvent} event @returns {[x: number, y: number]} */
  const at = (event) => {
    const shown = svg.getBoundingClientRect()
    return [
      limit((event.clientX - shown.left) / shown.width * width, width),
      limit((event.clientY - shown.top) / shown.height * height, height),
    ]
  }
  /** @param {number[]} from @param {number[]} to @returns {XYWH} */
  const between = ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d), Math.abs(a - c), Math.abs(b - d)]
  const draw = (focus = -1) => {
    const boxes = root.boxes.map((box, i) => {
      const [x, y, w, h] = box
      const colour = data.colours[i % data.colours.length]
      const group = make("g", {
        tabindex: 0, role: "button", "data-n": i, "aria-pressed": i === root.chosen,
        "aria-label": t("Person {n}, {width} × {height} pixels",
          { n: i + 1, width: String(Math.round(w)), height: String(Math.round(h)) }),
      })
      const size = Math.max(11, width / 45)
      const name = make("text", { x: x + size / 4, y: y + size, "font-size": size, fill: colour })
      name.textContent = String(i + 1)
      const corner = make("rect", {
        class: "corner", x: x + w - size / 2, y: y + h - size / 2, width: size, height: size, fill: colour,
      })
      group.append(make("rect", { class: "box", x, y, width: w, height: h, stroke: colour }), name, corner)
      group.onkeydown = (event) => pressed(event, i)
      return group
    })
    svg.replaceChildren(...boxes)
    if (focus >= 0) boxes[focus]?.focus({ preventScroll: true })
  }
  /** @param {number} i */
  const remove = (i) => {
    root.boxes.splice(i, 1)
    if (root.chosen >= i) root.chosen = Math.max(0, root.chosen - 1)
    draw(Math.min(i, root.boxes.length - 1))
    if (!root.boxes.length) add.focus()
    tell()
  }
  /** @param {KeyboardEvent} event @param {number} i */
  const pressed = (event, i) => {
    const box = root.boxes[i]
    const step = STEPS[event.key]
    if (step) {
      const by = Math.max(1, width / 100)
      const from = event.shiftKey ? 2 : 0
      box[from] += by * step[0]
      box[from + 1] += by * step[1]
      fit(box)
      draw(i)
      tellSoon()
    } else if (event.key === "Enter" || event.key === " ") {
      root.chosen = i
      draw(i)
      tell()
    } else if (event.key === "Delete" || event.key === "Backspace") remove(i)
    else return
    event.preventDefault()
    event.stopPropagation()  // no shortcut of the page
  }
  /** @param {XYWH} box */
  const fit = (box) => {
    box[2] = Math.min(Math.max(box[2], LEAST), width)
    box[3] = Math.min(Math.max(box[3], LEAST), height)
    box[0] = limit(box[0], width - box[2])
    box[1] = limit(box[1], height - box[3])
  }

  svg.onpointerdown = (event) => {
    if (event.button) return
    const target = /** @type {SVGElement} */ (event.target), group = target.closest("g")
    const n = group ? Number(group.dataset.n) : -1
    const resizes = target.classList.contains("corner")
    root.drag = { n, resizes, from: at(event), box: n < 0 ? null : /** @type {XYWH} */ ([...root.boxes[n]]), moved: false }
    svg.setPointerCapture(event.pointerId)
    event.preventDefault()
  }
  svg.onpointermove = (event) => {
    const drag = root.drag
    if (!drag) return
    const to = at(event)
    const by = [to[0] - drag.from[0], to[1] - drag.from[1]]
    if (!drag.moved && Math.hypot(...by) < LEAST / 2) return
    drag.moved = true
    if (drag.n < 0) {
      drag.n = root.boxes.push([...drag.from, LEAST, LEAST]) - 1
      drag.isNew = true
    }
    const box = root.boxes[drag.n]
    if (drag.isNew) box.splice(0, 4, ...between(drag.from, to))
    else if (drag.box) {
      const from = drag.resizes ? 2 : 0
      box.splice(0, 4, ...drag.box)
      box[from] += by[0]
      box[from + 1] += by[1]
      fit(box)
    }
    draw()
  }
  svg.onpointerup = () => {
    const drag = root.drag
    root.drag = null
    if (!drag || drag.n < 0) return
    const [, , w, h] = root.boxes[drag.n]
    if (drag.isNew && (w < LEAST || h < LEAST)) root.boxes.splice(drag.n, 1)
    else root.chosen = drag.n
    draw(root.chosen)
    tell()
  }
  svg.onpointercancel = () => {
    const drag = root.drag
    root.drag = null
    if (drag?.isNew) root.boxes.splice(drag.n, 1)
    else if (drag?.moved && drag.box) root.boxes[drag.n] = drag.box
    draw()
  }
  add.onclick = () => {
    root.chosen = root.boxes.push([width * 0.35, height * 0.2, width * 0.3, height * 0.6]) - 1
    draw(root.chosen)
    tell()
  }
  removal.onclick = () => root.boxes.length && remove(root.chosen)

  if (root.turn !== data.turn) {
    Object.assign(root, { turn: data.turn, boxes: data.boxes.map((b) => /** @type {XYWH} */ ([...b])), chosen: 0, drag: null })
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
  root.style.setProperty("--shape", `${width} / ${height}`)
  root.style.setProperty("--width", String(width / height))
  const image = find(root, "img")
  if (image.getAttribute("src") !== data.picture) image.src = data.picture
  const { activeElement } = /** @type {ShadowRoot | Document} */ (root.getRootNode())
  const focused = activeElement?.closest("g")?.dataset.n
  if (!root.drag) draw(focused === undefined ? -1 : Number(focused))
  return () => clearTimeout(root.timer)  // a word of a page that is being left would bring it back
}
