// Texts of the service's tables.
import { html } from "../html.js";

/** What stands between grave accents is code. @param {string} text */
export const marked = (text) => text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
