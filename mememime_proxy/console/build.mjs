// Bundle the console: `make console` runs this on the pinned packages of package-lock.json.
// The same sources give the same bytes: names carry a hash, nothing depends on time or path.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { build } from "esbuild";

const out = process.argv[2] ?? "static";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const result = await build({
  entryPoints: { main: "src/main.js", style: "src/style.css" },
  outdir: out,
  bundle: true,
  preserveSymlinks: true, // paths are part of the hashes
  splitting: true,
  format: "esm",
  target: ["chrome115", "firefox115", "safari16.4"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  write: true,
  logLevel: "warning",
});

/** @type {Record<string, string>} */
const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint === "src/main.js") manifest["main.js"] = basename(path);
  if (output.entryPoint === "src/style.css") manifest["main.css"] = basename(path);
}
const icon = readFileSync("src/icon.svg");
manifest["icon.svg"] = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
writeFileSync(`${out}/${manifest["icon.svg"]}`, icon);
writeFileSync(`${out}/manifest.json`, JSON.stringify(manifest, Object.keys(manifest).sort(), 1) + "\n");

// The licences of what is in the bundle, and of nothing else.
const packages = new Set();
for (const path of Object.keys(result.metafile.inputs)) {
  const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
  if (found) packages.add(found[1]);
}
const texts = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const facts = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each) && extname(each) !== ".js");
  if (!file) throw new Error(`${name} has no file of its licence`);
  return `${name} ${facts.version} (${facts.license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
});
writeFileSync(`${out}/licences.txt`, texts.join(`\n${"-".repeat(72)}\n\n`));
