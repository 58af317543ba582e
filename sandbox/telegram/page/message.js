// One message becomes one list item: quote, picture, file, text, time, buttons.

import { written } from "./entities.js";
import { hourAndMinute, wholeDate } from "./times.js";
import { copy } from "./toasts.js";

const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}\uFE0F?\u200D?){1,3}$/u;
const MARKS = { url: "link", web_app: "link", copy_text: "copy" };

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export const summary = (message) => (message.text ?? message.caption ?? message.document?.file_name ?? "Photo").replace(/\s+/g, " ");

function piece(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Draw a message. `deeds`: say, press, find, view. `extras`: read, reaction, waiting. */
export function drawnMessage(message, extras, deeds) {
  const mine = !message.from.is_bot;
  const item = piece("li", mine ? "message mine" : "message");
  item.dataset.id = message.message_id;
  const bubble = piece("div", "bubble");
  bubble.append(...content(message, deeds), meta(message, mine, extras.read));
  if (extras.reaction) bubble.append(piece("div", "reactions", piece("span", "", extras.reaction)));
  item.append(bubble);
  if (ONLY_EMOJI.test(message.text ?? "")) item.classList.add("only-emoji");
  const rows = message.reply_markup?.inline_keyboard;
  if (rows) {
    item.classList.add("has-keys", "wide");
    item.append(keyboard(rows, message, extras.waiting, deeds));
  }
  if (message.photo) item.classList.add("wide");
  return item;
}

function content(message, deeds) {
  const parts = [];
  if (message.reply_to_message) parts.push(quote(message.reply_to_message, deeds));
  if (message.photo) parts.push(photo(message, deeds));
  if (message.document) parts.push(file(message.document));
  const text = message.text ?? message.caption;
  if (text) parts.push(written(text, message.entities ?? message.caption_entities, deeds.say));
  return parts;
}

function meta(message, mine, read) {
  const node = piece("span", "meta", `${message.edit_date && !mine ? "edited " : ""}${hourAndMinute(message.date)}`);
  node.title = wholeDate(message.date);
  if (mine) {
    const mark = icon(read ? "read" : "sent");
    mark.setAttribute("aria-hidden", "false");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", read ? "Read" : "Sent");
    node.append(mark);
  }
  return node;
}

function quote(target, deeds) {
  const node = piece("button", "quote", piece("b", "", target.from.first_name), piece("span", "", summary(target)));
  node.setAttribute("aria-label", `Go to: ${summary(target)}`);
  node.addEventListener("click", () => deeds.find(target.message_id));
  return node;
}

function photo(message, deeds) {
  const size = message.photo.at(-1);
  const image = document.createElement("img");
  Object.assign(image, { src: `/chat/file/${size.file_id}`, width: size.width, height: size.height, alt: message.caption ?? "Picture" });
  const node = piece("button", message.caption ? "photo" : "photo alone", image);
  node.setAttribute("aria-label", "Open the picture");
  node.addEventListener("click", () => deeds.view(image.src, image.alt));
  return node;
}

function file(document_) {
  const size = document_.file_size < 1024 ? `${document_.file_size} B` : `${(document_.file_size / 1024).toFixed(1)} KB`;
  const words = piece("span", "", piece("b", "", document_.file_name), piece("small", "", size));
  const node = piece("a", "file", piece("span", "icon", icon("file")), words);
  node.href = `/chat/file/${document_.file_id}`;
  node.download = document_.file_name;
  return node;
}

function keyboard(rows, message, waiting, deeds) {
  const node = piece("div", "keys");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Buttons");
  for (const row of rows) node.append(piece("div", "line", ...row.map((button) => key(button, message, waiting, deeds))));
  return node;
}

function key(button, message, waiting, deeds) {
  const address = button.url ?? button.web_app?.url;
  const node = piece(address ? "a" : "button", "key", piece("span", "", button.text));
  if (button.style) node.classList.add(button.style);
  const mark = MARKS[Object.keys(MARKS).find((kind) => kind in button)];
  if (mark) node.append(icon(mark));
  if (address) Object.assign(node, { href: address, target: "_blank", rel: "noopener noreferrer" });
  if (button.copy_text) node.addEventListener("click", () => copy(button.copy_text.text));
  if (button.callback_data !== undefined) {
    node.dataset.data = button.callback_data;
    node.classList.toggle("waiting", waiting.has(button.callback_data));
    node.addEventListener("click", () => deeds.press(message.message_id, button.callback_data));
  }
  return node;
}
