// A ThumbHash as pixels: the picture as it is until its thumbnail has come (Evan Wallace, ThumbHash).

/** Longest side in pixels. */
const SIDE = 32;

/**
 * @param {string} hash In base64.
 * @returns {{width: number, height: number, rgba: Uint8ClampedArray}}
 */
export function thumbHashPixels(hash) {
  const bytes = Uint8Array.from(atob(hash), (character) => character.charCodeAt(0));
  const head = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const tail = bytes[3] | (bytes[4] << 8);
  const hasAlpha = head >> 23;
  const [long, short] = [hasAlpha ? 5 : 7, Math.max(1, tail & 7)];
  const [across, down] = tail >> 15 ? [long, short] : [short, long];
  let next = 2 * (hasAlpha ? 6 : 5);
  /** A channel as a constant and waves. @param {number} constant @param {number} scale @param {number} x @param {number} y */
  const channel = (constant, scale, x, y) => {
    const waves = [];
    for (let row = 0; row < y; row += 1) {
      for (let column = row ? 0 : 1; column * y < x * (y - row); column += 1) {
        const nibble = (bytes[next >> 1] >> (4 * (next & 1))) & 15;
        next += 1;
        waves.push({ row, column, value: 2 * scale * (nibble / 7.5 - 1) });
      }
    }
    return { constant, waves };
  };
  const light = channel((head & 63) / 63, ((head >> 18) & 31) / 31, Math.max(3, across), Math.max(3, down));
  const yellow = channel(((head >> 6) & 63) / 31.5 - 1, (1.25 * ((tail >> 3) & 63)) / 63, 3, 3);
  const red = channel(((head >> 12) & 63) / 31.5 - 1, (1.25 * ((tail >> 9) & 63)) / 63, 3, 3);
  const alpha = hasAlpha ? channel((bytes[5] & 15) / 15, (bytes[5] >> 4) / 15, 5, 5) : { constant: 1, waves: [] };

  const ratio = across / down;
  const [width, height] = [Math.round(SIDE * Math.min(1, ratio)), Math.round(SIDE / Math.max(1, ratio))];
  /** @param {number} side */
  const cosines = (side) => Array.from({ length: 7 }, (_, wave) => Array.from({ length: side }, (__, at) => Math.cos((Math.PI / side) * wave * (at + 0.5))));
  const [byColumn, byRow] = [cosines(width), cosines(height)];
  /** @param {ReturnType<typeof channel>} of @param {number} x @param {number} y */
  const valueAt = (of, x, y) => of.waves.reduce((sum, { row, column, value }) => sum + value * byColumn[column][x] * byRow[row][y], of.constant);
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const l = valueAt(light, x, y);
      const p = valueAt(yellow, x, y);
      const q = valueAt(red, x, y);
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      rgba.set([255 * r, 255 * (r - q), 255 * b, 255 * valueAt(alpha, x, y)].map(Math.round).map((value) => Math.max(0, Math.min(255, value))), 4 * (y * width + x));
    }
  }
  return { width, height, rgba };
}

/** A PNG as an address. @param {string} hash In base64. */
export function thumbHashUrl(hash) {
  const { width, height, rgba } = thumbHashPixels(hash);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(new ImageData(/** @type {any} */ (rgba), width, height), 0, 0);
  return canvas.toDataURL();
}
