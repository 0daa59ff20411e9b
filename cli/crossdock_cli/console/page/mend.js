// What an operator does about an exception, each in a dialog: correct, replay, assign, close, look uncovered.

import { say, tell } from "./api.js";
import { openDialog } from "./ask.js";
import { button, check, choice, field, h, table } from "./dom.js";
import { count, many } from "./format.js";

const input = (attributes = {}) => h("input", { type: "text", autocomplete: "off", ...attributes });
const why = (attributes = { required: true }) => field("Why", input({ name: "why", ...attributes }), "Kept in the history with your name.", true);
const path = (found, what) => `/api/exceptions/${found.id}/${what}`;

/** Which facts are meant: one, or all that are open. */
function whichOf(found, fact) {
  const options = [["", `all ${many(found.open, "open fact")}`]];
  if (fact?.state === "open") options.unshift([fact.id, `only ${fact.id}`]);
  return choice(options, found.open > 1 ? "" : options[0][0], { name: "occurrence" });
}

// -- correct -------------------------------------------------------------------------------------------------------

export function correct(found, fact, again) {
  openDialog("Correct the payload", ({ show, close }) => {
    const which = whichOf(found, fact);
    const reason = why();
    const lines = h("div", { class: "group" });
    const add = () => {
      const line = lineOf(lines.children.length + 1);
      lines.append(line);
      return line;
    };
    add();
    const set = () => [...lines.children].map(said).filter(Boolean);
    const given = () => ({ set: set(), occurrence: which.value || null, basis: which.value === fact.id ? fact.basis : null, why: reason.querySelector("input").value });
    const form = () =>
      show(
        "Correct the payload",
        [
          h("p", { class: "hint" }, "A field of the fact, or a path of the message that begins with /. A value that is JSON is read as JSON: 6 is a number, \"6\" a text. The original is kept."),
          lines,
          h("div", {}, button("Another field", () => add().querySelector("input").focus(), "quiet")),
          field("Of which facts", which),
          reason,
        ],
        [["Show what would change", preview]],
      );
    const preview = async () => {
      const seen = await tell(path(found, "correct"), { ...given(), dry_run: true });
      show("This would change", [h("p", {}, `${many(seen.facts, "payload")} would be corrected; nothing is stored yet.`), ...seen.examples.map((e) => diff(e.occurrence, e.diff))], [
        ["Keep the correction", keep],
        ["Change it", async () => form(), "plain"],
      ]);
    };
    const keep = async () => {
      const done = await tell(path(found, "correct"), given());
      close();
      await again();
      say(`${many(done.corrected.length, "fact")} corrected. Next: replay.`);
    };
    form();
  });
}

function lineOf(number) {
  const name = field(number > 1 ? `Field ${number}` : "Field", input({ name: "field", spellcheck: "false", required: number === 1 }));
  const value = field(number > 1 ? `Value ${number}` : "Value", input({ name: "value", spellcheck: "false" }));
  return h("div", { class: "pair" }, name, value);
}

function said(line) {
  const [name, value] = [...line.querySelectorAll("input")].map((i) => i.value);
  return name.trim() && `${name.trim()}=${value}`;
}

/** What turns one payload into another, as rows. */
export function diff(occurrence, operations) {
  const text = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const rows = operations.map((o) => [h("span", { class: "code wrap" }, o.path), h("span", { class: "diff-was wrap" }, text(o.was)), h("span", { class: "diff-now wrap" }, o.op === "remove" ? "(removed)" : text(o.value))]);
  return table(`Fact ${occurrence}`, ["Field", "Was", "Would be"], rows, "The payload stays as it came.");
}

// -- replay --------------------------------------------------------------------------------------------------------

export function replay(found, fact) {
  openDialog("Replay", ({ show, close }) => {
    const which = whichOf(found, fact);
    const payload = choice([["corrected", "corrected, where it was"], ["original", "as it came"], ["remapped", "mapped anew from its delivery"]], "corrected", { name: "payload" });
    const rate = h("input", { type: "number", min: 0, max: 10000, value: "0", name: "rate" });
    const again = h("input", { type: "checkbox", name: "again", checked: found.open === 0 });
    const form = () =>
      show(
        "Replay",
        [
          h("p", { class: "hint" }, "Facts are sent back where they fell out. First comes a dry run: it sends nothing and says what would become of each."),
          field("Which facts", which),
          field("What is sent", payload),
          field("Facts a second", rate, "0: as fast as it goes."),
          check("Also what is being replayed or went through", again),
          why({}),
        ],
        [["Dry run", preview]],
      );
    const preview = async () => {
      const reason = document.querySelector("dialog input[name=why]").value;
      const seen = await tell(path(found, "preview"), { occurrence: which.value || null, payload: payload.value, rate: Number(rate.value), again: again.checked, why: reason });
      const verdicts = Object.entries(seen.verdicts).map(([verdict, n]) => [verdict, count(n)]);
      const stock = Object.entries(seen.stock).map(([place, n]) => [place, Number(n) > 0 ? `+${n}` : String(n)]);
      show(
        `Dry run: ${many(seen.facts, "fact")}`,
        [
          Object.keys(seen.verdicts).every((verdict) => verdict.startsWith("would be refused again")) && h("p", { class: "note note-bad" }, "None of them would go through: correct them first."),
          table("What would become of them", ["Verdict", { name: "Facts", number: true }], verdicts),
          stock.length && table("Stock on hand would change", ["Of", { name: "By", number: true }], stock),
          ...seen.examples.filter((e) => e.diff.length).map((e) => diff(e.occurrence, e.diff)),
        ].filter(Boolean),
        [
          [`Send ${many(seen.sendable, "fact")}`, () => start(seen.run)],
          ["Change it", async () => form(), "plain"],
        ],
      );
    };
    const start = async (run) => {
      await tell(`/api/runs/${run}/start`);
      close();
      say("The replay has begun.");
      location.hash = `#/runs/${run}`;
    };
    form();
  });
}

// -- assign, close, look -------------------------------------------------------------------------------------------

export function assign(found, again) {
  openDialog("Assign", ({ show, close }) => {
    const owner = input({ name: "owner", required: true, value: found.owner ?? "" });
    const until = input({ name: "due" });
    const reason = why({});
    const keep = async () => {
      const done = await tell(path(found, "assign"), { owner: owner.value, due: until.value, why: reason.querySelector("input").value });
      close();
      await again();
      say(`It belongs to ${done.owner} now.`);
    };
    show("Assign", [field("Owner", owner, "A person or a team."), field("Until", until, "From now: 4h, 2d; or an instant. Empty: as it is."), reason], [["Assign", keep]]);
  });
}

export function close(found, fact, again) {
  openDialog("Close without applying", (dialog) => {
    const which = whichOf(found, fact);
    const reason = why();
    const keep = async () => {
      const done = await tell(path(found, "close"), { occurrence: which.value || null, why: reason.querySelector("input").value });
      dialog.close();
      await again();
      say(`${many(done.closed, "fact")} closed.`);
    };
    dialog.show("Close without applying", [h("p", {}, "What is closed is never applied, and is not replayed."), field("Which facts", which), reason], [["Close", keep]]);
  });
}

export function look(found, again) {
  openDialog("Show uncovered", ({ show, close }) => {
    const reason = why();
    const seen = async () => {
      const shown = await tell(path(found, "look"), { why: reason.querySelector("input").value });
      close();
      await again(shown);
      say("The payload is shown uncovered; your look is kept.");
    };
    show("Show uncovered", [h("p", {}, "Secrets and personal data become readable. That you looked, when and why is kept first."), reason], [["Show", seen]]);
  });
}
