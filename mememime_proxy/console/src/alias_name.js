// Names of many pictures by one pattern.

/**
 * The alias of a file: `{name}` without its ending, `{ext}`, `{number}`.
 * @param {string} pattern @param {string} file @param {number} count
 */
export function aliasOf(pattern, file, count) {
  if (!pattern.trim()) return "";
  const stem = file.replace(/\.[^.]*$/, "");
  const slug = stem.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "picture";
  return pattern.trim().replaceAll("{name}", slug).replaceAll("{ext}", /\.([^.]+)$/.exec(file)?.[1].toLowerCase() ?? "").replaceAll("{number}", String(count));
}
