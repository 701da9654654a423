// Modals of the bot, and the small question before an action that asks for one.
import { el, post } from "./api.js";
import { actor, renderBlocks } from "./blocks.js";

const typed = new Map(); // what was filled in, by view id; an updated view keeps it
let shown = "";

/** Show the top view of the person's stack, or none. */
export function showModal(state, world) {
  const dialog = document.getElementById("modal");
  const view = state.views.at(-1);
  if (!view) {
    shown = "";
    if (dialog.open) dialog.close();
    return;
  }
  const errors = state.errors[view.id] ?? {};
  const sign = `${view.id} ${view.hash} ${JSON.stringify(errors)}`;
  if (sign === shown && dialog.open) return;
  shown = sign;
  const filled = typed.get(view.id) ?? {};
  typed.set(view.id, filled);
  const surface = { world, filled, errors, act: actor(world.me, { view_id: view.id, get filled() { return filled; } }) };
  const close = () => post("close", { as: world.me });
  const submit = view.submit ? el("button", { type: "submit", class: "primary", text: view.submit.text }) : null;
  const form = el(
    "form",
    {
      class: "modal-form",
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        submit.disabled = true;
        try {
          await post("submit", { as: world.me, view_id: view.id, filled });
        } finally {
          submit.disabled = false;
        }
      },
    },
    el(
      "header",
      { class: "modal-head" },
      el("span", { class: "face face-bot", "aria-hidden": "true", text: world.app.name.slice(0, 1) }),
      el("h2", { id: "modal-title", text: view.title.text }),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: close }, el("span", { "aria-hidden": "true", text: "✕" })),
    ),
    el(
      "div",
      { class: "modal-body" },
      errors[""] ? el("p", { class: "error trouble", role: "alert", text: errors[""] }) : null,
      renderBlocks(view.blocks, surface),
    ),
    el(
      "footer",
      { class: "modal-foot" },
      el("button", { type: "button", onclick: close, text: view.close?.text ?? (submit ? "Cancel" : "Close") }),
      submit,
    ),
  );
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => {
    event.preventDefault();
    close();
  };
  // Without a click or key since it opened, a browser closes a dialog at Escape and asks nobody.
  dialog.onclose = () => shown && close();
  if (!dialog.open) dialog.showModal();
  (form.querySelector(".has-error input, .has-error textarea, .has-error button") ?? form.querySelector(".block-input input, .block-input textarea, .block-input button"))?.focus();
}

/** Ask the person a Block Kit confirmation; true when they mean it. */
export function confirmed(confirm) {
  const dialog = document.getElementById("ask");
  return new Promise((resolve) => {
    const answer = (value) => () => {
      dialog.close();
      resolve(value);
    };
    dialog.replaceChildren(
      el("header", { class: "modal-head" }, el("h2", { id: "ask-title", text: confirm.title?.text ?? "Are you sure?" })),
      el("div", { class: "modal-body" }, el("p", { text: confirm.text.text })),
      el(
        "footer",
        { class: "modal-foot" },
        el("button", { type: "button", text: confirm.deny?.text ?? "Cancel", onclick: answer(false) }),
        el("button", { type: "button", class: confirm.style === "danger" ? "danger" : "primary", text: confirm.confirm?.text ?? "Yes", onclick: answer(true) }),
      ),
    );
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
  });
}
