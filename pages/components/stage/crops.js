// What is cut out of a camera's pictures: a square round each hand or body, or round both hands.
const CROP = 256, KEPT = 64

export class Crops {
  constructor() {
    /** @type {{ n: number, cuts: ({ region: number[], bitmap: ImageBitmap } | null)[] }[]} */
    this.kept = []  // of the last frames as bitmaps, in case they are asked for
    this.cut = new OffscreenCanvas(CROP, CROP)
    this.pen = /** @type {OffscreenCanvasRenderingContext2D} */ (this.cut.getContext("2d"))
  }

  // The square round each as a JPEG; what lies beyond the picture repeats its edge.
  /** @param {ImageBitmap} picture @param {FoundPose[]} poses @param {Finder} finder */
  async of(picture, poses, finder) {
    /** @type {(BrowserCrop | null)[]} */
    const crops = []
    for (const pose of subjects(poses, finder)) {
      const region = this.cutOut(picture, pose, finder)
      crops.push(region && { region, jpeg: await this.jpeg() })
    }
    return crops
  }

  /** @param {number} n @param {ImageBitmap} picture @param {FoundPose[]} poses @param {Finder} finder */
  keep(n, picture, poses, finder) {
    this.forget(KEPT)
    if (!poses.length) return
    this.kept.push({ n, cuts: subjects(poses, finder).map((pose) => {
      const region = this.cutOut(picture, pose, finder)
      return region && { region, bitmap: this.cut.transferToImageBitmap() }
    }) })
  }

  /** @param {number} allBut */
  forget(allBut) {
    while (this.kept.length > allBut) this.kept.shift()?.cuts.forEach((cut) => cut?.bitmap.close())
  }

  // Those of the frames of these numbers, as many as are still kept.
  /** @param {number[]} asked */
  async brought(asked) {
    /** @type {FrameCrops[]} */
    const brought = []
    for (const { n, cuts } of this.kept.filter(({ n }) => asked.includes(n))) {
      /** @type {FrameCrops["crops"]} */
      const crops = []
      for (const cut of cuts) crops.push(cut?.bitmap.width ? await this.again(cut) : null)
      brought.push({ n, crops })
    }
    return brought
  }

  /** @param {{ region: number[], bitmap: ImageBitmap }} cut */
  async again({ region, bitmap }) {
    this.pen.drawImage(bitmap, 0, 0)
    return { region, jpeg: await this.jpeg() }
  }

  async jpeg() {
    const jpeg = await this.cut.convertToBlob({ type: "image/jpeg", quality: 0.9 })
    return btoa(String.fromCharCode(...new Uint8Array(await jpeg.arrayBuffer())))
  }

  // Onto `this.cut`; null where nothing of it is seen.
  /** @param {ImageBitmap} picture @param {ReturnType<typeof subjects>[0]} pose @param {Finder} finder */
  cutOut(picture, { keypoints, visibility }, { around, visible }) {
    const seen = keypoints.filter((_, i) => !visibility || visibility[i] >= visible)
    if (!seen.length) return null
    const { x, y, size } = box(seen), side = size * around
    const left = x - side / 2, top = y - side / 2
    const { pen } = this, scale = CROP / side
    pen.imageSmoothingQuality = "high"
    for (const [sx, sw, dx, dw] of strips(left + 0.5, side, picture.width)) {
      for (const [sy, sh, dy, dh] of strips(top + 0.5, side, picture.height)) {
        pen.drawImage(picture, sx, sy, sw, sh, dx * scale, dy * scale, dw * scale, dh * scale)
      }
    }
    return [left, top, side]
  }
}

// What each crop and name is of: each hand or body, or both hands together.
/**
 * @param {FoundPose[]} poses
 * @param {Finder | undefined} finder
 * @returns {Pick<FoundPose, "keypoints" | "visibility" | "side">[]}
 */
export const subjects = (poses, finder) => (!finder?.together || !poses.length
  ? poses : [{ keypoints: poses.flatMap(({ keypoints }) => keypoints) }])

// The middle of points and their larger side.
/** @param {number[][]} points */
export const box = (points) => {
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1])
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)]
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, size: Math.max(x1 - x0, y1 - y0, 1) }
}

// How a span of a line of pixels is drawn: [from, length, to, length], its ends repeated.
/** @param {number} begin @param {number} length @param {number} size */
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
