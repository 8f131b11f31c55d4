// A picture of frames side by side, each as high as wide, is played as a loop. Its last frame shows
// the whole way: it stands still a while, and is all that is shown where motion is not wanted.
const FRAME_MS = 90, STILL_MS = 450

/** @param {HTMLImageElement} image */
export const play = (image) => {
  const frames = image.naturalWidth / image.naturalHeight
  image.classList.toggle("loop", frames > 1)
  if (!(frames > 1)) return
  const moves_ms = frames * FRAME_MS, whole_ms = moves_ms + STILL_MS
  image.getAnimations().forEach((one) => one.cancel())
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
  image.animate(
    [
      { objectPosition: "0 0", easing: `steps(${frames}, jump-none)` },
      { objectPosition: "100% 0", offset: moves_ms / whole_ms },
      { objectPosition: "100% 0" },
    ],
    { duration: whole_ms, iterations: Infinity },
  )
}
