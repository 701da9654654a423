// Block Kit as DOM: blocks of messages, modals and the Home tab, and their interactive elements.
import { el, post } from "./api.js";
import { confirmed } from "./modal.js";
import { openMenu } from "./menu.js";
import { address, emoji, mrkdwn } from "./text.js";

/**
 * Blocks as nodes. `surface`: {world, act(block, element, value), filled, errors}; `filled` is {block: {action: value}} and
 * is kept up to date while the person types.
 */
export function renderBlocks(blocks, surface) {
  return blocks.map((block) => renderBlock(block, surface)).filter(Boolean);
}

function textNode(text, surface, tag = "div", cls = "") {
  if (!text) return null;
  if (text.type === "plain_text") return el(tag, { class: `${cls} plain`, text: text.text });
  return el(tag, { class: cls }, mrkdwn(text.text, surface.world));
}

function renderBlock(block, surface) {
  switch (block.type) {
    case "header":
      return el("h3", { class: "block-header", text: block.text.text });
    case "divider":
      return el("hr");
    case "section":
      return el(
        "div",
        { class: "block-section" },
        el(
          "div",
          { class: "block-section-text" },
          textNode(block.text, surface),
          block.fields ? el("div", { class: "block-fields" }, block.fields.map((field) => textNode(field, surface))) : null,
        ),
        block.accessory ? el("div", { class: "block-accessory" }, renderElement(block, block.accessory, surface)) : null,
      );
    case "context":
      return el("div", { class: "block-context" }, block.elements.map((part) =>
        part.type === "image" ? el("span", { text: part.alt_text }) : textNode(part, surface, "span")));
    case "actions":
      return el("div", { class: "block-actions" }, block.elements.map((part) => renderElement(block, part, surface)));
    case "image":
      return el(
        "figure",
        { class: "block-image" },
        el("figcaption", { text: block.title?.text ?? block.alt_text }),
        // only what the app left here: nothing is loaded from elsewhere
        block.slack_file?.id ? el("img", { src: `/sandbox/file/${block.slack_file.id}`, alt: block.alt_text }) : null,
      );
    case "input":
      return renderInput(block, surface);
    case "markdown":
      return el("div", { class: "plain", text: block.text });
    case "rich_text":
      return el("div", {}, block.elements.map((part) => richPart(part, surface.world)));
    case "table":
      return el("table", { class: "block-table" }, block.rows.map((row) =>
        el("tr", {}, row.map((cell) => el("td", { text: cell.text ?? String(cell.value ?? "") })))));
    default:
      return el("p", { class: "block-unknown", text: `(${block.type})` });
  }
}

function richPart(part, world) {
  if (part.type === "rich_text_list") {
    return el(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => el("li", {}, richPart(item, world))));
  }
  const tag = { rich_text_quote: "blockquote", rich_text_preformatted: "pre" }[part.type] ?? "div";
  return el(tag, { class: "plain" }, part.elements.map((piece) => {
    if (piece.type === "user") return el("span", { class: "mention", text: `@${world.users[piece.user_id]?.name ?? piece.user_id}` });
    if (piece.type === "link") return address(piece.url, piece.text ?? piece.url);
    if (piece.type === "emoji") return emoji(piece.name);
    if (piece.type === "channel") return `#${world.channel_names[piece.channel_id] ?? piece.channel_id}`;
    const tagName = piece.style?.bold ? "strong" : piece.style?.italic ? "em" : piece.style?.code ? "code" : "span";
    return el(tagName, { text: piece.text ?? "" });
  }));
}

function renderInput(block, surface) {
  const id = `f-${block.block_id}`;
  const error = surface.errors?.[block.block_id];
  const notes = [block.hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  const control = renderElement(block, block.element, surface);
  const target = control.matches("input, textarea, button, select") ? control : control.querySelector("input, button");
  if (target) {
    target.id = id;
    target.setAttribute("aria-describedby", notes);
    if (error) target.setAttribute("aria-invalid", "true");
  }
  return el(
    "div",
    { class: error ? "block-input has-error" : "block-input" },
    el("label", { for: id }, block.label.text, block.optional ? el("span", { class: "optional", text: " (optional)" }) : null),
    control,
    block.hint ? el("p", { class: "hint", id: `${id}-hint`, text: block.hint.text }) : null,
    error ? el("p", { class: "error", id: `${id}-error`, text: error }) : null,
  );
}

const options = (element) => [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];

function renderElement(block, element, surface) {
  const act = async (value) => {
    if (element.confirm && !(await confirmed(element.confirm))) return;
    await surface.act(block, element, value);
  };
  const isInput = block.type === "input";
  const note = (value) => {
    (surface.filled[block.block_id] ??= {})[element.action_id] = value;
    if (!isInput || block.dispatch_action) act(value);
  };
  const typed = surface.filled?.[block.block_id]?.[element.action_id];

  if (element.type === "button") {
    return el("button", {
      type: "button",
      class: `block-button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      text: element.text.text,
      onclick: async (event) => {
        const button = event.currentTarget;
        if (element.url) window.open(element.url, "_blank", "noopener");
        button.disabled = true; // a second click while the first is under way would only be a repeat
        try {
          await act(element.value ?? "");
        } finally {
          button.disabled = false;
        }
      },
    });
  }
  if (element.type === "overflow") {
    return el("button", {
      type: "button",
      class: "block-button overflow",
      "aria-label": "More actions",
      "aria-haspopup": "listbox",
      text: "···",
      onclick: (event) =>
        openMenu(event.currentTarget, element.options.map((o) => ({ label: o.text.text, description: o.description?.text, value: o.value })), (item) => act(item.value), "More actions"),
    });
  }
  if (element.type.endsWith("_select")) return select(element, typed, note, surface);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choices(block, element, typed, note);
  if (element.type === "plain_text_input" && element.multiline) {
    const area = el("textarea", { rows: 4, placeholder: element.placeholder?.text, maxlength: element.max_length ?? 3000 });
    area.value = typed ?? element.initial_value ?? "";
    area.addEventListener("input", () => note(area.value));
    return area;
  }
  const kinds = { datepicker: "date", timepicker: "time", number_input: "number", email_text_input: "email", url_text_input: "url" };
  if (element.type === "plain_text_input" || kinds[element.type]) {
    const input = el("input", { type: kinds[element.type] ?? "text", placeholder: element.placeholder?.text });
    input.value = typed ?? element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
    input.addEventListener("input", () => note(input.value));
    return input;
  }
  return el("span", { class: "block-unknown", text: `(${element.type})` });
}

function select(element, typed, note, surface) {
  const many = element.type.startsWith("multi_");
  const known = element.type.includes("users")
    ? Object.entries(surface.world.users).filter(([, user]) => !user.is_bot).map(([id, user]) => ({ value: id, label: user.name }))
    : element.type.includes("channels") || element.type.includes("conversations")
      ? Object.entries(surface.world.channel_names).map(([id, name]) => ({ value: id, label: `#${name}` }))
      : options(element).map((o) => ({ value: o.value, label: o.text.text, description: o.description?.text }));
  const initial = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation
    ?? (element.initial_options ?? []).map((o) => o.value);
  let chosen = [typed ?? initial ?? []].flat();
  const button = el("button", { type: "button", class: "block-select", "aria-haspopup": "listbox" });
  const show = () => {
    const picked = known.filter((item) => chosen.includes(item.value));
    const label = picked.length ? picked.map((item) => item.label).join(", ") : element.placeholder?.text ?? "Choose";
    button.replaceChildren(el("span", { class: picked.length ? "" : "placeholder", text: label }), el("span", { "aria-hidden": "true", text: "▾" }));
    const described = picked.length === 1 && picked[0].description;
    button.title = described || "";
  };
  button.addEventListener("click", () =>
    openMenu(button, known.map((item) => ({ ...item, chosen: chosen.includes(item.value) })), (item) => {
      if (!many) chosen = [item.value];
      else chosen = chosen.includes(item.value) ? chosen.filter((value) => value !== item.value) : [...chosen, item.value];
      show();
      note(many ? chosen : item.value);
    }, element.placeholder?.text ?? "Choices"));
  show();
  return button;
}

function choices(block, element, typed, note) {
  const one = element.type === "radio_buttons";
  const initial = one ? element.initial_option?.value : (element.initial_options ?? []).map((o) => o.value);
  const chosen = new Set([typed ?? initial ?? []].flat());
  return el("div", { class: "choices", role: one ? "radiogroup" : "group" }, options(element).map((o) => {
    const box = el("input", { type: one ? "radio" : "checkbox", name: `${block.block_id}-${element.action_id}` });
    box.checked = chosen.has(o.value);
    box.addEventListener("change", () => {
      if (one) chosen.clear();
      if (box.checked) chosen.add(o.value);
      else chosen.delete(o.value);
      note(one ? o.value : [...chosen]);
    });
    return el("label", { class: "choice" }, box, el("span", {}, o.text.text, o.description ? el("small", { text: o.description.text }) : null));
  }));
}

/** What a click in a message, modal or Home tab sends. */
export function actor(me, place) {
  return (block, element, value) =>
    post("click", { as: me, ...place, block_id: block.block_id, action_id: element.action_id, value });
}
