// Code for the URL of the playground: tags with signed URLs, and programs that sign with the key of the site.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { session, sign } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { fail, notify } from "../ui/notices.js";
import SNIPPETS from "./snippets.json";

/** @typedef {{source: string, options: string[], format: string}} Wanted */

const DENSITIES = [1, 2, 3];
const TAGS = ["HTML img", "HTML picture", "curl"];

/** What is signed: the path behind the signature, without the expiry that URLs of the console have. @param {string} url */
export function signedPath(url) {
  const address = (session.value?.proxy_url || location.origin).replace(/\/$/, "");
  const path = (url.startsWith(address) ? url.slice(address.length) : new URL(url).pathname).replace(/^\/[^/]+/, "");
  return { base: url.startsWith(address) ? address : new URL(url).origin, path: path.replace(/\/(?:expires|exp):\d+(?=\/)/, "") };
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/** @param {{wanted: Wanted, url: string, sides: [number, number] | null}} props */
export function Code({ wanted, url, sides }) {
  const language = useSignal("HTML img");
  const urls = useSignal(/** @type {string[]} */ ([]));
  const formats = language.value === "HTML picture" ? ["avif", "webp", "jpg"] : [wanted.format];
  useEffect(() => {
    urls.value = [];
    if (!language.value.startsWith("HTML")) return;
    const abort = new AbortController();
    const items = formats.flatMap((format) => DENSITIES.map((density) => ({ source: wanted.source, options: [...wanted.options, `dpr:${density}`], format })));
    sign(items, abort.signal).then((signed) => { urls.value = signed.map((each) => each.url ?? ""); }).catch(fail);
    return () => abort.abort();
  }, [url, language.value]);

  const set = (/** @type {number} */ index) => DENSITIES.map((density, at) => `${escaped(urls.value[index * DENSITIES.length + at] ?? "")} ${density}x`).join(",\n    ");
  const size = sides ? ` width="${sides[0]}" height="${sides[1]}"` : "";
  let text;
  if (language.value === "curl") text = `curl --fail --output picture '${url}'`;
  else if (language.value === "HTML img") text = `<img\n  src="${escaped(urls.value[0] ?? "")}"\n  srcset="${set(0)}"\n ${size} alt="">`;
  else if (language.value === "HTML picture") {
    const sources = formats.slice(0, -1).map((format, index) => `  <source type="image/${format}" srcset="${set(index)}">`).join("\n");
    text = `<picture>\n${sources}\n  <img src="${escaped(urls.value[(formats.length - 1) * DENSITIES.length] ?? "")}"\n    srcset="${set(formats.length - 1)}"\n   ${size} alt="">\n</picture>`;
  } else {
    const { base, path } = signedPath(url);
    text = /** @type {Record<string, string>} */ (SNIPPETS)[language.value].replaceAll("@path@", path).replaceAll("@base@", base);
  }
  return html`<section aria-labelledby="code"><h2 id="code">${t("code.title")}</h2>
    <p class="line"><label>${t("code.language")}<select value=${language} onChange=${(/** @type {any} */ event) => { language.value = event.target.value; }}>
      ${[...TAGS, ...Object.keys(SNIPPETS)].map((each) => html`<option>${each}</option>`)}</select></label>
      <button onClick=${() => navigator.clipboard.writeText(text).then(() => notify(t("copied"))).catch(fail)}>${t("copy")}</button></p>
    <pre class="code" tabindex="0" aria-labelledby="code">${text}</pre>
    ${!wanted.source.startsWith("asset://") && html`<p class="faint">${t(TAGS.includes(language.value) ? "code.expires" : "code.lasting")}</p>`}
  </section>`;
}
