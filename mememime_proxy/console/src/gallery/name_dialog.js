// Names for all that is selected, by a pattern, with an example of what comes of it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { aliasOf } from "../alias_name.js";
import { session } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Dialog } from "../ui/dialog.js";
import { fail } from "../ui/notices.js";
import { giveNames } from "./actions.js";

/** @param {{targets: () => AsyncIterable<import("./store.js").Asset>, count: number, onClose: () => void}} props */
export function NameDialog({ targets, count, onClose }) {
  const pattern = useSignal(`${session.value?.prefix ?? ""}{name}`);
  const example = useSignal("");
  const busy = useSignal(false);
  useEffect(() => {
    const find = async () => {
      for await (const asset of targets()) {
        example.value = asset.filename || asset.sha256.slice(0, 12);
        return;
      }
    };
    find().catch(fail);
  }, []);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    busy.value = true;
    await giveNames(targets(), pattern.value).catch(fail);
    onClose();
  };
  return html`<${Dialog} title=${t("names.title", { count })} onClose=${onClose}>
    <form onSubmit=${submit}>
      <p class="faint">${t("names.help")}</p>
      <label>${t("names.pattern")}<input autofocus value=${pattern} spellcheck=${false} onInput=${(/** @type {any} */ event) => { pattern.value = event.target.value; }} /></label>
      <p class="break">${example.value && pattern.value.trim() && html`${example} → <code>${aliasOf(pattern.value, example.value, 1)}</code>`}</p>
      <p class="actions"><button type="button" onClick=${onClose}>${t("cancel")}</button>
        <button class="primary" disabled=${busy.value || !pattern.value.trim()}>${t("asset.give_name")}</button></p>
    </form>
  <//>`;
}
