// Finds hands in pictures, in a thread of its own: MediaPipe's hand landmarker as WebAssembly.
//
// Comes: {open: {library, loader, wasm, model (addresses), hands}}, then {picture, t} with an
// ImageBitmap and its time in ms, rising. Goes: {ready: "GPU" or "CPU"} or {failed}, then {found,
// picture, ms}: the hands in it, the picture handed back, and the time that it took.
let landmarker = null, canvas = null

// A browser's own software drawing is slower than the processor's way.
const hasGraphicsCard = () => {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2")
  if (!gl) throw new Error("no WebGL")
  const named = gl.getExtension("WEBGL_debug_renderer_info")
  const renderer = named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : ""
  gl.getExtension("WEBGL_lose_context")?.loseContext()
  return !/swiftshader|llvmpipe|software|basic render/i.test(renderer)
}

const open = async ({ library, loader, wasm, model, hands }) => {
  const graphics = hasGraphicsCard()
  const { FilesetResolver, HandLandmarker } = await import(library)
  if (!(await FilesetResolver.isSimdSupported())) throw new Error("no SIMD")
  const content = new Uint8Array(await (await fetch(model)).arrayBuffer())
  for (const delegate of graphics ? ["GPU", "CPU"] : ["CPU"]) {
    canvas = new OffscreenCanvas(1, 1)
    try {
      landmarker = await HandLandmarker.createFromOptions(
        { wasmLoaderPath: loader, wasmBinaryPath: wasm },
        {
          baseOptions: { modelAssetBuffer: content, delegate },
          canvas, runningMode: "VIDEO", numHands: hands,
        },
      )
      return delegate
    } catch (error) {
      if (delegate === "CPU") throw error
    }
  }
}

// Keypoints in pixels, a pixel's centre at an integer; the surest hand first.
const handsOf = (result, width, height) => result.landmarks.map((points, i) => ({
  keypoints: points.map(({ x, y }) => [x * width - 0.5, y * height - 0.5]),
  world: result.worldLandmarks[i].map(({ x, y, z }) => [x, y, z]),
  side: result.handedness[i][0].categoryName,
  score: result.handedness[i][0].score,
})).sort((one, other) => other.score - one.score)

onmessage = async ({ data }) => {
  try {
    if (data.open) postMessage({ ready: await open(data.open) })
    else if (data.hands) await landmarker.setOptions({ numHands: data.hands })
    else {
      const begun = performance.now(), { picture, t } = data
      const result = landmarker.detectForVideo(picture, t)
      const found = handsOf(result, picture.width, picture.height)
      postMessage({ found, picture, t, ms: performance.now() - begun }, [picture])
    }
  } catch (error) {
    postMessage({ failed: String(error?.message ?? error) })
  }
}
