// An item's story: what there is and where it comes from, who holds some, and what each channel was told.

import { ask } from "../api.js";
import { button, field, h, pairs, part, s, table, tag } from "../dom.js";
import { age, instant, many, plain } from "../format.js";

const TOLD = { acknowledged: ["ok", "acknowledged"], told: ["warn", "on its way"], rejected: ["bad", "rejected"], waiting: ["warn", "waiting"] };
const number = (name) => ({ name, number: true });

export async function show(stage, alive, sku) {
  const code = h("input", { type: "text", name: "sku", value: sku ?? "", autocomplete: "off", spellcheck: "false" });
  const form = h("form", { class: "fields", role: "search", "aria-label": "Item" }, field("Item", code, "Our code, as crossdock xref find gives it."), button("Show", () => form.requestSubmit(), "main"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (code.value.trim()) location.hash = `#/items/${part(code.value.trim())}`;
  });
  stage.append(h("div", { class: "head" }, h("div", {}, h("h1", {}, sku ? `Item ${sku}` : "Items"), h("p", { class: "lead" }, "Why an item's stock is what it is, and who was told."))), form);
  if (!sku) return;
  const found = await ask(`/api/items/${part(sku)}`);
  if (!alive.yes) return;
  stage.append(...found.warehouses.map((w) => warehouse(w, found.at)), held(found), told(found));
}

function warehouse(w, now) {
  const id = `warehouse-${w.warehouse}`;
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    h("div", { class: "head" }, h("h2", { id }, `Warehouse ${w.warehouse}`), w.agrees ? tag("ok", `${many(w.movements, "movement")} add up to it`) : tag(w.in_flight ? "warn" : "bad", w.in_flight ? `${w.in_flight} being counted` : "the journal says otherwise")),
    pairs({ "On hand": big(w.on_hand), "May be promised": big(w.available_now), "Held": w.reserved_now, "Committed": w.committed, "Safety stock": w.safety_stock, "Quality hold": w.quality_hold, "Damaged": w.damaged, "Coming in": w.coming_in || null, "As of": age(w.as_of, now) && `${age(w.as_of, now)} ago` }),
    parts(w),
    own(w),
    table(`The last ${many(w.last.length, "movement")} of ${w.movements}`, ["Occurred", "Type", number("Quantity"), "From", "Movement", "Reference", "Reason"], w.last.toReversed().map((m) => [instant(m.occurred_at), m.type, signed(m.quantity), m.source, h("span", { class: "wrap" }, m.id), m.reference, m.reason]), "No movement is recorded."),
  );
}

const big = (value) => h("span", { class: "figure" }, String(value));
const signed = (quantity) => (Number(quantity) > 0 ? `+${quantity}` : String(quantity));

/** On hand as a bar of its parts, with the same in words below it. */
function parts(w) {
  const found = [["may be promised", w.available_now], ["held", w.reserved_now], ["committed", w.committed], ["quality hold or damaged", Number(w.quality_hold) + Number(w.damaged)], ["safety stock", w.safety_stock]]
    .map(([name, q], n) => [name, Math.max(0, Number(q)), n])
    .filter(([, q]) => q > 0);
  const sum = found.reduce((all, [, q]) => all + q, 0);
  if (!sum) return null;
  let x = 0;
  const bars = found.map(([, q, n]) => s("rect", { class: `k${n}`, x: (x += q) - q, y: 0, width: q, height: 1 }));
  const keys = found.map(([name, q, n]) => h("li", {}, s("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" }, s("rect", { class: `key-k${n}`, width: 1, height: 1 })), `${name}: ${q}`));
  return h("div", { class: "group" }, s("svg", { class: "stack", viewBox: `0 0 ${sum} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, bars), h("ul", { class: "keys" }, keys));
}

function own(w) {
  const rows = Object.entries(w.allocated).map(([channel, q]) => [channel, String(w.own[channel] ?? 0), String(q)]);
  return rows.length ? table("Units that are a channel's own", ["Channel", number("Left"), number("Of")], rows) : null;
}

function held(found) {
  const rows = found.holds.map((hold) => [h("span", { class: "code" }, hold.id), hold.warehouse, String(hold.quantity), instant(hold.expires_at), hold.expired ? tag("none", "over: counts as free") : tag("ok", "holds")]);
  return h("section", { class: "card", "aria-labelledby": "holds-title" }, h("h2", { id: "holds-title" }, "Holds"), table(many(found.holds.length, "hold"), ["Reservation", "Warehouse", number("Quantity"), "Until", "State"], rows, "Nothing of it is held."));
}

function told(found) {
  const rows = found.told.map((d) => [d.channel, d.price_class ? `price, ${d.price_class}` : plain(d.kind), tag(...TOLD[d.state]), value(d.value), value(d.acknowledged_value), String(d.version), instant(d.decided_at), instant(d.acknowledged_at)]);
  return h("section", { class: "card", "aria-labelledby": "told-title" }, h("h2", { id: "told-title" }, "What channels were told"), table("By channel", ["Channel", "Of", "State", number("Told"), number("Acknowledged"), number("Version"), "Told at", "Acknowledged at"], rows, "No channel was told of it."));
}

function value(text) {
  if (!text) return "";
  const found = JSON.parse(text);
  return found.available === undefined ? text : String(found.available);
}
