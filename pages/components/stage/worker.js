// Finds hands or bodies in pictures, in a thread of its own: MediaPipe's landmarkers as WebAssembly.
//
// Comes: {open: {library, loader, wasm, model (addresses), task, count}}, then {picture, t} with an
// ImageBitmap and its time in ms, or another {count}. Goes: {ready: "GPU" or "CPU"} or
// {failed}, then {found, picture, t}: who is in it, the picture handed back, and its time.
/** @type {Landmarker | null} */
let landmarker = null
const COUNTED_BY = { HandLandmarker: "numHands", PoseLandmarker: "numPoses" }
/** @param {object} message @param {Transferable[]} transfer */
const send = (message, transfer = []) => postMessage(message, { transfer })
const BLANK = new ImageData(64, 64)
let countedBy = "", at = 0

// A browser's own software drawing is slower than the processor's way.
const hasGraphicsCard = () => {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2")
  if (!gl) throw new Error("no WebGL")
  const named = gl.getExtension("WEBGL_debug_renderer_info")
  const renderer = named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : ""
  gl.getExtension("WEBGL_lose_context")?.loseContext()
  return !/swiftshader|llvmpipe|software|basic render/i.test(renderer)
}

/** @param {WorkerFiles} files */
const open = async ({ library, loader, wasm, model, task, count }) => {
  const graphics = hasGraphicsCard()
  const { FilesetResolver, [task]: Landmarker } = await import(library)
  if (!(await FilesetResolver.isSimdSupported())) throw new Error("no SIMD")
  const content = new Uint8Array(await (await fetch(model)).arrayBuffer())
  countedBy = COUNTED_BY[task]
  for (const delegate of graphics ? ["GPU", "CPU"] : ["CPU"]) {
    const canvas = new OffscreenCanvas(1, 1)
    try {
      landmarker = await Landmarker.createFromOptions(
        { wasmLoaderPath: loader, wasmBinaryPath: wasm },
        {
          baseOptions: { modelAssetBuffer: content, delegate },
          canvas, runningMode: "VIDEO", [countedBy]: count,
        },
      )
      if (delegate === "GPU") landmarker?.detectForVideo(await createImageBitmap(BLANK), 0)
      return delegate
    } catch (error) {  // a card may only say at the first picture that it can't
      if (delegate === "CPU") throw error
      console.warn("the graphics card can't find them:", error)
    }
  }
}

/** @param {number[]} numbers */
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

// A hand has a side and a score; a body's score is its mean visibility.
/** @param {Landmarks} result @param {Landmark[]} points @param {number} i */
const told = ({ handedness }, points, i) => {
  if (handedness) return { side: handedness[i][0].categoryName, score: handedness[i][0].score }
  const visibility = points.map((point) => point.visibility)
  return { visibility, score: mean(visibility) }
}

// Keypoints in pixels, a pixel's centre at an integer; the surest hand or body first.
/** @param {Landmarks} result @param {number} width @param {number} height @returns {BrowserPose[]} */
const posesOf = (result, width, height) => result.landmarks.map((points, i) => ({
  keypoints: points.map(({ x, y }) => [x * width - 0.5, y * height - 0.5]),
  world: result.worldLandmarks[i].map(({ x, y, z }) => [x, y, z]),
  ...told(result, points, i),
})).sort((one, other) => other.score - one.score)

/** @param {MessageEvent<WorkerMessage>} event */
onmessage = async ({ data }) => {
  try {
    if ("open" in data) send({ ready: await open(data.open) })
    else if (!landmarker) throw new Error("not opened")
    else if ("count" in data) await landmarker.setOptions({ [countedBy]: data.count })
    else {
      const { picture, t } = data
      at = Math.max(t, at + 1)  // a browser may have a coarse clock, and the library wants a rising one
      const result = landmarker.detectForVideo(picture, at)
      const found = posesOf(result, picture.width, picture.height)
      send({ found, picture, t }, [picture])
    }
  } catch (error) {
    send({ failed: error instanceof Error ? error.message : String(error) })
  }
}
