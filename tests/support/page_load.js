// Watches when a page of the studio stands: its heading is there, no script runs, nothing is grey
// or of the page before, every picture, table and chart is drawn. `mudraPage.standing()` is how
// long it took until then, in ms, once that has held for STEADY_MS; null before.
(() => {
  const STEADY_MS = 400;
  const DRAWINGS = {
    stDataFrame: "canvas",
    stVegaLiteChart: "canvas, svg",
    stPlotlyChart: ".main-svg",
    stImage: "img",
  };
  const page = (window.mudraPage = { begun: 0, before: null, since: null, missing: "everything" });

  function missing() {
    const heading = document.querySelector('[data-testid="stMain"] h1');
    if (!heading || heading.innerText === page.before) return "the heading";
    const app = document.querySelector('[data-testid="stApp"]');
    if (app.dataset.testScriptState !== "notRunning") return "the script's end";
    const main = document.querySelector('[data-testid="stMain"]');
    if (main.querySelector('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"]'))
      return "a skeleton's end";
    if (main.querySelector('[data-stale="true"]')) return "a stale element's end";
    if ([...main.querySelectorAll("img")].some((img) => !img.complete)) return "a picture";
    for (const [kind, drawing] of Object.entries(DRAWINGS))
      for (const box of main.querySelectorAll(`[data-testid="${kind}"]`))
        if (box.checkVisibility() && !box.querySelector(drawing)) return kind; // not on a shut tab
    return "";
  }

  function look() {
    const now = performance.now();
    page.missing = document.body ? missing() : "everything";
    page.since = page.missing ? null : (page.since ?? now);
    requestAnimationFrame(look);
  }

  page.standing = () =>
    page.since !== null && performance.now() - page.since > STEADY_MS
      ? page.since - page.begun
      : null;
  // a click in the menu begins anew: the page before still stands until its successor comes
  document.addEventListener(
    "click",
    (event) => {
      if (!event.target.closest('[data-testid="stSidebarNav"]')) return;
      const heading = document.querySelector('[data-testid="stMain"] h1');
      Object.assign(page, {
        begun: performance.now(),
        before: heading && heading.innerText,
        since: null,
      });
    },
    true,
  );
  requestAnimationFrame(look);
})();
