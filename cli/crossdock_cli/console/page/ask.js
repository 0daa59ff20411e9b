// Asking an operator: a dialog with a form. Focus stays within, Escape leaves, and afterwards focus is where it was.

import { words } from "./api.js";
import { button, h } from "./dom.js";

/**
 * Opens a dialog. `steps` is called with `{show, close}`; `show(title, parts, actions)` sets what is seen: actions are
 * `[text, work, kind]`, whose work may fail, which is said within the dialog.
 */
export function openDialog(title, steps) {
  const back = document.activeElement;
  const heading = h("h2", { id: "dialog-title", tabindex: -1 }, title);
  const body = h("div", { class: "form" });
  const problem = h("p", { class: "note note-bad", role: "alert", hidden: true });
  const foot = h("div", { class: "row" });
  const form = h("form", { class: "form", method: "dialog", novalidate: true }, heading, body, problem, foot);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  const close = () => dialog.close();
  let submit = null;

  const run = async (work, pressed) => {
    problem.hidden = true;
    const missing = [...form.elements].find((e) => e.required && !e.value.trim());
    if (missing) {
      tellOf(`${missing.labels?.[0]?.textContent ?? "This field"} is needed.`);
      missing.setAttribute("aria-invalid", "true");
      missing.focus();
      return;
    }
    pressed.disabled = true;
    try {
      await work();
    } catch (error) {
      tellOf(words(error));
    } finally {
      pressed.disabled = false;
    }
  };
  const tellOf = (text) => {
    problem.textContent = text;
    problem.hidden = false;
  };
  const show = (name, parts, actions) => {
    heading.textContent = name;
    problem.hidden = true;
    body.replaceChildren(...parts);
    const made = actions.map(([text, work, kind]) => button(text, (event) => run(work, event.currentTarget), kind ?? "main"));
    submit = made[0] ?? null;
    foot.replaceChildren(...made, button("Cancel", close, "quiet"));
    (body.querySelector("input, select, textarea") ?? heading).focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit?.click();
  });
  // Enter in a field is the first action; a form without a submit button would not tell of it.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])")) {
      event.preventDefault();
      submit?.click();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (back?.isConnected) back.focus();
    else document.getElementById("main").focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  steps({ show, close });
}
