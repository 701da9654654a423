// Messages of a channel or thread: who, when, what, and what can be done with them.
import { el, face, icon, keep, post } from "./api.js";
import { actor, renderBlocks } from "./blocks.js";
import { openMenu } from "./menu.js";
import { clockTime, dayKey, dayLine, emoji, mrkdwn } from "./text.js";

const GROUP_SECONDS = 300;
const when = (message) => new Date(Number(message.ts) * 1000);

/** Fill `box` with messages. `handlers`: {openThread(ts)}; `inThread`: replies aren't counted again. */
export function showMessages(box, messages, channel, world, handlers, inThread = false) {
  const rows = [];
  let before = null;
  for (const message of messages) {
    if (!before || dayKey(when(before), world.zone) !== dayKey(when(message), world.zone)) {
      rows.push({ key: `day-${message.ts}`, day: dayLine(when(message), world) });
      before = null;
    }
    const follows = before && before.user === message.user && message.ts - before.ts < GROUP_SECONDS
      && !message.is_ephemeral && !before.is_ephemeral && !message.subtype && !before.subtype && !before.reply_count;
    rows.push({ key: message.ts, message, follows: Boolean(follows) });
    before = message;
  }
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const sameBox = box.dataset.place === `${world.me} ${channel.id} ${inThread ? messages[0]?.ts : ""}`;
  const last = box.dataset.last;
  keep(box, rows, (row) => row.key, (row) => JSON.stringify([row, world.me, dayKey(world.now, world.zone)]), (row) =>
    row.day ? el("div", { class: "day", role: "separator" }, el("span", { text: row.day })) : messageRow(row, channel, world, handlers, inThread));
  box.dataset.place = `${world.me} ${channel.id} ${inThread ? messages[0]?.ts : ""}`;
  box.dataset.last = messages.at(-1)?.ts ?? "";
  if (!sameBox || (atEnd && last !== box.dataset.last) || atEnd) box.scrollTop = box.scrollHeight;
}

function messageRow({ message, follows }, channel, world, handlers, inThread) {
  const user = world.users[message.user];
  const name = message.user === "USLACKBOT" ? "Slack" : user?.name ?? message.user;
  const time = el("time", { class: "message-time", datetime: when(message).toISOString(), text: clockTime(when(message), world.zone) });
  if (message.subtype === "channel_join") {
    return el("div", { class: "message quiet" }, el("span", { class: "gutter" }, time), el("div", { class: "body" }, mrkdwn(message.text, world)));
  }
  const own = message.user === world.me && !message.subtype;
  const body = el("div", { class: "content" });
  const bodyBlocks = (message.blocks ?? []).filter((block) => message.bot_id || block.type !== "rich_text");
  if (message.subtype === "tombstone") body.append(el("em", { class: "quiet-text", text: message.text }));
  else if (bodyBlocks.length) {
    const surface = { world, filled: {}, act: actor(world.me, { channel: channel.id, ts: message.ts }) };
    body.append(...renderBlocks(bodyBlocks, surface));
  } else body.append(el("div", {}, mrkdwn(message.text, world)));
  for (const attachment of message.attachments ?? []) {
    // What an app shows below its links; nothing in it is clicked here.
    const surface = { world, filled: {}, act: async () => {} };
    body.append(el("div", { class: "attachment" }, ...renderBlocks(attachment.blocks ?? [], surface)));
  }
  if (message.edited) body.append(el("span", { class: "edited", text: " (edited)" }));
  return el(
    "article",
    { class: `message${follows ? " follows" : ""}${message.is_ephemeral ? " whisper" : ""}`, "data-ts": message.ts, "aria-label": `${name}, ${time.textContent}` },
    el("span", { class: "gutter" }, follows ? time.cloneNode(true) : face(name, Boolean(message.bot_id))),
    el(
      "div",
      { class: "body" },
      message.is_ephemeral ? el("p", { class: "only-you", text: "Only visible to you" }) : null,
      follows ? null : el(
        "div",
        { class: "byline" },
        el("strong", { text: name }),
        message.bot_id ? el("span", { class: "badge", text: "APP" }) : null,
        time,
      ),
      body,
      reactions(message, channel, world),
      message.reply_count && !inThread ? replies(message, world, handlers) : null,
    ),
    message.is_ephemeral || message.subtype ? null : tools(message, channel, world, handlers, own, inThread),
  );
}

function replies(message, world, handlers) {
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const last = clockTime(new Date(Number(message.latest_reply) * 1000), world.zone);
  return el(
    "button",
    { type: "button", class: "replies", onclick: () => handlers.openThread(message.ts) },
    ...message.reply_users.slice(0, 3).map((id) => face(world.users[id]?.name ?? "?", world.users[id]?.is_bot)),
    el("span", { class: "replies-count", text: count }),
    el("span", { class: "replies-last", text: `last at ${last}` }),
  );
}

function reactions(message, channel, world) {
  if (!message.reactions?.length) return null;
  return el("div", { class: "reactions" }, message.reactions.map((reaction) => {
    const names = reaction.users.map((id) => world.users[id]?.name ?? id).join(", ");
    return el("button", {
      type: "button",
      class: reaction.users.includes(world.me) ? "reaction mine" : "reaction",
      "aria-label": `${reaction.name}, ${names}`,
      title: names,
      onclick: () => post("react", { as: world.me, channel: channel.id, ts: message.ts, name: reaction.name }),
    }, reaction.name === "ticket" ? icon("ticket") : emoji(reaction.name), String(reaction.count));
  }));
}

function tools(message, channel, world, handlers, own, inThread) {
  const place = { as: world.me, channel: channel.id, ts: message.ts };
  const more = [
    ...world.app.shortcuts.filter((shortcut) => shortcut.type === "message").map((shortcut) => ({
      label: shortcut.name,
      description: world.app.name,
      run: () => post("shortcut", { ...place, callback_id: shortcut.callback_id }),
    })),
    ...(own
      ? [
          { label: "Edit message", run: () => edit(message, place) },
          { label: "Delete message", danger: true, run: () => post("delete", place) },
        ]
      : []),
  ];
  const tool = (label, sign, onclick, popup) =>
    el("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick, "aria-haspopup": popup }, icon(sign));
  return el(
    "div",
    { class: "tools" },
    tool("React with :ticket:", "ticket", () => post("react", { ...place, name: "ticket" })),
    inThread ? null : tool("Reply in thread", "reply", () => handlers.openThread(message.thread_ts ?? message.ts)),
    more.length ? tool("More", "more", (event) => openMenu(event.currentTarget, more, (item) => item.run(), "More"), "listbox") : null,
  );
}

function edit(message, place) {
  const content = document.querySelector(`[data-ts="${message.ts}"] .content`);
  const area = el("textarea", { "aria-label": "Edit message", rows: 2 });
  area.value = content.textContent.replace(/ \(edited\)$/, "");
  const before = [...content.childNodes];
  const back = () => content.replaceChildren(...before);
  const form = el(
    "form",
    {
      class: "edit",
      onsubmit: async (event) => {
        event.preventDefault();
        await post("edit", { ...place, text: area.value });
      },
    },
    area,
    el("div", { class: "edit-row" }, el("button", { type: "button", text: "Cancel", onclick: back }), el("button", { type: "submit", class: "primary", text: "Save" })),
  );
  content.replaceChildren(form);
  area.focus();
}
