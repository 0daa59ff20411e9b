// A price's story: the rules, what is published, what the channel was told, what it acknowledged.

import { ask, fail } from "../api.js";
import { button, choice, field, h, part, table, tag } from "../dom.js";
import { instant } from "../format.js";

const DELIVERY = { acknowledged: ["ok", "acknowledged as published"], outdated: ["warn", "another price was acknowledged"], "not acknowledged": ["bad", "not acknowledged"], "being told": ["warn", "being told"], "never told": ["bad", "never told"] };

export async function show(stage, alive, channel, key) {
  const { channels } = await ask("/api/price-places");
  const [sku, chosen] = (key ?? "").split("@");
  const names = Object.keys(channels);
  if (!names.length) return void stage.append(h("h1", {}, "Prices"), h("p", { class: "lead" }, "No channel of this stage is told prices."));
  const where = choice(names, channel ?? names[0], { name: "channel" });
  const item = h("input", { type: "text", name: "item", value: sku ?? "", autocomplete: "off", spellcheck: "false" });
  const list = choice(channels[where.value] ?? ["list"], chosen ?? "list", { name: "class" });
  where.addEventListener("change", () => list.replaceChildren(...(channels[where.value] ?? []).map((c) => h("option", { value: c }, c))));
  const form = h("form", { class: "fields", role: "search", "aria-label": "Price" }, field("Channel", where), field("Item", item), field("Price class", list), button("Show", () => form.requestSubmit(), "main"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = item.value.trim() + (list.value === "list" ? "" : `@${list.value}`);
    if (item.value.trim()) location.hash = `#/prices/${part(where.value)}/${part(wanted)}`;
    else fail(new Error("An item is needed."));
  });
  stage.append(h("div", {}, h("h1", {}, key ? `Price of ${key}` : "Prices"), h("p", { class: "lead" }, key ? `At ${channel}: from the rules to what it acknowledged.` : "From the rules to what a channel acknowledged.")), form);
  if (!key) return;
  const looking = h("p", { class: "calm", role: "status" }, "Looking it up…");
  stage.append(looking);
  const found = await ask(`/api/prices?channel=${part(channel)}&item=${part(key)}`);
  looking.remove();
  if (alive.yes) stage.append(...story(found));
}

function story(found) {
  return [
    h("section", { class: "card", "aria-labelledby": "chain-title" }, h("h2", { id: "chain-title" }, "Its way"), h("ol", { class: "chain" }, steps(found))),
    h("section", { class: "card", "aria-labelledby": "why-title" }, h("h2", { id: "why-title" }, "How it came about"), h("div", { class: "sentences" }, found.price.explanation.map((line) => h("p", {}, line)))),
    published(found),
    rules(found.rules),
  ].filter(Boolean);
}

function steps(found) {
  const priced = found.price.status === "PRICED";
  const cell = found.published;
  const delivery = found.delivery;
  const [kind, word] = DELIVERY[delivery.state];
  const refused = delivery.refused;
  return [
    link("Rules", priced ? "ok" : "bad", priced ? "make a price" : found.price.status.toLowerCase(), [`class ${found.price_class}`, found.price.unit_price && `${found.price.unit_price} ${found.price.currency ?? ""}`]),
    link("Published", found.recomputed.equal ? (cell ? "ok" : "none") : "warn", cell ? (found.recomputed.equal ? "what the rules make" : "about to change") : "nothing", cell ? [`in ${cell.currency} per ${cell.unit ?? "unit"}`, instant(cell.changed_at)] : []),
    link("Told", delivery.version ? (delivery.state === "never told" ? "bad" : "ok") : "none", delivery.version ? `version ${delivery.version}` : "never", [instant(delivery.claimed_at)]),
    link("Acknowledged", kind, word, [delivery.acknowledged_version && `version ${delivery.acknowledged_version}`, instant(delivery.acknowledged_at), refused && h("a", { href: `#/exceptions/${refused.exception}` }, "Refused: see the exception")]),
  ];
}

function link(name, kind, word, notes) {
  return h("li", { class: `chain-${kind}` }, h("h3", {}, name), h("p", {}, tag(kind, word)), notes.filter(Boolean).map((note) => h("p", { class: "calm small" }, note)));
}

function published(found) {
  const windows = found.published?.windows ?? [];
  if (!windows.length) return null;
  const rows = windows.map((w) => [w.from ? instant(w.from) : "now", w.to ? instant(w.to) : "open", w.tiers.map(tier).join("; "), w.rules.join(" + ")]);
  return h("section", { class: "card", "aria-labelledby": "published-title" }, h("h2", { id: "published-title" }, "Published windows"), table("Prices by time", ["From", "To", "Prices", { name: "Rules", wrap: true }], rows));
}

const tier = (t) => `from ${t.min_quantity}: ${t.unit_price ?? "not sold"}${t.per ? ` (${t.price} per ${t.per})` : ""}`;

function rules(found) {
  const rows = Object.entries(found).map(([name, history]) => {
    const v = history.version;
    if (!v) return [name, "", "is not in the ledger", "", "", ""];
    const approved = [v.approved_by ?? v.rule.approval?.by, v.reference ?? v.rule.approval?.reference].filter(Boolean).join(", ");
    return [`${v.source}:${v.rule_id}`, String(v.version), v.rule.contract ?? "", instant(v.recorded_at), approved || (v.by ?? v.source), history.counts ? tag("ok", "counts") : tag("none", "counts no more")];
  });
  return h("section", { class: "card", "aria-labelledby": "rules-title" }, h("h2", { id: "rules-title" }, "Rules behind it"), table("As the ledger has them", [{ name: "Rule", wrap: true }, { name: "Version", number: true }, "Contract", "Sent", "By", "Now"], rows, "No rule makes a price."));
}
