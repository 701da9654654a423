// What an app offers beside the place where one writes: its global shortcuts.
import { post } from "./api.js";
import { openMenu } from "./menu.js";

/** Keep `button` to open the app's global shortcuts for whoever `me()` says; without any it is not shown. */
export function wireShortcuts(button, app, me) {
  const items = app.shortcuts.filter((one) => one.type === "global").map((one) => ({ label: one.name, description: app.name, value: one.callback_id }));
  button.hidden = !items.length;
  button.addEventListener("click", () => openMenu(button, items, (item) => post("shortcut", { as: me(), callback_id: item.value }), "Shortcuts"));
}
