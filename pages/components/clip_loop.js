// One picture of frames side by side, played.
export default function ({ data, parentElement }) {
  const image = parentElement.querySelector("img")
  image.onload = () => play(image)
  if (image.getAttribute("src") !== data.picture) image.src = data.picture
}
