// Places of cells: arithmetic, never sums over items; and a scroll that is scaled where browsers end.

/** Pixels of the highest element that all browsers show; they end at 16.7 to 17.9 million device pixels. */
export const MOST_HEIGHT = 8_000_000;
const GAP = 8;

/**
 * @typedef {{columns: number, cell: number, row: number, rows: number, full: number, shown: number, view: number}} Geometry
 * `full`: pixels of all rows; `shown`: of the element that scrolls, less where it is scaled; `view`: of the window.
 */

/** @param {number} width @param {number} view @param {number} count @param {number} wanted Pixels of a cell. @returns {Geometry} */
export function geometry(width, view, count, wanted) {
  const columns = Math.max(1, Math.floor((width + GAP) / (wanted + GAP)));
  const cell = Math.max(32, Math.floor((width + GAP) / columns) - GAP);
  const row = cell + GAP;
  const rows = Math.ceil(count / columns);
  const full = Math.max(view, rows * row);
  return { columns, cell, row, rows, full, shown: Math.min(full, MOST_HEIGHT), view };
}

/** The place in the full height for a place of the scrolling element. @param {Geometry} g @param {number} scrolled */
export function toFull(g, scrolled) {
  const room = g.shown - g.view;
  return room > 0 ? (scrolled * (g.full - g.view)) / room : 0;
}

/** @param {Geometry} g @param {number} place */
export function toShown(g, place) {
  const room = g.full - g.view;
  return room > 0 ? (place * (g.shown - g.view)) / room : 0;
}

/** @param {Geometry} g @param {number} place @param {number} count @returns {{first: number, last: number}} Numbers of the cells to show; last is not one. */
export function visible(g, place, count) {
  const first = Math.max(0, Math.floor(place / g.row) - 1) * g.columns;
  const last = Math.min(count, (Math.ceil((place + g.view) / g.row) + 1) * g.columns);
  return { first, last };
}

/** @param {Geometry} g @param {number} index @param {number} place @returns {number} The place at which the cell is seen whole. */
export function reveal(g, index, place) {
  const top = Math.floor(index / g.columns) * g.row;
  if (top < place) return top;
  return Math.max(place, Math.min(g.full, top + g.row) - g.view);
}

/** Pixels of thumbnails; few sizes, so that caches have them. @param {number} cell */
export function thumbnailSize(cell) {
  const wanted = cell * Math.min(3, devicePixelRatio || 1);
  return [96, 160, 240, 320, 480, 640, 960].find((each) => each >= wanted) ?? 960;
}
