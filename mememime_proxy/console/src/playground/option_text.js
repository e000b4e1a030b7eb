// Options as they are written in a URL, and the records of the table that forms are made from.
/**
 * @typedef {{name: string, kind: string, meaning: string, expected?: string, minimum?: number, maximum?: number,
 *   values?: string[], shape?: string, limit?: number | null}} Argument
 * @typedef {{name: string, aliases: string[], section: string, meaning: string, shape: string, arguments: Argument[],
 *   default: string, example: string, security: boolean}} Option
 */

export const SEPARATOR = ":";

/** @param {Option[]} options @param {string} text @returns {Option | undefined} The record of an option as a URL has it. */
export function recordOf(options, text) {
  const name = text.split(SEPARATOR)[0];
  return options.find((each) => each.name === name || each.aliases.includes(name));
}

/** The texts of an option, one for each argument of its record. @param {Option} option @param {string} text */
export function textsOf(option, text) {
  const parts = text.split(SEPARATOR).slice(1);
  return option.arguments.map((argument, index) =>
    argument.kind === "group" ? parts.slice(index).join(SEPARATOR) : (parts[index] ?? ""));
}

/** @param {string} text The option before. @param {string[]} texts @returns {string} The option with other arguments. */
export function withTexts(text, texts) {
  const given = [...texts];
  while (given.length > 1 && given.at(-1) === "") given.pop();
  return [text.split(SEPARATOR)[0], ...given].join(SEPARATOR);
}
