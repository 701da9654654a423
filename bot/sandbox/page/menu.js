// A small menu or list of choices that opens beside what was pressed; arrow keys, Enter, Escape.
import { el } from "./api.js";

/** Open under `anchor`. `items`: {label, description, value, chosen, danger}; `pick` gets the item. */
export function openMenu(anchor, items, pick, label) {
  const list = el("div", { class: "menu", role: "listbox", popover: "auto", "aria-label": label });
  for (const item of items) {
    list.append(
      el(
        "button",
        {
          type: "button",
          class: item.danger ? "menu-item danger" : "menu-item",
          role: "option",
          "aria-selected": item.chosen ? "true" : "false",
          onclick: () => {
            list.hidePopover();
            anchor.focus();
            pick(item);
          },
        },
        el("span", { class: "menu-label", text: item.label }),
        item.description ? el("span", { class: "menu-description", text: item.description }) : null,
      ),
    );
  }
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.children];
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length].focus();
  });
  list.addEventListener("toggle", (event) => {
    if (event.newState === "closed") list.remove();
  });
  // Inside an open dialog everything outside it is inert: the menu must live within.
  (anchor.closest("dialog") ?? document.body).append(list);
  list.showPopover();
  const box = anchor.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = box.bottom + 4 + height <= innerHeight;
  list.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`;
  list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  list.style.minWidth = `${Math.min(box.width, 320)}px`;
  (list.querySelector("[aria-selected=true]") ?? list.firstElementChild)?.focus();
}
