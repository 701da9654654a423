// The page: who you are, where you are, and what is there; drawn anew whenever the sandbox says that something changed.
import { openAccount } from "./account.js";
import { el, face, get, keep, post, toast } from "./api.js";
import { actor, renderBlocks } from "./blocks.js";
import { showMail } from "./mail.js";
import { showMessages } from "./messages.js";
import { showModal } from "./modal.js";
import { wireShortcuts } from "./shortcuts.js";
import { clockTime, strip } from "./text.js";
import { followTour, resumeTour, showTour } from "./tour.js";

const $ = (id) => document.getElementById(id);
const here = { person: "", place: "", thread: "" };
const PERMALINK = /\.slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?thread_ts=([\d.]+))?/;
let town = null;
let state = null;
let clockAt = { told: 0, heard: 0 };
let pushed = false;
let touring = false;

const person = () => town.people.find((one) => one.email === here.person) ?? town.people[0];
const identity = () => person().slack || person().email;
const channelNow = () => state?.channels.find((channel) => channel.id === here.place);
const botChannel = () => state?.channels.find((channel) => channel.kind === "im");
const now = () => new Date(clockAt.told + (town.running ? performance.now() - clockAt.heard : 0));

function world() {
  return { users: state.users, channel_names: state.channel_names, me: person().slack, zone: person().timezone || town.zone, now: now(), app: town.app };
}

// Where the page stands is in its address, so that a reload keeps it.
function readAddress() {
  const [email, place, thread] = decodeURIComponent(location.hash.slice(1)).split("/");
  here.person = town.people.some((one) => one.email === email) ? email : (town.people.find((one) => one.handle === "rita") ?? town.people[0]).email;
  here.place = place || "";
  here.thread = thread || "";
}

function go(change) {
  const moved = change.person !== undefined && change.person !== here.person;
  Object.assign(here, change);
  if (moved) state = null;
  history.replaceState(null, "", `#${encodeURIComponent([here.person, here.place, here.thread].join("/"))}`);
  if (change.place) shut(); // who only became somebody else still chooses where to go
  if (here.place === "home" && person().slack) post("home", { as: person().slack });
  return refresh();
}

let asked = 0;
let newest = null;
const refresh = () => (newest = load(++asked));
async function load(turn) {
  const fresh = await get(`/sandbox/state?as=${encodeURIComponent(identity())}`);
  if (turn !== asked) return newest; // a newer question is under way: its answer is the one that counts
  state = fresh;
  clockAt = { told: Date.parse(state.now), heard: performance.now() };
  draw();
}

function draw() {
  if (!person().slack) here.place = "mail";
  const known = state.channels.some((channel) => channel.id === here.place) || ["mail", "home"].includes(here.place);
  if (!known) here.place = (state.channels.find((channel) => channel.name === "refunds") ?? state.channels[0])?.id ?? "mail";
  drawSide();
  drawClock();
  drawPlace();
  drawThread();
  showModal(state, world());
  drawTour();
}

function drawTour() {
  if (!touring) {
    touring = true;
    // A newcomer on a narrow page would not find the steps behind the menu.
    if (!resumeTour(state.revision) && town.tour.length && matchMedia("(max-width: 760px)").matches) $("menu-toggle").click();
  }
  const place = channelNow()?.kind === "im" ? `@${town.app.handle}` : channelNow() ? `#${channelNow().name}` : here.place;
  const seen = { handle: nameOf(person()), place, thread: !$("thread").hidden, channels: state.channels, me: person().slack, whispers: state.whispers, views: state.views, pushed };
  // On a narrow page the steps are behind the menu: it shows that there is a new one.
  if (followTour(town.tour, seen, state.revision)) $("menu-toggle").classList.add("news");
  showTour($("tour"), town.tour, follow, state.revision);
}

// What the tour calls somebody: by their handle, and who has only mail by the name before the @.
const nameOf = (one) => one.handle || one.email.split("@")[0];

function drawSide() {
  const rows = [];
  const channels = state.channels.filter((channel) => channel.kind !== "im");
  if (channels.length) rows.push({ key: "h-channels", heading: "Channels" });
  for (const channel of channels) rows.push({ key: channel.id, sign: "#", label: channel.name, unread: channel.unread, calls: channel.calls });
  if (person().slack) {
    rows.push({ key: "h-app", heading: "Apps" });
    rows.push({ key: botChannel().id, bot: true, label: town.app.name, unread: botChannel().unread, calls: botChannel().calls });
    if (town.app.home_tab) rows.push({ key: "home", sign: "⌂", label: `${town.app.name} Home` });
  }
  const fresh = state.mail.filter((letter) => letter.unread).length;
  rows.push({ key: "h-mail", heading: "Mail" }, { key: "mail", sign: "✉", label: person().email, unread: fresh, calls: fresh });
  for (const row of rows) row.here = row.key === here.place;
  keep($("places"), rows, (row) => row.key, (row) => JSON.stringify(row), (row) => {
    if (row.heading) return el("h2", { class: "side-heading", text: row.heading });
    return el(
      "button",
      { type: "button", class: `place${row.unread ? " unread" : ""}`, "aria-current": row.here ? "page" : undefined, onclick: () => go({ place: row.key, thread: "" }) },
      row.bot ? face(row.label, true) : el("span", { class: "place-sign", "aria-hidden": "true", text: row.sign }),
      el("span", { class: "place-name", text: row.label }),
      row.calls ? el("span", { class: "count", "aria-label": `${row.calls} new`, text: row.calls }) : row.unread ? el("span", { class: "hidden", text: "new messages" }) : null,
    );
  });
  $("person").value = here.person;
  $("account").hidden = !state.account;
  $("person-face").replaceChildren(face(person().name));
  $("bot-status").textContent = state.connected ? `${town.app.name} is connected` : `${town.app.name} is not connected`;
  $("bot-status").classList.toggle("off", !state.connected);
}

function drawClock() {
  // Each person reads times in their own zone: whose differs sees both.
  const own = person().timezone && person().timezone !== town.zone ? ` · ${clockTime(now(), person().timezone)} for ${person().name.split(" ")[0]}` : "";
  $("now").textContent = strip(now(), town.zone) + own;
}

function drawPlace() {
  const channel = channelNow();
  const isMail = here.place === "mail";
  $("mail").hidden = !isMail;
  $("stream").hidden = isMail;
  $("composer").hidden = !channel;
  if (isMail) {
    title("Mail", person().email);
    showMail($("mail"), state, world(), town, person());
  } else if (here.place === "home") drawHome();
  else drawChannel(channel);
}

function title(name, note) {
  $("place-title").textContent = name;
  $("place-note").textContent = note;
}

function drawChannel(channel) {
  const name = channel.kind === "im" ? town.app.name : `#${channel.name}`;
  title(name, channel.kind === "im" ? "Only you and the app see this" : (town.topics[channel.name] ?? ""));
  $("composer-text").placeholder = channel.kind === "im" ? `Message ${town.app.name}, or / for commands` : `Message ${name}, or / for commands`;
  const whispers = state.whispers.filter((w) => w.channel === channel.id && !w.message.thread_ts).map((w) => w.message);
  const standing = channel.messages.filter((message) => !message.thread_ts || message.thread_ts === message.ts || channel.kind === "im");
  const messages = [...standing, ...whispers].sort((a, b) => a.ts - b.ts);
  const box = $("stream");
  if (messages.length) box.querySelector(".empty")?.remove();
  showMessages(box, messages, channel, world(), { openThread: (ts) => go({ thread: ts }).then(() => $("thread-text").focus()) });
  if (!messages.length) box.replaceChildren(el("p", { class: "empty", text: channel.kind === "im" ? `${town.app.name} writes here when something waits for you. Type / to see its commands.` : "Nobody has written here yet." }));
  const last = channel.messages.at(-1)?.ts;
  if (last && last > channel.seen && document.visibilityState === "visible") post("read", { as: person().slack, place: channel.id, ts: last });
}

function drawHome() {
  title(`${town.app.name} Home`, "");
  const box = $("stream");
  const sign = `home ${person().slack} ${state.home?.hash ?? ""}`;
  if (box.dataset.place === sign) return;
  // A page that is drawn anew stays where it was read.
  const stays = box.dataset.place?.startsWith(`home ${person().slack} `);
  box.dataset.place = sign;
  const surface = { world: world(), filled: {}, act: actor(person().slack, { view_id: state.home?.id }) };
  box.replaceChildren(el("div", { class: "home" }, state.home ? renderBlocks(state.home.blocks, surface) : el("p", { class: "empty", text: `${town.app.name} has not drawn this page yet.` })));
  if (!stays) box.scrollTop = 0;
}

function drawThread() {
  const channel = channelNow();
  const messages = here.thread && channel ? channel.messages.filter((m) => m.ts === here.thread || m.thread_ts === here.thread) : [];
  $("thread").hidden = !messages.length;
  document.body.classList.toggle("thread-open", messages.length > 0);
  if (!messages.length) return;
  $("thread-note").textContent = channel.kind === "im" ? town.app.name : `#${channel.name}`;
  const whispers = state.whispers.filter((w) => w.message.thread_ts === here.thread).map((w) => w.message);
  showMessages($("thread-stream"), [...messages, ...whispers].sort((a, b) => a.ts - b.ts), channel, world(), {}, true);
}

// Writing

function wireComposer(form, area, thread) {
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
  };
  area.addEventListener("input", () => {
    grow();
    if (!thread) hint(area.value);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (!text) return;
    area.value = "";
    grow();
    hint("");
    try {
      await post("say", { as: person().slack, channel: here.place, text, thread: thread ? here.thread : "" });
    } catch {
      area.value = text; // nothing typed is lost
      grow();
    }
    $(thread ? "thread-stream" : "stream").scrollTop = 1e9;
  });
}

function hint(text) {
  const commands = text.startsWith("/") ? town.app.commands.filter((c) => c.command.startsWith(text.split(" ")[0]) || text.startsWith(c.command)) : [];
  $("command-hint").replaceChildren(...commands.map((c) => el("div", {}, el("strong", { text: c.command }), ` ${c.usage_hint}`, el("span", { text: c.description }))));
}

function fill(text, thread) {
  const area = $(thread ? "thread-text" : "composer-text");
  area.value = text;
  area.dispatchEvent(new Event("input"));
  area.focus();
}

async function push(by) {
  const said = await post("clock", by === "morning" ? { to: "morning" } : { minutes: Number(by) });
  toast(`It is ${strip(new Date(said.now), town.zone)}`, 2500);
  pushed = true;
  await refresh();
}

function shut() {
  document.body.classList.remove("side-open");
  $("menu-toggle").setAttribute("aria-expanded", "false");
}

async function follow(step) {
  shut();
  if (step.push) await push(step.push);
  if (step.who) {
    const who = town.people.find((one) => nameOf(one) === step.who);
    if (who) await go({ person: who.email, thread: "" });
  }
  if (step.where) {
    const places = { [`@${town.app.handle}`]: botChannel()?.id, home: "home", mail: "mail" };
    const place = places[step.where] ?? state.channels.find((channel) => `#${channel.name}` === step.where)?.id;
    if (place) await go({ place, thread: "" });
  }
  const parent = step.thread && channelNow()?.messages.findLast((message) => message.reply_count);
  if (parent) await go({ thread: parent.ts });
  if (step.fill) fill(step.fill, Boolean(parent));
}

function wire() {
  wireComposer($("composer"), $("composer-text"), false);
  wireComposer($("thread-composer"), $("thread-text"), true);
  wireShortcuts($("shortcuts"), town.app, () => person().slack);
  $("thread-close").addEventListener("click", () => go({ thread: "" }));
  $("account").addEventListener("click", (event) => openAccount(event.currentTarget, state.account, person()));
  $("person").addEventListener("change", (event) => go({ person: event.target.value, thread: "" }));
  for (const button of document.querySelectorAll("[data-push]")) button.addEventListener("click", () => push(button.dataset.push));
  $("menu-toggle").addEventListener("click", () => {
    $("menu-toggle").classList.remove("news");
    const open = document.body.classList.toggle("side-open");
    $("menu-toggle").setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("click", (event) => {
    // A message's address leads there, as in Slack itself.
    const [, channel, seconds, fraction, thread] = event.target.closest?.("a[href]")?.href.match(PERMALINK) ?? [];
    if (!state?.channels.some((one) => one.id === channel)) return;
    event.preventDefault();
    go({ place: channel, thread: thread ?? `${seconds}.${fraction}` });
  });
  addEventListener("hashchange", () => {
    readAddress();
    refresh();
  });
  const changes = new EventSource("/sandbox/changes");
  changes.onmessage = () => refresh();
  changes.onerror = () => {
    $("bot-status").textContent = "The sandbox has stopped";
    $("bot-status").classList.add("off");
  };
  setInterval(drawClock, 5000);
}

async function begin() {
  town = await get("/sandbox/town");
  document.title = `${town.organization} · sandbox`;
  $("organization").textContent = town.organization;
  const label = (one) => (one.slack ? one.name : `${one.name} (mail only)`);
  $("person").replaceChildren(...town.people.map((one) => el("option", { value: one.email, text: label(one) })));
  readAddress();
  wire();
  await go({}); // as a click would, so that a Home in the address is opened, too
}

begin();
