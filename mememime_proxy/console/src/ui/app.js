// The shell: header, navigation, and the page of the address.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { session, signOut } from "../api.js";
import { Gallery } from "../gallery/gallery.js";
import { html } from "../html.js";
import { href, place } from "../router.js";
import { language, setLanguage, t } from "../text.js";
import { listen } from "../upload/drop.js";
import { fail, Notices } from "./notices.js";
import { SignIn } from "./sign_in.js";
import { nextTheme, theme } from "./theme.js";

const PAGES = [
  { path: "/", label: /** @type {const} */ ("nav.gallery") },
  { path: "/upload", label: /** @type {const} */ ("nav.upload") },
  { path: "/playground", label: /** @type {const} */ ("nav.playground") },
  { path: "/explain", label: /** @type {const} */ ("nav.explain") },
  { path: "/operation", label: /** @type {const} */ ("nav.operation"), admin: true },
  { path: "/keys", label: /** @type {const} */ ("nav.keys"), admin: true },
];
const SYMBOLS = /** @type {Record<string, string>} */ ({ system: "◐", light: "☀", dark: "☾" });

/** A page whose code is loaded when it is first shown. @param {{load: () => Promise<any>}} props */
function Later({ load }) {
  const page = useSignal(/** @type {any} */ (null));
  useEffect(() => {
    load().then((Page) => { page.value = { Page }; }).catch(fail);
  }, [load]);
  return page.value ? html`<${page.value.Page} />` : html`<main class="page" id="main" tabindex="-1" aria-busy="true"></main>`;
}

const upload = () => import("../upload/upload.js").then((module) => module.Upload);
const playground = () => import("../playground/playground.js").then((module) => module.Playground);
const operation = () => import("../operation/operation.js").then((module) => module.Operation);
const keys = () => import("../keys/keys.js").then((module) => module.Keys);
const explain = () => import("../explain/explain.js").then((module) => module.Explain);
const asset = () => import("../asset/asset.js").then((module) => module.AssetPage);
const alias = () => import("../alias/alias.js").then((module) => module.AliasPage);

function Page() {
  const path = place.value.path;
  if (path === "/") return html`<${Gallery} />`;
  if (path === "/upload") return html`<${Later} key="upload" load=${upload} />`;
  if (path === "/playground") return html`<${Later} key="playground" load=${playground} />`;
  if (path === "/operation") return html`<${Later} key="operation" load=${operation} />`;
  if (path === "/keys") return html`<${Later} key="keys" load=${keys} />`;
  if (path === "/explain") return html`<${Later} key="explain" load=${explain} />`;
  if (/^\/assets\/[0-9a-f]{64}$/.test(path)) return html`<${Later} key=${path} load=${asset} />`;
  if (/^\/aliases\/.+$/.test(path)) return html`<${Later} key=${path} load=${alias} />`;
  return html`<main class="page" id="main" tabindex="-1"><h1>${t("error.no_page")}</h1><p><a href=${href("/")}>${t("nav.gallery")}</a></p></main>`;
}

function Header() {
  const now = place.value.path;
  return html`<header class="bar">
    <a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.querySelector("main")?.focus(); }}>${t("skip")}</a>
    <a class="brand" href=${href("/")}>Mememime</a>
    <nav aria-label=${t("nav.label")}>
      ${PAGES.filter((page) => !page.admin || session.value?.role === "admin").map((page) => html`<a href=${href(page.path)} aria-current=${now === page.path ? "page" : null}
        ref=${(/** @type {HTMLElement | null} */ element) => { if (now === page.path) element?.scrollIntoView({ block: "nearest", inline: "nearest" }); }}>${t(page.label)}</a>`)}
    </nav>
    <span class="space"></span>
    <span class="who faint" title=${session.value?.credential}>${session.value?.tenant} · ${session.value?.role}</span>
    <button class="icon" title=${`${t("theme")}: ${theme.value}`} aria-label=${`${t("theme")}: ${theme.value}`} onClick=${nextTheme}>${SYMBOLS[theme.value]}</button>
    <select aria-label=${t("language")} value=${language} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
      <option value="en">EN</option><option value="de">DE</option>
    </select>
    <button class="quiet" onClick=${() => signOut().catch(fail)}>${t("sign_out")}</button>
  </header>`;
}

function Shell() {
  const over = useSignal(false);
  useLayoutEffect(() => listen((now) => { over.value = now; }), []);
  return html`<${Header} /><${Page} />${over.value && html`<p class="over">${t("upload.over")}</p>`}`;
}

export function App() {
  document.documentElement.lang = language.value;
  return html`${session.value ? html`<${Shell} />` : html`<${SignIn} />`}<${Notices} />`;
}
