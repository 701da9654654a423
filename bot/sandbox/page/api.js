// Talking to the sandbox, and the few helpers that every part of the page uses.

/** An element with properties (`class`, `text`, `on…` handlers, attributes) and children. */
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** Bring `parent`'s children in line with `items`; a child is made anew only when its signature changed. */
export function keep(parent, items, key, signature, make) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const name = String(key(item));
    const sign = signature(item);
    let child = old.get(name);
    if (!child || child.dataset.sign !== sign) {
      child = make(item);
      child.dataset.key = name;
      child.dataset.sign = sign;
    }
    return child;
  });
  const stay = new Set(wanted);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  wanted.forEach((child, place) => {
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** Do something as a person; what went wrong is shown and thrown. */
export async function post(deed, body) {
  const answer = await fetch(`/sandbox/${deed}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({ problem: "The sandbox does not answer." }));
  if (!answer.ok) {
    toast(WORDS[said.problem] ?? said.problem);
    throw new Error(said.problem);
  }
  if (said.error) toast(WORDS[said.error] ?? said.error);
  return said;
}

const WORDS = {
  operation_timeout: "The bot did not answer in time. Try again.",
  dispatch_failed: "The bot is not connected.",
  already_reacted: "You have done that already.",
  message_not_found: "That message is gone.",
  not_in_channel: "You are not in that channel.",
};

let hiding = 0;
export function toast(text, shownMs = 6000) {
  const box = document.getElementById("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (box.hidden = true), shownMs);
}

const ICONS = {
  ticket: "M3 7h18v3.5a1.5 1.5 0 0 0 0 3V17H3v-3.5a1.5 1.5 0 0 0 0-3V7Zm11 0v10",
  reply: "M4 5h16v11H11l-4.5 4V16H4V5Z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
};

/** A small drawing; not a character, since many machines have no font with emoji. */
export function icon(name) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true" })) box.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  box.append(path);
  return box;
}

/** A square with initials; the colour stays the same for a name. */
export function face(name, bot = false) {
  const initials = name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const node = el("span", { class: bot ? "face face-bot" : "face", "aria-hidden": "true", text: initials });
  if (!bot) node.style.setProperty("--hue", hue);
  return node;
}
