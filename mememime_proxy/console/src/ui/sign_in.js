// The page of those who are not signed in.
import { useSignal } from "@preact/signals";
import { signIn } from "../api.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { sentence } from "./notices.js";

export function SignIn() {
  const key = useSignal("");
  const error = useSignal("");
  const busy = useSignal(false);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    busy.value = true;
    error.value = "";
    try {
      await signIn(key.value.trim());
    } catch (problem) {
      error.value = sentence(problem);
    } finally {
      key.value = "";
      busy.value = false;
    }
  }

  return html`<main class="sign-in">
    <form class="card" onSubmit=${submit}>
      <h1>${t("sign_in.title")}</h1>
      <p>${t("sign_in.help")}</p>
      <label for="key">${t("sign_in.key")}</label>
      <input id="key" type="password" autocomplete="off" required autofocus value=${key}
        aria-describedby="sign-in-error" onInput=${(/** @type {any} */ event) => { key.value = event.target.value; }} />
      <p id="sign-in-error" class="error" role="alert">${error}</p>
      <button class="primary" disabled=${busy.value || !key.value.trim()}>${t("sign_in.submit")}</button>
      <p class="faint">${t("sign_in.where")} <code>mememime keys create --role write</code></p>
    </form>
  </main>`;
}
