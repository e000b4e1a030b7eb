// The address: a signal of path and query, and links that do not load the page again.
import { signal } from "@preact/signals";

const ROOT = "/console";

/** @returns {{path: string, query: URLSearchParams}} */
function read() {
  return { path: location.pathname.slice(ROOT.length) || "/", query: new URLSearchParams(location.search) };
}

export const place = signal(read());
addEventListener("popstate", () => {
  place.value = read();
});

/** @param {string} path Below the console, with a query. @param {{replace?: boolean}} [options] */
export function go(path, options = {}) {
  history[options.replace ? "replaceState" : "pushState"](null, "", ROOT + path);
  place.value = read();
}

/** @param {string} path */
export const href = (path) => ROOT + path;

addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !url.pathname.startsWith(`${ROOT}/`) || url.pathname.startsWith(`${ROOT}/api/`)) return;
  event.preventDefault();
  go(url.pathname.slice(ROOT.length) + url.search);
});
