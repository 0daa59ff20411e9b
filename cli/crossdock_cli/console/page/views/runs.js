// Replay runs: how far they are, what was passed over and why; pause and go on.

import { ask, fail, say, tell } from "../api.js";
import { button, h, morph, pairs, table, tag } from "../dom.js";
import { count, instant, many } from "../format.js";
import { live } from "../live.js";

const STATES = { draft: ["none", "draft"], previewed: ["none", "previewed"], running: ["warn", "running"], paused: ["warn", "paused"], done: ["ok", "done"] };

export async function show(stage, alive, id) {
  await (id ? one(stage, alive, id) : all(stage, alive));
}

async function all(stage, alive) {
  const list = h("div", { class: "card" });
  const head = h("div", { class: "head" }, h("div", {}, h("h1", {}, "Replay runs"), h("p", { class: "lead" }, "What was sent again, by whom, and how far it is.")));
  stage.append(head, list);
  head.append(
    await live(alive, 5, async () => {
      const { runs, at } = await ask("/api/runs");
      const next = list.cloneNode(false);
      const rows = runs.map((r) => [h("a", { href: `#/runs/${r.run}` }, r.run), tag(...STATES[r.state]), count(r.facts), count(r.sent), count(r.passed_over), count(r.left), r.by, instant(r.made_at)]);
      next.append(table("The latest runs first", ["Run", "State", ...["Facts", "Sent", "Passed over", "Left"].map((name) => ({ name, number: true })), "By", "Made"], rows, "Nothing was replayed yet."));
      morph(list, next);
      return at;
    }),
  );
}

async function one(stage, alive, id) {
  const body = h("div", { class: "form" });
  const head = h("div", { class: "head" }, h("h1", {}, `Run ${id}`));
  stage.append(h("p", { class: "small" }, h("a", { href: "#/runs" }, "All runs")), head, body);
  let last = null;
  const act = async (what) => {
    try {
      await tell(`/api/runs/${id}/${what}`);
      say(what === "pause" ? "The run pauses before its next batch." : "The run goes on.");
      await look();
    } catch (error) {
      fail(error);
    }
  };
  const look = async () => {
    const run = await ask(`/api/runs/${id}`);
    const next = body.cloneNode(false);
    next.append(...runOf(run, act));
    morph(body, next);
    // Said once, when it ends: what changes every second is not read out.
    if (last === "running" && run.state === "done") say(`The run is done: ${many(run.sent, "fact")} sent, ${count(run.passed_over)} passed over.`);
    if (run.problem && last !== "failed") fail(new Error(`The run stopped: ${run.problem}`));
    last = run.problem ? "failed" : run.state;
    return new Date().toISOString();
  };
  last = "running";
  head.append(await live(alive, 1, look));
}

function runOf(run, act) {
  const dealt = run.sent + run.passed_over;
  const goesOn = ["previewed", "paused"].includes(run.state) || run.problem;
  return [
    h(
      "section",
      { class: "card", "aria-label": "Progress" },
      h("div", { class: "head" }, h("h2", {}, `${count(dealt)} of ${many(run.facts, "fact")}`), tag(...STATES[run.state])),
      h("progress", { max: Math.max(1, run.facts), value: dealt, "aria-label": "Facts dealt with" }),
      run.problem && h("p", { class: "note note-bad" }, `It stopped: ${run.problem}`),
      pairs({ "Sent": count(run.sent), "Passed over": count(run.passed_over), "Left": count(run.left), "Facts a second": run.rate ? count(run.rate) : "as fast as it goes", "Payload": run.payload, "By": run.by, "Made": instant(run.made_at) }),
      h(
        "div",
        { class: "row" },
        run.state === "running" && !run.problem && button("Pause", () => act("pause"), "", { "data-key": "pause" }),
        goesOn && button(run.state === "previewed" ? "Start" : "Go on", () => act("start"), "main", { "data-key": "start" }),
        run.groups.map((group) => h("a", { href: `#/exceptions/${group}`, "data-key": group }, `Exception ${group}`)),
      ),
    ),
    run.passed.length > 0 && h("section", { class: "card", "aria-label": "Passed over" }, table("Passed over", ["Fact", "Exception", "Why"], run.passed.map((f) => [f.occurrence, f.group, f.why]))),
    h("section", { class: "card", "aria-label": "Log" }, h("h2", {}, "Log"), h("ol", { class: "steps" }, run.log.map((l) => h("li", {}, l.to, h("span", { class: "calm small" }, " ", instant(l.at), l.by && ` by ${l.by}`))))),
  ].filter(Boolean);
}
