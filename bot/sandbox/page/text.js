// Slack's mrkdwn as DOM nodes, never as HTML text: what strangers write stays words.
import { el, icon } from "./api.js";

const EMOJI = {
  white_check_mark: "✅", eyes: "👀", heart: "❤️", "+1": "👍", thumbsup: "👍", tada: "🎉",
  warning: "⚠️", x: "❌", hourglass: "⌛", bell: "🔔", smile: "😄", bow: "🙇", mag: "🔍", clock1: "🕐",
};
const INLINE = /`([^`\n]+)`|<([^<>\n]+)>|\*([^*\n]+)\*|_([^_\n]+)_|~([^~\n]+)~|:([a-z0-9_+-]+):/g;
const WORD = /[\p{L}\p{N}]/u;

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;
const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A fragment for a mrkdwn text. `world`: users, channel_names, me, zone, now. */
export function mrkdwn(text, world) {
  const out = document.createDocumentFragment();
  text.split("```").forEach((part, place) => {
    if (place % 2) out.append(el("pre", { text: unescape(part.replace(/^\n|\n$/g, "")) }));
    else out.append(...paragraphs(part, world));
  });
  return out;
}

function paragraphs(text, world) {
  const nodes = [];
  let quote = null;
  const lines = text.split("\n");
  lines.forEach((line, place) => {
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(...inline(quoted[1], world));
      return;
    }
    const afterQuote = quote !== null;
    quote = null;
    if (place && !afterQuote) nodes.push(el("br"));
    nodes.push(...inline(line, world));
  });
  return nodes;
}

function inline(text, world) {
  const nodes = [];
  let place = 0;
  const next = new RegExp(INLINE);
  for (let match = next.exec(text); match; match = next.exec(text)) {
    const [whole, code, token, bold, italic, strike, name] = match;
    const before = text[match.index - 1] ?? " ";
    const after = text[match.index + whole.length] ?? " ";
    // *, _ and ~ only count at the edges of words, so 2*3*4 and snake_case stay as they are; what such a false start
    // reached over (a date after OVER_LIMIT) is read on its own.
    if ((bold || italic || strike) && (WORD.test(before) || WORD.test(after))) {
      next.lastIndex = match.index + 1;
      continue;
    }
    if (match.index > place) nodes.push(unescape(text.slice(place, match.index)));
    if (code) nodes.push(el("code", { text: unescape(code) }));
    else if (token) nodes.push(link(token, world));
    else if (bold) nodes.push(el("strong", {}, inline(bold, world)));
    else if (italic) nodes.push(el("em", {}, inline(italic, world)));
    else if (strike) nodes.push(el("s", {}, inline(strike, world)));
    else nodes.push(name === "ticket" ? el("span", { title: whole }, icon("ticket")) : EMOJI[name] ? el("span", { title: whole, text: EMOJI[name] }) : whole);
    place = match.index + whole.length;
  }
  if (place < text.length) nodes.push(unescape(text.slice(place)));
  return nodes;
}

function link(token, world) {
  const [body, ...rest] = token.split("|");
  const label = rest.join("|");
  if (body.startsWith("@")) {
    const user = world.users[body.slice(1)];
    const own = body.slice(1) === world.me;
    return el("span", { class: own ? "mention mention-me" : "mention", text: `@${user?.name ?? (label || body.slice(1))}` });
  }
  if (body.startsWith("#")) {
    return el("span", { class: "mention", text: `#${world.channel_names[body.slice(1)] ?? (label || body.slice(1))}` });
  }
  if (body.startsWith("!date^")) return dateToken(body, label, world);
  if (body.startsWith("!")) return el("span", { class: "mention mention-me", text: `@${label || body.slice(1).split("^")[0]}` });
  return address(unescape(body), unescape(label || body.replace(/^mailto:/, "")));
}

/** A link; only web and mail addresses become one. */
export function address(url, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return document.createTextNode(label);
  return el("a", { href: url, target: "_blank", rel: "noreferrer noopener", text: label });
}

function dateToken(body, label, world) {
  const [, seconds, format, target] = body.split("^");
  const isLink = /^https?:/.test(target ?? "");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime()) || !format) return document.createTextNode(label || (isLink ? "" : target) || "");
  const words = unescape(format).replace(/\{(\w+)\}/g, (whole, name) => dateWord(name, at, world) ?? whole);
  const node = el("time", { datetime: at.toISOString(), title: dateWord("date_long", at, world) + " " + dateWord("time", at, world), text: words });
  return isLink ? el("a", { href: target, target: "_blank", rel: "noreferrer noopener" }, node) : node;
}

function dateWord(name, at, world) {
  const show = (options) => new Intl.DateTimeFormat("en-US", { timeZone: world.zone, ...options }).format(at);
  if (name === "time") return clockTime(at, world.zone);
  if (name === "time_secs") return show({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  if (name === "date_num") return show({ year: "numeric", month: "2-digit", day: "2-digit" });
  if (name === "ago") return ago(at, world.now);
  const forms = {
    date: { year: "numeric", month: "long", day: "numeric" },
    date_short: { year: "numeric", month: "short", day: "numeric" },
    date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  };
  const pretty = name.match(/^(date(?:_short|_long)?)_pretty$/);
  if (pretty) return dayName(at, world) ?? show(forms[pretty[1]]);
  return forms[name] ? show(forms[name]) : undefined;
}

const dayKey = (at, zone) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);

function dayName(at, world) {
  for (const [days, word] of [[0, "today"], [1, "tomorrow"], [-1, "yesterday"]]) {
    if (dayKey(at, world.zone) === dayKey(new Date(world.now.getTime() + days * 864e5), world.zone)) return word;
  }
  return undefined;
}

function ago(at, now) {
  const minutes = Math.round((now - at) / 60000);
  if (Math.abs(minutes) < 60) return minutes >= 0 ? `${minutes} minutes ago` : `in ${-minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours >= 0 ? `${hours} hours ago` : `in ${-hours} hours`;
}

export function clockTime(at, zone) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** "Today", "Yesterday" or "Friday, November 20", for the lines between days. */
export function dayLine(at, world) {
  const near = dayName(at, world);
  if (near) return near[0].toUpperCase() + near.slice(1);
  return new Intl.DateTimeFormat("en-US", { timeZone: world.zone, weekday: "long", month: "long", day: "numeric" }).format(at);
}

/** "Fri Nov 20, 10:42". */
export function strip(at, zone) {
  const day = new Intl.DateTimeFormat("en-US", { timeZone: zone, weekday: "short", month: "short", day: "numeric" }).format(at);
  return `${day.replace(",", "")}, ${clockTime(at, zone)}`;
}

export { dayKey };
