// One picture of frames side by side, played.
import { find } from "./elements.js"
import { play } from "./loop.js"
import { t } from "./words.js"

/** @param {Component<ClipData>} component */
export default function ({ data, parentElement }) {
  const image = find(parentElement, "img")
  image.alt = t("The movement, played over and over")
  image.onload = () => play(image)
  if (image.getAttribute("src") !== data.picture) image.src = data.picture
}
