// The video's frame follows its shape. streamlit-webrtc measures its height when it draws itself and
// when the video can play, but not when the pictures take another shape meanwhile: a hole stayed
// under them. Here it is asked to measure again whenever the video's box changes.
export default function () {
  let video = null, observer = null
  const measure = () => video.dispatchEvent(new Event("canplay"))
  const look = () => {
    const frame = document.querySelector("iframe[title*=webrtc_streamer]")
    const now = frame?.contentDocument?.querySelector("video") ?? null
    if (now === video) return
    observer?.disconnect()
    video = now
    if (!video) return
    observer = new video.ownerDocument.defaultView.ResizeObserver(measure)
    observer.observe(video)
  }
  const watch = setInterval(look, 300)
  look()
  return () => {
    clearInterval(watch)
    observer?.disconnect()
  }
}
