// The beginning: the session, and the page of the address.
import "@preact/signals";
import { render } from "preact";
import { openSession } from "./api.js";
import { html } from "./html.js";
import { App } from "./ui/app.js";
import { fail } from "./ui/notices.js";
import { applyTheme } from "./ui/theme.js";

applyTheme();
openSession()
  .catch(fail)
  .finally(() => {
    render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
  });
