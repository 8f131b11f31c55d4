// Finds who is in each picture: a fresh landmarker, shown the picture some times, as the server's
// `estimate_still` does. `work` is pose_worker.js, `open` what it opens, `pictures` PNGs as base64.
async ({ work, open, pictures, passes, stepMs }) => {
  const code = URL.createObjectURL(new Blob([work], { type: "text/javascript" }))
  const found = []
  for (const png of pictures) {
    const worker = new Worker(code)
    const ask = (message, moved = []) => new Promise((done) => {
      worker.onmessage = ({ data }) => done(data)
      worker.postMessage(message, moved)
    })
    const opened = await ask({ open })
    if (opened.failed) throw new Error(opened.failed)
    const content = await (await fetch(`data:image/png;base64,${png}`)).blob()
    let picture = await createImageBitmap(content, { colorSpaceConversion: "none" }), last = null
    const spent = []
    for (let pass = 0; pass < passes; pass++) {
      last = await ask({ picture, t: stepMs * pass }, [picture])
      if (last.failed) throw new Error(last.failed)
      picture = last.picture
      spent.push(last.ms)
    }
    found.push({ poses: last.found, spent, by: opened.ready })
    worker.terminate()
  }
  return found
}
