// One picture of frames side by side, played.
import { play } from "./loop.js"

export default function ({ data, parentElement }) {
  const image = parentElement.querySelector("img")
  image.onload = () => play(image)
  if (image.getAttribute("src") !== data.picture) image.src = data.picture
}
