// The first five minutes: one step at a time, with a button that prepares the page for it.
import { el } from "./api.js";

let at = 0;
let folded = false;

/** Draw the step; `go(step)` brings the page there. */
export function showTour(box, steps, go) {
  if (!steps.length) {
    box.hidden = true;
    return;
  }
  const again = () => showTour(box, steps, go);
  const step = steps[at];
  const move = (by) => () => {
    at = Math.min(steps.length - 1, Math.max(0, at + by));
    again();
    box.querySelector(by > 0 ? ".tour-next" : ".tour-back")?.focus();
  };
  const head = el(
    "div",
    { class: "tour-head" },
    el("span", { text: folded ? "First five minutes" : `Step ${at + 1} of ${steps.length}` }),
    el("button", { type: "button", class: "tour-fold", "aria-expanded": String(!folded), text: folded ? "Show" : "Hide", onclick: () => { folded = !folded; again(); } }),
  );
  if (folded) {
    box.replaceChildren(head);
    return;
  }
  box.replaceChildren(
    head,
    el("h2", { text: step.title }),
    el("p", { text: step.text }),
    el(
      "div",
      { class: "tour-row" },
      el("button", { type: "button", class: "tour-go", text: step.go, onclick: () => go(step) }),
      el("span", { class: "tour-moves" },
        el("button", { type: "button", class: "tour-back", "aria-label": "Step before", disabled: at === 0, text: "‹", onclick: move(-1) }),
        el("button", { type: "button", class: "tour-next", "aria-label": "Next step", disabled: at === steps.length - 1, text: "›", onclick: move(1) })),
    ),
  );
}
