// Elements from values. Text is only ever set as text: nothing in this console turns a string into markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "required", "open"]);

/** An element: `h("p", {class: "calm", onclick: f}, "text", child, [more])`; null and false are left out. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href") element.setAttribute("href", ownAddress(value));
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(4).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

/** Only places of this console may be linked to: what an exception says is no address. */
function ownAddress(value) {
  return /^(#\/|\/[^/])/.test(value) ? value : "#/";
}

/** The words of a part of an address that may hold anything. */
export const part = (text) => encodeURIComponent(text);

/**
 * Makes what is shown like what it should be, changing only what differs: a refresh keeps focus, selection and what
 * was opened. Elements that have listeners are told apart by `data-key`; where keys or names differ, the new one
 * takes the old one's place.
 */
export function morph(now, wanted) {
  if (now.nodeType !== wanted.nodeType || now.nodeName !== wanted.nodeName || key(now) !== key(wanted)) {
    now.replaceWith(wanted);
    return;
  }
  if (now.nodeType === Node.TEXT_NODE) {
    if (now.data !== wanted.data) now.data = wanted.data;
    return;
  }
  if (now.contains(document.activeElement) && now.matches("input, select, textarea")) return;
  for (const { name } of [...now.attributes]) {
    if (!wanted.hasAttribute(name) && !(name === "open" && now.nodeName === "DETAILS")) now.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  morphChildren(now, [...wanted.childNodes]);
}

function morphChildren(now, wanted) {
  const known = new Map([...now.children].filter(key).map((child) => [key(child), child]));
  wanted.forEach((child, n) => {
    const there = now.childNodes[n];
    const same = key(child) ? known.get(key(child)) : there;
    if (same && same !== there) now.insertBefore(same, there ?? null);
    if (same) morph(now.childNodes[n], child);
    else now.insertBefore(child, there ?? null);
  });
  while (now.childNodes.length > wanted.length) now.lastChild.remove();
}

const key = (node) => node.dataset?.key;

/** A table in a region that scrolls by itself and can be reached by keyboard. A column is `{name, number}` or a name. */
export function table(caption, columns, rows, empty = "Nothing.") {
  if (!rows.length) return h("p", { class: "calm" }, empty);
  const heads = columns.map((c) => (typeof c === "string" ? { name: c } : c));
  return h(
    "div",
    { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((c) => h("th", { scope: "col", class: c.number && "number" }, c.name)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, n) => cellOf(cell, heads[n], n === 0))))),
    ),
  );
}

function cellOf(cell, column, first) {
  const attributes = { class: column.number ? "number" : column.wrap && "wrap" };
  return first ? h("th", { scope: "row", ...attributes }, cell ?? "") : h("td", attributes, cell ?? "");
}

/** A sign and a word: `tag("bad", "down")`. The sign is for eyes; the word says it all. */
export function tag(kind, word) {
  const sign = { ok: "✓", warn: "▲", bad: "✕" }[kind] ?? "";
  return h("span", { class: `tag tag-${kind}` }, sign && h("span", { "aria-hidden": "true" }, sign), h("span", {}, word));
}

/** Names and values side by side; those without a value are left out. */
export function pairs(found) {
  const shown = Object.entries(found).filter(([, v]) => v !== null && v !== undefined && v !== "");
  return h("dl", { class: "pairs" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A labelled field. `control` is an input, a select or a textarea; it is given an id. */
export function field(label, control, hint = "", wide = false) {
  control.id ||= `f${++ids}`;
  const about = hint && h("span", { class: "hint", id: `${control.id}-hint` }, hint);
  if (about) control.setAttribute("aria-describedby", about.id);
  return h("div", { class: wide ? "field field-wide" : "field" }, h("label", { for: control.id }, label), about, control);
}

/** A box to tick with its words. */
export function check(label, control) {
  control.id ||= `f${++ids}`;
  return h("div", { class: "check" }, control, h("label", { for: control.id }, label));
}

let ids = 0;

/** A choice: `options` are texts or [value, text]. */
export function choice(options, chosen = "", attributes = {}) {
  const made = options.map((o) => (Array.isArray(o) ? o : [o, o]));
  return h("select", attributes, made.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

export function button(text, onclick, kind = "", attributes = {}) {
  return h("button", { type: "button", class: `button ${kind && `button-${kind}`}`.trim(), onclick, ...attributes }, text);
}
