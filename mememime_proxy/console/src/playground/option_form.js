// The form of options, made from the option table: a new option has its fields by itself.
import { useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../text.js";
import { marked } from "../ui/marked.js";
import { recordOf, SEPARATOR, textsOf, withTexts } from "./option_text.js";

/** @typedef {import("./option_text.js").Option} Option */
/** @typedef {import("./option_text.js").Argument} Argument */

const LARGEST = 2 ** 31 - 1;

/** @param {{argument: Argument, value: string, onChange: (value: string) => void}} props */
function Field({ argument, value, onChange }) {
  const onInput = (/** @type {any} */ event) => onChange(event.target.value);
  const within = (/** @type {number | undefined} */ limit) => (limit === undefined || Math.abs(limit) >= LARGEST ? null : limit);
  switch (argument.kind) {
    case "flag":
      return html`<select value=${value} onChange=${onInput}><option value="">–</option><option value="1">${t("yes")}</option><option value="0">${t("no")}</option></select>`;
    case "choice":
    case "format": {
      const values = argument.values ?? [];
      return html`<select value=${value} onChange=${onInput}><option value="">–</option>
        ${(values.includes(value) || !value ? values : [value, ...values]).map((each) => html`<option value=${each}>${each}</option>`)}</select>`;
    }
    case "integer":
    case "number":
      // What is no number is shown, too, for the address may have anything.
      return html`<input type=${Number.isNaN(Number(value)) ? "text" : "number"} value=${value} min=${within(argument.minimum)} max=${within(argument.maximum)} step=${argument.kind === "number" ? "any" : 1} onInput=${onInput} />`;
    case "color":
      return html`<span class="inline"><input type="color" aria-label=${argument.name} value=${`#${/^[0-9a-f]{6}$/i.test(value) ? value : "000000"}`}
        onInput=${(/** @type {any} */ event) => onChange(event.target.value.slice(1))} /><input value=${value} size="7" spellcheck=${false} onInput=${onInput} /></span>`;
    default:
      return html`<input value=${value} placeholder=${argument.shape ?? ""} spellcheck=${false} onInput=${onInput} />`;
  }
}

/** @param {{option: Option | undefined, text: string, onChange: (text: string) => void, onRemove: () => void}} props */
function OptionFields({ option, text, onChange, onRemove }) {
  if (!option) {
    return html`<fieldset class="option"><legend><code>${text}</code></legend><p class="error">${t("playground.unknown")}</p>
      <button class="icon remove" aria-label=${t("playground.remove", { name: text })} onClick=${onRemove}>×</button></fieldset>`;
  }
  const texts = textsOf(option, text);
  const change = (/** @type {number} */ index, /** @type {string} */ value) => onChange(withTexts(text, texts.map((each, at) => (at === index ? value : each))));
  return html`<fieldset class="option">
    <legend>${option.name}</legend>
    <button class="icon remove" aria-label=${t("playground.remove", { name: option.name })} onClick=${onRemove}>×</button>
    <p class="faint small">${marked(option.meaning)}</p>
    <div class="fields">${option.arguments.map((argument, index) => html`<label title=${`${argument.meaning}${argument.expected ? ` (${argument.expected.replaceAll("`", "")})` : ""}`}>
      <span>${argument.name}</span><${Field} argument=${argument} value=${texts[index]} onChange=${(/** @type {string} */ value) => change(index, value)} /></label>`)}</div>
    <p class="small"><code class="break">${text}</code></p>
  </fieldset>`;
}

/** @param {{options: Option[], texts: string[], onChange: (texts: string[]) => void}} props */
export function OptionForm({ options, texts, onChange }) {
  const sections = [...new Set(options.map((each) => each.section))];
  const list = useRef(/** @type {HTMLSelectElement | null} */ (null));
  // By a button: a change of the list alone is also what an arrow key or a first letter makes.
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const select = /** @type {HTMLSelectElement} */ (list.current);
    const option = options.find((each) => each.name === select.value);
    select.value = "";
    if (option) onChange([...texts, option.example.split("/")[0] || `${option.name}${SEPARATOR}`]);
  };
  return html`<div class="options">
    ${texts.map((text, index) => html`<${OptionFields} key=${index} option=${recordOf(options, text)} text=${text}
      onChange=${(/** @type {string} */ changed) => onChange(texts.map((each, at) => (at === index ? changed : each)))}
      onRemove=${() => onChange(texts.filter((_, at) => at !== index))} />`)}
    <form class="line add" onSubmit=${add}><label>${t("playground.add")}<select ref=${list}><option value="">${t("playground.choose", { count: options.length })}</option>
      ${sections.map((section) => html`<optgroup label=${section}>${options.filter((each) => each.section === section).map((each) => html`<option value=${each.name} title=${each.meaning}>${each.name}</option>`)}</optgroup>`)}</select></label>
      <button>${t("playground.add_it")}</button></form>
  </div>`;
}
