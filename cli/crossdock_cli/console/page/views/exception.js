// One exception: what is wrong, what it holds up, where its facts stand; and what an operator does about it.

import { ask } from "../api.js";
import { button, h, pairs, table, tag } from "../dom.js";
import { age, count, due, instant, many, money, plain } from "../format.js";
import { assign, close, correct, look, replay } from "../mend.js";

const STATES = { open: ["bad", "open"], replaying: ["warn", "replaying"], settled: ["ok", "settled"], closed: ["none", "closed"] };
const SIGNS = { passed: "✓", here: "✕", ahead: "·" };
const PLACES = { passed: "passed", here: "stands here", ahead: "ahead" };

export async function show(stage, alive, id) {
  let chosen = null;
  let uncovered = null;
  const draw = async () => {
    const found = uncovered ?? (await ask(`/api/exceptions/${id}`));
    if (!alive.yes) return;
    const fact = found.occurrences.find((o) => o.id === chosen) ?? found.occurrences[0];
    const pick = (occurrence) => {
      chosen = occurrence;
      draw().then(() => document.getElementById("fact-title")?.focus());
    };
    const again = async (seen = null) => {
      uncovered = seen;
      await draw();
    };
    stage.replaceChildren(...head(found, fact, again), ...(fact ? [factOf(found, fact)] : []), facts(found, pick), history(found));
  };
  await draw();
}

function head(found, fact, again) {
  const [kind, word] = STATES[found.state];
  const open = found.occurrences.some((o) => o.state === "open");
  return [
    h("p", { class: "small" }, h("a", { href: "#/exceptions" }, "All exceptions")),
    h(
      "div",
      { class: "head" },
      h("div", {}, h("h1", {}, plain(found.kind)), h("p", { class: "lead wrap" }, found.subject)),
      h("div", { class: "row" }, tag(kind, word), found.overdue && tag("bad", "overdue")),
    ),
    h(
      "section",
      { class: "card", "aria-label": "What is wrong" },
      h("p", { class: "wrap" }, found.detail),
      h("p", { class: "note" }, h("strong", {}, "What to do: "), found.remedy),
      pairs({
        "From": found.source,
        "Class": plain(found.class),
        "Open": count(found.open),
        "Orders held up": found.orders.length ? `${count(found.orders.length)}: ${found.orders.slice(0, 5).join(", ")}${found.orders.length > 5 ? ", …" : ""}` : null,
        "Money at stake": money(found.money),
        "First seen": h("span", {}, `${age(found.first_seen, found.at)} ago`),
        "Owner": found.owner ?? "nobody",
        "Due": due(found.due, found.at),
      }),
      h(
        "div",
        { class: "row" },
        open && button("Correct…", () => correct(found, fact, again), "main"),
        button("Replay…", () => replay(found, fact), open ? "" : "quiet"),
        button("Assign…", () => assign(found, again)),
        open && button("Close…", () => close(found, fact, again)),
        !found.uncovered && found.facts > 0 && button("Show uncovered…", () => look(found, again), "quiet"),
      ),
    ),
  ];
}

function factOf(found, fact) {
  const [kind, word] = STATES[fact.state];
  return h(
    "section",
    { class: "card", "aria-labelledby": "fact-title" },
    h("div", { class: "head" }, h("h2", { id: "fact-title", tabindex: -1 }, `Fact ${fact.id}`), tag(kind, word)),
    h("ol", { class: "way", "aria-label": "Where it stands" }, fact.way.map((way) => station(way, fact))),
    fact.detail !== found.detail && h("p", { class: "wrap" }, `Refused with: ${fact.detail}`),
    h("div", { class: "group" },
      h("h3", {}, fact.corrected ? "Payload, corrected" : "Payload"),
      h("p", { class: "hint wrap" }, `The fact stands at ${fact.pointer || "/"}; basis ${fact.basis}; ${found.uncovered ? "uncovered: your look is kept" : "what is secret or personal is covered by ●●●"}.`),
      h("pre", { tabindex: 0, role: "region", "aria-label": "Payload" }, JSON.stringify(fact.message, null, 2)),
    ),
  );
}

function station(way, fact) {
  return h(
    "li",
    {},
    h("span", { class: `sign sign-${way.state}`, "aria-hidden": "true" }, way.state === "here" && fact.state === "replaying" ? "▲" : SIGNS[way.state]),
    h("span", { class: "wrap" }, way.name),
    h("span", { class: "note-line" }, [PLACES[way.state], way.note].filter(Boolean).join(": ")),
  );
}

function facts(found, pick) {
  const caption = found.facts > found.occurrences.length ? `The first ${count(found.occurrences.length)} of ${many(found.facts, "fact")}` : many(found.facts, "fact");
  const rows = found.occurrences.map((o) => [
    button(o.id, () => pick(o.id), "link", { "aria-label": `Show fact ${o.id}` }),
    tag(...STATES[o.state]),
    count(o.tries),
    instant(o.seen_at),
    o.orders.join(", "),
    h("span", { class: "code wrap" }, o.correlation_id),
  ]);
  return h("section", { class: "card", "aria-labelledby": "facts-title" }, h("h2", { id: "facts-title" }, "Refused facts"), table(caption, ["Fact", "State", { name: "Tries", number: true }, "Seen", "Orders", "Correlation id"], rows));
}

function history(found) {
  const steps = found.history.map((step) =>
    h("li", {}, h("p", {}, step.did), h("p", { class: "calm small" }, instant(step.at), step.by && ` by ${step.by}`, step.why && `: ${step.why}`)),
  );
  return h("section", { class: "card", "aria-labelledby": "history-title" }, h("h2", { id: "history-title" }, "History"), steps.length ? h("ol", { class: "steps" }, steps) : h("p", { class: "calm" }, "Nothing was done about it yet."));
}
