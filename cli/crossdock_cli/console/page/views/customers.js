// A customer's golden record, covered. Each look is kept with its reason, so nothing is shown before one is given.

import { fail, say, tell } from "../api.js";
import { button, field, h, pairs, table, tag } from "../dom.js";
import { instant } from "../format.js";

export async function show(stage) {
  const id = h("input", { type: "text", name: "customer", autocomplete: "off", spellcheck: "false", required: true });
  const why = h("input", { type: "text", name: "why", autocomplete: "off", required: true });
  const found = h("div", { class: "form" });
  const form = h("form", { class: "fields", role: "search", "aria-label": "Customer", novalidate: true }, field("Customer", id, "Our id (CU…), or SYSTEM:ID as in crm:0031."), field("Why", why, "Kept: every look at a customer is.", true), button("Show", () => form.requestSubmit(), "main"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const customer = await tell("/api/customers", { customer: id.value, why: why.value });
      found.replaceChildren(...story(customer));
      say(`Customer ${customer.customer} is shown; your look is kept.`);
    } catch (error) {
      found.replaceChildren();
      fail(error);
    }
  });
  stage.append(h("div", {}, h("h1", {}, "Customers"), h("p", { class: "lead" }, "What is believed of a customer, and who says so. Personal data are covered.")), form, found);
}

function story(c) {
  const rows = Object.entries(c.attributes).map(([name, a]) => [name, cell(a.value), a.system, instant(a.at)]);
  return [
    h("section", { class: "card", "aria-labelledby": "record-title" }, h("div", { class: "head" }, h("h2", { id: "record-title" }, c.customer), tag(c.problems.length ? "warn" : "ok", c.problems.length ? "incomplete" : c.state)), pairs({ "Version": String(c.version), "Changed": instant(c.changed_at), "Merged into": c.merged_into, "Known as": c.ids.map((i) => `${i.system}:${i.external}`).join(", ") }), c.problems.map((p) => h("p", { class: "note" }, `${p.attribute} ${p.problem}; ${p.remedy}`))),
    h("section", { class: "card", "aria-label": "Attributes" }, table("What is believed, and who says so", ["Attribute", { name: "Value", wrap: true }, "Says", "Since"], rows)),
  ];
}

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(cell).join(", ");
  if (typeof value === "object") return Object.entries(value).filter(([, v]) => v !== null).map(([k, v]) => `${k} ${cell(v)}`).join(", ");
  return String(value);
}
