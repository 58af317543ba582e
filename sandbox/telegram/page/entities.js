// A text with its entities becomes nodes. Nothing of a message is ever read as markup here.

import { drawn, wholeDate } from "./times.js";
import { copy } from "./toasts.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s" };

/** Draw a text; entities may nest. `say` sends a command that was tapped. */
export function written(text, entities, say) {
  const body = document.createElement("span");
  body.className = "text";
  const inOrder = [...(entities ?? [])].sort((one, other) => one.offset - other.offset || other.length - one.length);
  fill(body, text, 0, text.length, inOrder, say);
  return body;
}

function fill(parent, text, start, end, entities, say) {
  let at = start;
  while (entities.length && entities[0].offset < end) {
    const entity = entities.shift();
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    parent.append(text.slice(at, from));
    const node = element(entity, text.slice(from, to), say);
    if (entity.type === "date_time" && node.dataset.form) skip(entities, to);
    else fill(node, text, from, to, entities, say);
    parent.append(node);
    at = to;
    if (isBlock(entity) && text[at] === "\n") at += 1; // a block already begins a line of its own
  }
  parent.append(text.slice(at, end));
}

const isBlock = (entity) => ["blockquote", "expandable_blockquote", "pre"].includes(entity.type);

function skip(entities, end) {
  while (entities.length && entities[0].offset < end) entities.shift();
}

function element(entity, inside, say) {
  const makers = { code, pre, blockquote, expandable_blockquote: fold, spoiler, text_link: link, url: link, bot_command: command, date_time: time };
  const maker = makers[entity.type];
  if (maker) return maker(entity, inside, say);
  const node = document.createElement(TAGS[entity.type] ?? "span");
  if (["hashtag", "cashtag", "mention", "email"].includes(entity.type)) node.className = "command";
  return node;
}

function code(entity, inside) {
  const node = document.createElement("code");
  node.title = "Copy";
  node.addEventListener("click", () => copy(inside));
  return node;
}

function pre(entity, inside) {
  const node = document.createElement("pre");
  if (entity.language) node.dataset.language = entity.language;
  node.addEventListener("click", () => copy(inside));
  return node;
}

const blockquote = () => document.createElement("blockquote");

function fold() {
  const node = document.createElement("blockquote");
  node.className = "fold";
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-expanded", "false");
  node.setAttribute("aria-label", "Details");
  const turn = () => node.setAttribute("aria-expanded", String(node.classList.toggle("open")));
  node.addEventListener("click", () => getSelection().isCollapsed && turn());
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    turn();
  });
  return node;
}

function spoiler() {
  const node = document.createElement("span");
  node.className = "spoiler";
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", "Hidden text");
  const open = () => {
    node.classList.add("open");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", open);
  node.addEventListener("keydown", (event) => event.key === "Enter" && open());
  return node;
}

function link(entity, inside) {
  const node = document.createElement("a");
  const address = entity.url ?? inside;
  node.href = /^(https?|tg|mailto):/i.test(address) ? address : `http://${address}`;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  return node;
}

function command(entity, inside, say) {
  const node = document.createElement("button");
  node.className = "command";
  node.addEventListener("click", () => say(inside));
  return node;
}

function time(entity, inside) {
  const node = document.createElement("time");
  node.dateTime = new Date(entity.unix_time * 1000).toISOString();
  node.title = wholeDate(entity.unix_time);
  if (entity.date_time_format) {
    node.dataset.form = entity.date_time_format;
    node.dataset.unix = entity.unix_time;
    node.textContent = drawn(entity.unix_time, entity.date_time_format);
  }
  return node;
}
