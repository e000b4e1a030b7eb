// Files that are dropped or pasted on any page are uploaded.
import { session } from "../api.js";
import { go } from "../router.js";
import { fail } from "../ui/notices.js";

/** @param {Iterable<File>} files */
async function upload(files) {
  const { add } = await import("./upload.js");
  add(files);
  go("/upload");
}

/** @param {DataTransfer} dropped @returns {Promise<File[]>} Files, those in folders too. To be called in the event itself. */
export function filesOf(dropped) {
  const given = [...dropped.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter(Boolean);
  /** @type {File[]} */
  const found = [];
  /** @param {any} entry */
  async function walk(entry) {
    if (entry instanceof File) found.push(entry);
    else if (entry.isFile) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else if (entry.isDirectory) {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) break;
        for (const each of some) await walk(each);
      }
    }
  }
  return (async () => {
    for (const entry of given) await walk(entry);
    return found;
  })();
}

/** Whether a drag brings files of another program, not a picture of this page. @param {DragEvent} event */
const bringsFiles = (event) => !ownDrag && Boolean(event.dataTransfer?.types.includes("Files")) && session.value?.role !== "read";
let ownDrag = false;

/** Take what is dropped on the window, or pasted. @param {(over: boolean) => void} onOver @returns {() => void} Takes it no longer. */
export function listen(onOver) {
  const abort = new AbortController();
  /** @template {keyof WindowEventMap} K @param {K} name @param {(event: WindowEventMap[K]) => void} act */
  const on = (name, act) => addEventListener(name, act, { signal: abort.signal });
  on("dragstart", () => { ownDrag = true; });
  on("dragend", () => { ownDrag = false; });
  on("dragover", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    onOver(true);
  });
  on("dragleave", (event) => { if (!event.relatedTarget) onOver(false); });
  on("drop", (event) => {
    onOver(false);
    if (event.defaultPrevented || !event.dataTransfer || !bringsFiles(event)) return;
    event.preventDefault();
    filesOf(event.dataTransfer).then(upload).catch(fail);
  });
  on("paste", (event) => {
    if (event.clipboardData?.files.length && session.value?.role !== "read") upload(event.clipboardData.files).catch(fail);
  });
  return () => abort.abort();
}
