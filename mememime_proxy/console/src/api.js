// Requests to the API below the console's prefix, with the session's cookie.
import { signal } from "@preact/signals";

/**
 * @typedef {{tenant: string, role: string, prefix: string, credential: string, csrf_token: string, proxy_url: string,
 *   delete_grace: number, upload_max_size: number}} Session
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, height: number, format: string, media_type: string, dominant_color?: string,
 *   frames?: number, duration_ms?: number, color_space?: string, depth?: number, has_alpha?: boolean, blurhash?: string,
 *   thumbhash?: string, phash?: string, exif?: Record<string, string | number>, saliency?: Point,
 *   palette?: {color: string, share: number}[], histogram?: string, streams?: {type: string, codec: string, bps?: number, fps?: number, frequency?: number, language?: string}[]}} Facts
 * @typedef {{sha256: string, state: string, size: number, media_type?: string, filename?: string, reason?: string,
 *   facts?: Facts, created: string, changed: string, deleted?: string, stored_size?: number,
 *   alias?: string}} Asset
 * @typedef {{name: string, version: number, tags: string[], preset: string, focal: Point | null, changed: string,
 *   created: string, asset: {sha256: string, media_type: string, width: number, height: number, size: number}}} Alias
 */

/** Whether pictures can be made of an asset: of sound, none. @param {Asset} asset */
export const hasPicture = (asset) => !asset.media_type?.startsWith("audio/");

export const BASE = "/console/api";

/** @type {import("@preact/signals").Signal<Session | null | undefined>} The session; undefined = not known yet. */
export const session = signal(undefined);

/** An answer that is no success, with the service's own sentence. */
export class Problem extends Error {
  /** @param {number} status @param {{title?: string, detail?: string, type?: string}} body */
  constructor(status, body) {
    super(body.detail ? `${body.title}: ${body.detail}` : (body.title ?? `HTTP ${status}`));
    this.status = status;
    this.code = (body.type ?? "").split("/").pop() ?? "";
  }
}

/** @typedef {{json?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} RequestOptions */

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} options
 * @returns {Promise<Response>} An answer that is a success. Raises Problem.
 */
async function send(method, path, options) {
  /** @type {Record<string, string>} */
  const headers = { ...options.headers };
  if (session.value && method !== "GET") headers["X-CSRF-Token"] = session.value.csrf_token;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers,
      body: options.json === undefined ? undefined : JSON.stringify(options.json),
      signal: options.signal,
      credentials: "same-origin",
      redirect: "error",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, { title: "", detail: "", type: "offline" });
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  if (answer.status === 401 && session.value && path !== "/session") session.value = null;
  throw new Problem(answer.status, (isJson(answer) && text && JSON.parse(text)) || { title: text.slice(0, 200) });
}

/** @param {Response} answer */
const isJson = (answer) => /json/.test(answer.headers.get("Content-Type") ?? "");

/**
 * @param {string} method
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<any>} The JSON of the answer; null where it has none.
 */
export async function request(method, path, options = {}) {
  const answer = await send(method, path, options);
  const text = await answer.text();
  return text && isJson(answer) ? JSON.parse(text) : null;
}

/**
 * @param {string} path
 * @param {unknown} json
 * @returns {Promise<Blob>} The body of the answer, which browsers move to the disk where it is large.
 */
export async function requestFile(path, json) {
  try {
    return await (await send("POST", path, { json })).blob();
  } catch (error) {
    // The line was cut before the end.
    if (error instanceof TypeError) throw new Problem(0, { title: "", detail: "", type: "offline" });
    throw error;
  }
}

/** @param {string} path @param {AbortSignal} [abort] */
export const get = (path, abort) => request("GET", path, { signal: abort });

/** Find out who is signed in. A sign-in link in the address is used up and removed from it. */
export async function openSession() {
  const link = /^#sign-in=([\w.-]+)$/.exec(location.hash);
  if (link) history.replaceState(null, "", location.pathname + location.search);
  try {
    session.value = link ? await request("POST", "/session", { json: { link: link[1] } }) : await get("/session");
  } catch (error) {
    if (link) {
      // A link that was used before is no harm to a session that goes on.
      session.value = await get("/session").catch(() => null);
      if (session.value) return;
    }
    session.value = null;
    if (!(error instanceof Problem) || error.status !== 401 || link) throw error;
  }
}

/** @param {string} key */
export async function signIn(key) {
  session.value = await request("POST", "/session", { json: { key } });
}

export async function signOut() {
  await request("DELETE", "/session").catch(() => null);
  session.value = null;
}

/** @typedef {{source: string, options: string[], format?: string}} PreviewItem */

/**
 * @param {PreviewItem[]} items
 * @param {AbortSignal} [abort]
 * @returns {Promise<{url?: string, code?: string, detail?: string}[]>}
 */
export async function sign(items, abort) {
  return (await request("POST", "/sign", { json: { items }, signal: abort })).urls;
}
