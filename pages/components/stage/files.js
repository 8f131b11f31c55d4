// The files that a browser fetches to find hands and bodies.
const SHELF = "mudra-browser-files"

// The files are large and the server forbids nobody to ask again: kept by this browser, by version.
/** @param {string} url */
export const fetched = (url) => keptHere(url).catch((/** @type {Error} */ error) => {
  throw Object.assign(error, { word: "unfetched" })
})

/** @param {string} url */
const keptHere = async (url) => {
  const shelf = await window.caches?.open(SHELF).catch(() => null)  // a private window may have none
  let found = await shelf?.match(url)
  if (!found) {
    const answer = await fetch(url)
    if (!answer.ok) throw new Error(`${answer.status} for ${url}`)
    if (!shelf) return answer.blob()
    for (const old of await shelf.keys()) {
      if (new URL(old.url).pathname === new URL(url).pathname) await shelf.delete(old)
    }
    await shelf.put(url, answer.clone()).catch(() => {})  // a full disk: fetched again next time
    found = answer
  }
  return found.blob()
}
