// Exceptions by impact: what holds up most stands first.

import { ask } from "../api.js";
import { choice, field, h, morph, table, tag } from "../dom.js";
import { age, count, due, many, money, plain } from "../format.js";
import { live } from "../live.js";

const EVERY_S = 10;
const COLUMNS = ["What is wrong", "Class", "From", { name: "Open", number: true }, { name: "Orders held up", number: true }, { name: "Money", number: true }, { name: "Age", number: true }, "Owner", "Due"];

export async function show(stage, alive) {
  const list = h("div", { class: "card" });
  const sums = h("p", { class: "lead" });
  const head = h("div", { class: "head" }, h("div", {}, h("h1", {}, "Exceptions"), sums));
  const filters = h("form", { class: "fields", role: "search", "aria-label": "Which exceptions" });
  let found = { at: "", groups: [] };
  const draw = () => {
    const shown = found.groups.filter(wanted(new FormData(filters)));
    sums.textContent = sumsOf(shown);
    const next = list.cloneNode(false);
    next.append(table(`${many(shown.length, "exception")}, by what they hold up: overdue ones first, then orders, money, facts`, COLUMNS, shown.map((g) => row(g, found.at)), "No exception is like that. That is good."));
    morph(list, next);
  };
  const state = choice([["open", "Open"], ["closed", "Closed"]], "open", { name: "state" });
  const look = async () => {
    found = await ask(`/api/exceptions?state=${state.value}`);
    offer(filters, found.groups);
    draw();
    return found.at;
  };
  filters.append(
    field("State", state),
    ...["class", "kind", "source", "owner"].map((name) => field(LABELS[name], choice([["", "All"]], "", { name }))),
    field("When", choice([["", "Any time"], ["overdue", "Overdue only"]], "", { name: "when" })),
  );
  filters.addEventListener("change", (event) => (event.target === state ? look() : draw()));
  filters.addEventListener("submit", (event) => event.preventDefault());
  stage.append(head, filters, list);
  head.append(await live(alive, EVERY_S, look));
}

const LABELS = { class: "Class", kind: "Kind", source: "From", owner: "Owner" };

/** What may be chosen is what there is; what is chosen stays. */
function offer(filters, groups) {
  for (const name of Object.keys(LABELS)) {
    const select = filters.elements[name];
    const values = [...new Set([select.value, ...groups.map((g) => g[name] ?? "nobody")])].filter(Boolean).sort();
    const now = [...select.options].slice(1).map((o) => o.value);
    if (values.join("\n") === now.join("\n")) continue;
    const chosen = select.value;
    select.replaceChildren(h("option", { value: "" }, "All"), ...values.map((v) => h("option", { value: v }, plain(v))));
    select.value = chosen;
  }
}

function wanted(form) {
  return (g) =>
    Object.keys(LABELS).every((name) => !form.get(name) || (g[name] ?? "nobody") === form.get(name)) && (form.get("when") !== "overdue" || g.overdue);
}

function sumsOf(groups) {
  const facts = groups.reduce((sum, g) => sum + g.open + g.replaying, 0);
  const orders = groups.reduce((sum, g) => sum + g.order_facts, 0);
  const late = groups.filter((g) => g.overdue).length;
  return `${many(facts, "fact")} not applied${orders ? `, ${count(orders)} of orders` : ""}${late ? `; ${count(late)} overdue` : ""}.`;
}

function row(g, now) {
  return [
    h("span", {}, h("a", { href: `#/exceptions/${g.id}` }, plain(g.kind)), h("span", { class: "subject" }, g.subject)),
    plain(g.class),
    g.source,
    g.replaying ? `${count(g.open)} + ${count(g.replaying)} replaying` : count(g.open),
    g.order_facts ? count(g.order_facts) : "",
    money(g.money),
    age(g.first_seen, now),
    g.owner ?? h("span", { class: "calm" }, "nobody"),
    g.due ? (g.overdue ? tag("bad", due(g.due, now)) : h("span", { class: "line" }, due(g.due, now))) : "",
  ];
}
