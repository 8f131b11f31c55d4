// What does not fit on the page that is open: a text wider than its control, a control that
// another element covers, a page that scrolls sideways. Each as a line of text.
() => {
  const TEXTS = "button, a, label, summary, input:not([type=checkbox]):not([type=radio]), " +
    "[role=tab], [role=radio], [role=combobox], [role=option]"
  const CONTROLS = "button, a[href], input, select, textarea, summary, [role=tab], [role=radio], " +
    "[role=slider], [role=switch], [tabindex='0']"
  const DRAWN = "[data-testid=stDataFrame], .js-plotly-plot, [data-testid=stVegaLiteChart], video"
  const found = []

  function* all(root, selector) {
    yield* root.querySelectorAll(selector)
    for (const element of root.querySelectorAll("*"))
      if (element.shadowRoot) yield* all(element.shadowRoot, selector)
  }
  const parent = (element) => element.parentElement || element.getRootNode().host || null
  const holds = (outer, inner) => {
    for (let e = inner; e; e = parent(e)) if (e === outer) return true
    return false
  }
  const named = (element) => {
    const keys = []
    for (let e = element; e; e = parent(e)) {
      const key = [...(e.classList || [])].find((name) => name.startsWith("st-key-"))
      if (key) { keys.push(key); break }
    }
    const text = element.innerText || element.getAttribute("aria-label") || element.value || ""
    return `${keys.join("")} ${element.tagName.toLowerCase()}` +
      `[${element.dataset.testid || element.role || ""}] “${text.trim().slice(0, 40)}”`
  }
  const shown = (element) => {
    if (element.closest("[data-testid=stSidebar][data-collapsed=true]")) return false
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1 &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }
  const inDrawing = (element) => {
    for (let e = element; e; e = parent(e)) if (e.matches(DRAWN)) return true
    return false
  }
  // a hidden field that a label stands for is pressed by its label
  const pressedBy = (element) =>
    element.matches("input[type=checkbox], input[type=radio], input[type=file]")
      ? element.closest("label") || parent(element) : element

  // ---- a text wider than its box
  const cut = (element) => {
    for (const e of [element, ...element.querySelectorAll("*")]) {
      const style = getComputedStyle(e)
      if (style.overflowX === "visible" || style.display === "inline" || !shown(e)) continue
      if (e.scrollWidth > e.clientWidth + 1) return true
    }
    const box = element.getBoundingClientRect()
    const reach = document.createRange()
    reach.selectNodeContents(element)
    const text = reach.getBoundingClientRect()
    return element.innerText?.trim() && (text.right > box.right + 1 || text.left < box.left - 1)
  }
  for (const element of all(document, TEXTS))
    if (shown(element) && !inDrawing(element) && cut(element))
      found.push(`cut off: ${named(element)}`)

  // ---- a control that something covers
  const deepest = (x, y) => {
    let hit = document.elementFromPoint(x, y)
    while (hit?.shadowRoot) {
      const inside = hit.shadowRoot.elementFromPoint(x, y)
      if (!inside || inside === hit) break
      hit = inside
    }
    return hit
  }
  for (const control of all(document, CONTROLS)) {
    const element = pressedBy(control)
    if (!shown(element) || control.disabled || inDrawing(element)) continue
    element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" })
    const box = element.getBoundingClientRect()
    const hit = deepest(box.x + box.width / 2, box.y + box.height / 2)
    if (!hit || !(holds(element, hit) || holds(hit, element)))
      found.push(`covered: ${named(element)} by ${hit ? named(hit) : "the window's edge"}`)
  }

  // ---- a page that scrolls sideways
  for (const id of ["stMain", "stAppViewContainer"]) {
    const box = document.querySelector(`[data-testid=${id}]`)
    if (box.scrollWidth > box.clientWidth + 1)
      found.push(`${id} scrolls sideways: ${box.scrollWidth} in ${box.clientWidth} pixels`)
  }
  return [...new Set(found)]
}
