// The mail pane: one person's mailbox, a letter, and writing one.
import { el, keep, post, toast } from "./api.js";
import { strip } from "./text.js";

let latest = []; // the arguments of the newest drawing: what was pressed must not bring back an older state
const again = () => showMail(...latest);
const open = { id: null, as: "html", writing: false, answers: null };

/** Show the mailbox of `person` ({name, email}). */
export function showMail(box, state, world, town, person) {
  latest = [box, state, world, town, person];
  if (!box.firstChild) {
    box.append(el("div", { class: "mail-list" }), el("div", { class: "mail-open" }));
  }
  if (box.dataset.person !== person.email) {
    Object.assign(open, { id: null, writing: false, answers: null });
    box.dataset.person = person.email;
    box.lastChild.replaceChildren();
    box.lastChild.dataset.sign = "";
  }
  const letters = [...state.mail].reverse();
  const read = (letter) => {
    Object.assign(open, { id: letter.id, writing: false, as: letter.has_html ? "html" : "text" });
    if (letter.unread) post("read", { as: person.email, place: `mail:${letter.id}` });
    again();
  };
  const items = [{ key: "write" }, ...letters.map((letter) => ({ key: letter.id, letter, chosen: letter.id === open.id && !open.writing }))];
  if (!letters.length) items.push({ key: "none" });
  keep(box.firstChild, items, (item) => item.key, (item) => JSON.stringify(item), (item) => {
    if (item.key === "none") return el("p", { class: "empty", text: `No mail for ${person.name} yet. Letters of the bot and of other people arrive here.` });
    if (!item.letter) {
      return el("button", { type: "button", class: "primary write", text: "Write a mail", onclick: () => { Object.assign(open, { writing: true, answers: null }); again(); } });
    }
    const letter = item.letter;
    return el(
      "button",
      { type: "button", class: `mail-row${letter.unread ? " unread" : ""}`, "aria-current": item.chosen ? "true" : undefined, onclick: () => read(letter) },
      el("span", { class: "mail-from", text: letter.sent ? `To ${letter.to}` : letter.from.replace(/\s*<.*>$/, "").replaceAll('"', "") }),
      el("span", { class: "mail-at", text: strip(new Date(letter.at), world.zone) }),
      el("span", { class: "mail-subject", text: letter.subject }),
    );
  });
  const letter = state.mail.find((one) => one.id === open.id);
  const sign = open.writing ? `write ${open.answers}` : letter ? `${letter.id} ${open.as}` : "";
  box.classList.toggle("mail-reading", Boolean(sign));
  if (box.lastChild.dataset.sign === sign && sign) return;
  box.lastChild.dataset.sign = sign;
  if (open.writing) box.lastChild.replaceChildren(writeForm(state, town, person));
  else if (letter) box.lastChild.replaceChildren(letterView(letter, world));
  else box.lastChild.replaceChildren(el("p", { class: "empty", text: letters.length ? "Choose a mail to read it." : "" }));
}

function letterView(letter, world) {
  const tab = (kind, label) =>
    el("button", { type: "button", "aria-pressed": open.as === kind ? "true" : "false", text: label, onclick: () => { open.as = kind; again(); } });
  const body = open.as === "html" && letter.has_html ? el("iframe", { class: "letter-frame", sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox", title: letter.subject, src: `/sandbox/mail/${letter.id}/html` }) : el("pre", { class: "letter-text", text: letter.text });
  if (body.tagName === "IFRAME") {
    body.addEventListener("load", () => (body.style.height = `${Math.max(200, body.contentDocument.documentElement.scrollHeight + 8)}px`));
  }
  return el(
    "article",
    { class: "letter" },
    el("button", { type: "button", class: "back", text: "‹ All mail", onclick: () => { open.id = null; again(); } }),
    el("h2", { text: letter.subject }),
    el("p", { class: "letter-head" }, `${letter.from} to ${letter.to}`, el("br"), strip(new Date(letter.at), world.zone)),
    el(
      "div",
      { class: "letter-tools" },
      letter.has_html ? el("div", { class: "tabs", role: "group", "aria-label": "Shown as" }, tab("html", "Letter"), tab("text", "Plain text")) : null,
      letter.sent ? null : el("button", { type: "button", text: "Reply", onclick: () => { Object.assign(open, { writing: true, answers: letter.id }); again(); } }),
    ),
    body,
  );
}

function writeForm(state, town, person) {
  const answered = state.mail.find((letter) => letter.id === open.answers);
  const field = (label, input) => el("label", { class: "field" }, el("span", { text: label }), input);
  const to = el("input", { name: "to", required: true, list: "addresses", autocomplete: "off" });
  const subject = el("input", { name: "subject", autocomplete: "off" });
  const text = el("textarea", { name: "text", rows: 9 });
  to.value = answered ? answered.reply_to : town.inboxes[0]?.address ?? "";
  subject.value = answered ? (/^re:/i.test(answered.subject) ? answered.subject : `Re: ${answered.subject}`) : "";
  if (answered) text.value = `\n\n${answered.from} wrote:\n${answered.text.trim().replace(/^/gm, "> ")}\n`;
  const addresses = [...town.inboxes.map((inbox) => inbox.address), ...town.people.map((one) => one.email)];
  const form = el(
    "form",
    {
      class: "letter write-form",
      onsubmit: async (event) => {
        event.preventDefault();
        const body = { as: person.email, to: to.value, subject: subject.value, text: text.value, answers: answered?.id };
        const { id } = await post("mail", body);
        Object.assign(open, { id, writing: false, answers: null, as: "text" });
        toast(`Sent to ${to.value}`);
        again();
      },
    },
    el("button", { type: "button", class: "back", text: "‹ All mail", onclick: () => { open.writing = false; again(); } }),
    el("h2", { text: answered ? "Reply" : "A new mail" }),
    field("From", el("input", { value: `${person.name} <${person.email}>`, readonly: true })),
    field("To", to),
    el("datalist", { id: "addresses" }, addresses.map((address) => el("option", { value: address }))),
    field("Subject", subject),
    field("Text", text),
    el("div", { class: "edit-row" }, el("button", { type: "button", text: "Discard", onclick: () => { open.writing = false; again(); } }), el("button", { type: "submit", class: "primary", text: "Send mail" })),
  );
  setTimeout(() => {
    (answered ? text : subject).focus();
    text.setSelectionRange(0, 0);
  });
  return form;
}
