// A hand in space on a canvas, to be turned by mouse, finger or arrow keys: the measured surface as
// points, the found skeleton, the true one dashed, the cube round the hand. Convention: x right,
// y down, z away, mm from the cube's middle; a crop's steps are bytes, 255 where nothing is.
const BEGINNING = { yaw: -0.55, pitch: 0.3 }
const EYE = 4  // so many times the reach away
const TURNS_S = 9  // once round
const STEP_RAD = 0.12  // an arrow key's
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1, n >> 1 & 1, n >> 2].map((v) => 2 * v - 1))
const EDGES = CORNERS.flatMap((a, i) => CORNERS.map((b, j) => [i, j])
  .filter(([, j]) => i < j && a.filter((v, k) => v !== CORNERS[j][k]).length === 1))
export const NOTHING = 255  // of a crop: where nothing is

/** @param {HTMLCanvasElement} canvas */
export function handSpace(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const view = { ...BEGINNING }
  /** @type {DepthScene | null} */
  let scene = null
  /** @type {number[] | null} */
  let drag = null
  let size = 0

  /** @typedef {(x: number, y: number, z: number) => Point3} Projector */
  /** @param {number} reach @returns {Projector} */
  const projector = (reach) => {
    const [cy, sy] = [Math.cos(view.yaw), Math.sin(view.yaw)]
    const [cp, sp] = [Math.cos(view.pitch), Math.sin(view.pitch)]
    return (x, y, z) => {
      const [side, away] = [x * cy + z * sy, z * cy - x * sy]
      const [down, deep] = [y * cp - away * sp, y * sp + away * cp]
      const scale = size / 2 / reach * EYE / (EYE + deep / reach)
      return [size / 2 + side * scale, size / 2 + down * scale, deep]
    }
  }
  /** @param {number[]} a @param {number[]} b */
  const line = (a, b) => {
    context.beginPath()
    context.moveTo(a[0], a[1])
    context.lineTo(b[0], b[1])
    context.stroke()
  }
  /** @param {string} name */
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim() || "grey"

  /** @param {Projector} at @param {number} half */
  function drawCube(at, half) {
    context.lineWidth = size / 500
    context.strokeStyle = colour("--st-border-color")
    const corners = CORNERS.map(([x, y, z]) => at(x * half, y * half, z * half))
    for (const [i, j] of EDGES) line(corners[i], corners[j])
  }
  /** @param {Projector} at @param {DepthSurface} surface */
  function drawSurface(at, { steps, side, rays: [ax, bx, ay, by], centre, half }) {
    const dot = Math.max(1, size / 260)
    context.fillStyle = colour("--st-text-color")
    for (let y = 0; y < side; y++) {
      for (let x = y % 2; x < side; x += 2) {  // every other pixel: the shape shows as well
        const step = steps[y * side + x]
        if (step === NOTHING || !step) continue
        const deep = (step / 127.5 - 1) * half
        const d = deep + centre[2]
        const [u, v, away] = at((ax * x + bx) * d - centre[0], (ay * y + by) * d - centre[1], deep)
        context.globalAlpha = 0.6 - 0.35 * Math.min(1, Math.max(-1, away / half))
        context.fillRect(u, v, dot, dot)
      }
    }
    context.globalAlpha = 1
  }
  /** @param {Projector} at @param {Joints} joints @param {SkeletonData} skeleton @param {Point3} centre @param {boolean} truth */
  function drawHand(at, joints, skeleton, centre, truth) {
    const points = joints.map((joint) =>
      joint && at(joint[0] - centre[0], joint[1] - centre[1], joint[2] - centre[2]))
    context.setLineDash(truth ? [size / 70, size / 90] : [])
    context.lineWidth = truth ? size / 190 : size / 95
    context.lineCap = "round"
    skeleton.edges.forEach(([i, j], n) => {
      context.strokeStyle = truth ? colour("--st-text-color") : skeleton.colors[n]
      const a = points[i], b = points[j]
      if (a && b) line(a, b)
    })
    context.setLineDash([])
    if (truth) return
    context.fillStyle = colour("--st-text-color")
    for (const point of points.filter((one) => one !== null)) {
      context.beginPath()
      context.arc(point[0], point[1], size / 130, 0, 2 * Math.PI)
      context.fill()
    }
  }
  function draw() {
    size = canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio)
    if (!scene || !size) return
    const at = projector(1.68 * scene.half)
    drawCube(at, scene.half)
    if (scene.surface) drawSurface(at, scene.surface)
    if (scene.truth && scene.truthSkeleton) drawHand(at, scene.truth, scene.truthSkeleton, scene.centre, true)
    if (scene.joints && scene.skeleton) drawHand(at, scene.joints, scene.skeleton, scene.centre, false)
  }
  /** @param {number} yaw @param {number} pitch */
  const turn = (yaw, pitch) => {
    view.yaw += yaw
    view.pitch = Math.min(1.5, Math.max(-1.5, view.pitch + pitch))
    draw()
  }
  const reset = () => {
    Object.assign(view, BEGINNING)
    draw()
  }

  canvas.onpointerdown = (event) => {
    drag = [event.clientX, event.clientY]
    canvas.setPointerCapture(event.pointerId)
  }
  canvas.onpointermove = (event) => {
    if (!drag) return
    turn((event.clientX - drag[0]) / 120, (drag[1] - event.clientY) / 120)
    drag = [event.clientX, event.clientY]
  }
  canvas.onpointerup = canvas.onpointercancel = () => (drag = null)
  canvas.onkeydown = (event) => {
    /** @type {Record<string, [number, number]>} */
    const steps = {
      ArrowLeft: [-STEP_RAD, 0], ArrowRight: [STEP_RAD, 0],
      ArrowUp: [0, STEP_RAD], ArrowDown: [0, -STEP_RAD],
    }
    const by = steps[event.key]
    if (by) turn(...by)
    else if (event.key === "Home") reset()
    else return
    event.preventDefault()
    event.stopPropagation()  // no shortcut of the page
  }
  /** @param {DepthScene} shown */
  const show = (shown) => {
    scene = shown
    draw()
  }
  return { show, draw, reset, swing: (/** @type {number} */ passed_ms) => turn(passed_ms / 1000 / TURNS_S * 2 * Math.PI, 0), view }
}
