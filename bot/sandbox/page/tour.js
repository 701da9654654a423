// The first five minutes: one step at a time, ticked off as it is done, with a button that prepares the page for it.
import { el } from "./api.js";

const STORE = "tour";
let at = 0;
let folded = false;
const done = new Set();

/** Go on where this tab was, unless the sandbox has been started anew since (its revision is then smaller). */
export function resumeTour(revision) {
  const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
  if (!kept || kept.revision > revision) return false;
  at = kept.at;
  kept.done.forEach((step) => done.add(step));
  return true;
}

/** Tick the step off when it is done; what was done by hand leads on to the next one, what is only read stays. */
export function followTour(steps, seen, revision) {
  const step = steps[at];
  if (!step || done.has(at) || !DONE[step.done](step, seen)) return false;
  done.add(at);
  if (step.done !== "seen" && at + 1 < steps.length) at += 1;
  remember(revision);
  return true;
}

function remember(revision) {
  sessionStorage.setItem(STORE, JSON.stringify({ at, done: [...done], revision }));
}

// `seen`: {handle, place, thread, channels, me, whispers, views, pushed}; see Step in tour.py.
const channelOf = (step, seen) => seen.channels.find((channel) => `#${channel.name}` === step.where);
const wrote = (step, seen, inThread) =>
  seen.handle === step.who && channelOf(step, seen)?.messages.some((m) => m.user === seen.me && !m.subtype && Boolean(m.thread_ts && m.thread_ts !== m.ts) === inThread);
const DONE = {
  said: (step, seen) => wrote(step, seen, false),
  answered: (step, seen) => wrote(step, seen, true),
  decided: (step, seen) => seen.handle === step.who && seen.channels.some((c) => c.kind === "im" && c.messages.some((m) => m.bot_id && m.edited && !(m.blocks ?? []).some((b) => b.type === "actions"))),
  typed: (step, seen) => seen.whispers.length > 0 || seen.views.length > 0,
  pushed: (step, seen) => seen.pushed,
  seen: (step, seen) => seen.handle === step.who && seen.place === step.where && (!step.thread || Boolean(seen.thread)),
};

/** Draw the step; `go(step)` brings the page there. */
export function showTour(box, steps, go, revision) {
  if (!steps.length) {
    box.hidden = true;
    return;
  }
  // Drawn again only when it changed: a button replaced between press and release would lose its click.
  const sign = `${at} ${folded} ${[...done]}`;
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  const again = () => showTour(box, steps, go, revision);
  const step = steps[at];
  const move = (by) => () => {
    at = Math.min(steps.length - 1, Math.max(0, at + by));
    remember(revision);
    again();
    box.querySelector(by > 0 ? ".tour-next" : ".tour-back")?.focus();
  };
  const head = el(
    "div",
    { class: "tour-head" },
    el("span", { text: folded ? "First five minutes" : `Step ${at + 1} of ${steps.length}` }),
    folded ? null : el("ol", { class: "tour-ticks", "aria-label": `${done.size} of ${steps.length} done` }, steps.map((one, place) =>
      el("li", { class: `${done.has(place) ? "ticked" : ""}${place === at ? " current" : ""}`, title: one.title, "aria-current": place === at ? "step" : undefined }))),
    el("button", { type: "button", class: "tour-fold", "aria-expanded": String(!folded), text: folded ? "Show" : "Hide", onclick: () => { folded = !folded; again(); } }),
  );
  if (folded) {
    box.replaceChildren(head);
    return;
  }
  box.replaceChildren(
    head,
    el("h2", {}, step.title, done.has(at) ? el("span", { class: "tour-done", text: " ✓", "aria-label": "done" }) : null),
    el("p", { text: step.text }),
    el(
      "div",
      { class: "tour-row" },
      el("button", { type: "button", class: "tour-go", text: step.go, onclick: () => go(step) }),
      el("span", { class: "tour-moves" },
        el("button", { type: "button", class: "tour-back", "aria-label": "Step before", disabled: at === 0, text: "‹", onclick: move(-1) }),
        el("button", { type: "button", class: `tour-next${done.has(at) ? " tour-on" : ""}`, "aria-label": "Next step", disabled: at === steps.length - 1, text: "›", onclick: move(1) })),
    ),
  );
}
