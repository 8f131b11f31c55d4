// The camera's picture as in a mirror, with the skeletons and what the server called each.
import { box, subjects } from "./crops.js"

const FARTHEST = 2, OTHER_SIDE = 0.5  // in units of a pose's size, as the server follows hands

export class Drawing {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  }

  // `data`: `names`, `note` and `bare` of what the page wants.
  /**
   * @param {HTMLVideoElement | ImageBitmap | HTMLCanvasElement} picture
   * @param {FoundPose[]} poses
   * @param {Finder | undefined} finder
   * @param {Pick<CameraState, "names" | "note" | "bare">} data
   */
  paint(picture, poses, finder, { names, note, bare }) {
    const { canvas, pen } = this
    const [width, height] = picture instanceof HTMLVideoElement
      ? [picture.videoWidth, picture.videoHeight] : [picture.width, picture.height]
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    const shown = subjects(poses, finder), named = this.named(shown, names)
    pen.setTransform(-1, 0, 0, 1, width, 0)  // as in a mirror
    pen.drawImage(picture, 0, 0)
    const thick = Math.max(1, Math.round(Math.min(width, height) / 240))
    poses.forEach(({ keypoints }, i) => finder && !bare
      && this.skeleton(pen, keypoints, finder, thick, named[i]?.color))
    pen.setTransform(1, 0, 0, 1, 0, 0)
    const noted = note ? this.text(pen, note, 0, 0, Math.max(24, height / 9)) : [0, 0]
    shown.forEach(({ keypoints }, i) => {
      const { text } = named[i] ?? {}
      if (text) this.plate(pen, text, keypoints, width, height, noted)
    })
  }

  // What the server called each, some frames ago: those of the same side and the nearest.
  /**
   * @param {ReturnType<typeof subjects>} poses
   * @param {HandLabel[]} names
   */
  named(poses, names) {
    const free = [...names]
    return poses.map(({ keypoints, side }) => {
      const { x, y, size } = box(keypoints)
      /** @param {HandLabel} one */
      const away = (one) => Math.hypot(one.at[0] - x, one.at[1] - y) / size
        + OTHER_SIDE * Number(one.side !== (side ?? null))
      free.sort((one, other) => away(one) - away(other))
      return free.length && away(free[0]) < FARTHEST ? free.shift() : null
    })
  }

  // In the colours of its edges, or in one.
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number[][]} points
   * @param {Finder} finder
   * @param {number} width
   * @param {string} [color]
   */
  skeleton(pen, points, { edges, colors }, width, color) {
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
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {string} text
   * @param {number[][]} points
   * @param {number} width
   * @param {number} height
   * @param {number[]} noted
   */
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
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {string} text
   * @param {number} left
   * @param {number} top
   * @param {number} size
   */
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
