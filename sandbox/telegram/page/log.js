// The list of messages: what is there, where the reader stands in it, what is still unread.

import { drawnMessage, summary } from "./message.js";
import { dayOf } from "./times.js";

const NEAR_PX = 80;
const MAX_DRAWN = 400;
const element = (id) => document.getElementById(id);
const wall = element("wall");
const list = element("log");

export class Log {
  constructor(deeds) {
    this.deeds = deeds;
    this.messages = new Map();
    this.extras = new Map();
    this.unread = 0;
    this.stuck = true; // the reader wants the newest; ends when he scrolls up
    this.lastTop = 0;
    wall.addEventListener("scroll", () => this.scrolled());
    element("to-end").addEventListener("click", () => this.toEnd("smooth"));
    document.addEventListener("visibilitychange", () => this.scrolled());
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(wall);
  }

  /** Draw everything anew. */
  fill(messages) {
    this.messages.clear();
    list.replaceChildren();
    this.lastDay = "";
    this.lastSender = 0;
    list.classList.add("bare");
    for (const message of messages) this.append(message, true);
    this.toEnd();
    requestAnimationFrame(() => list.classList.remove("bare"));
  }

  extrasOf(id) {
    if (!this.extras.has(id)) this.extras.set(id, { read: false, reaction: "", waiting: new Set() });
    return this.extras.get(id);
  }

  append(message, isOld = false) {
    const isSeen = this.stuck && !document.hidden;
    this.messages.set(message.message_id, message);
    if (isOld) this.extrasOf(message.message_id).read = true;
    this.markDay(message);
    if (!isOld && message.from.is_bot && !isSeen) this.markUnread();
    const item = this.draw(message);
    item.classList.toggle("same", this.lastSender === message.from.id);
    this.lastSender = message.from.id;
    list.append(item);
    while (list.children.length > MAX_DRAWN) list.firstElementChild.remove();
    settleFolds(item);
    if (!isOld && (this.stuck || !message.from.is_bot)) this.toEnd("smooth");
  }

  /** Draw one message again, where it stands; folds that are open stay open. */
  redraw(id) {
    const old = this.item(id);
    const message = this.messages.get(id);
    if (!old || !message) return;
    const open = [...old.querySelectorAll(".fold, .spoiler")].map((node) => node.classList.contains("open"));
    const focused = document.activeElement?.closest?.(".key")?.dataset.data;
    const item = this.draw(message);
    item.classList.toggle("same", old.classList.contains("same"));
    item.style.animation = "none";
    item.querySelectorAll(".fold, .spoiler").forEach((node, at) => {
      node.classList.toggle("open", open[at] ?? false);
      if (node.matches(".fold")) node.setAttribute("aria-expanded", String(open[at] ?? false));
    });
    const held = old.contains(document.activeElement);
    old.replaceWith(item);
    settleFolds(item);
    if (held && focused !== undefined) item.querySelector(`.key[data-data="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (this.stuck) this.toEnd();
  }

  edit(message) {
    this.messages.set(message.message_id, message);
    this.redraw(message.message_id);
  }

  remove(id) {
    this.messages.delete(id);
    this.item(id)?.remove();
  }

  /** Note something about a message that is not part of it. */
  note(id, changes) {
    Object.assign(this.extrasOf(id), changes);
    this.redraw(id);
  }

  wait(id, data, isWaiting) {
    const { waiting } = this.extrasOf(id);
    if (isWaiting) waiting.add(data);
    else waiting.delete(data);
    for (const key of this.item(id)?.querySelectorAll(".key") ?? []) key.classList.toggle("waiting", waiting.has(key.dataset.data));
  }

  isWaiting(id, data) {
    return this.extrasOf(id).waiting.has(data);
  }

  service(words) {
    const node = document.createElement("li");
    node.className = "service";
    node.textContent = words;
    list.append(node);
    this.lastSender = 0;
    if (this.stuck) this.toEnd("smooth");
  }

  /** Bring a message into view and light it up for a moment. */
  find(id) {
    const item = this.item(id);
    if (!item) return;
    item.scrollIntoView({ block: "center", behavior: "smooth" });
    item.classList.add("found");
    setTimeout(() => item.classList.remove("found"), 1400);
  }

  words(id) {
    const message = this.messages.get(id);
    return message ? summary(message) : "";
  }

  item(id) {
    return list.querySelector(`.message[data-id="${id}"]`);
  }

  atEnd() {
    return wall.scrollHeight - wall.scrollTop - wall.clientHeight < NEAR_PX;
  }

  toEnd(behavior = "instant") {
    this.stuck = true;
    wall.scrollTo({ top: wall.scrollHeight, behavior });
  }

  scrolled() {
    const isUp = wall.scrollTop < this.lastTop - 2;
    this.lastTop = wall.scrollTop;
    if (this.atEnd()) this.stuck = true;
    else if (isUp) this.stuck = false;
    if (this.stuck && !document.hidden) this.unread = 0;
    this.tellUnread();
  }

  tellUnread() {
    element("to-end").hidden = this.stuck;
    element("badge").hidden = this.unread === 0;
    element("badge").textContent = this.unread;
    document.title = (this.unread ? `(${this.unread}) ` : "") + element("name").textContent;
  }

  draw(message) {
    return drawnMessage(message, this.extrasOf(message.message_id), this.deeds);
  }

  markDay(message) {
    const day = dayOf(message.date);
    if (day === this.lastDay) return;
    this.lastDay = day;
    this.lastSender = 0;
    list.append(Object.assign(document.createElement("li"), { className: "day", textContent: day }));
  }

  markUnread() {
    if (this.unread === 0) {
      list.querySelector(".unread")?.remove();
      list.append(Object.assign(document.createElement("li"), { className: "unread", textContent: "Unread messages" }));
      this.lastSender = 0;
    }
    this.unread += 1;
    this.tellUnread();
  }
}

/** A fold that hides nothing needs no handle. */
function settleFolds(item) {
  for (const node of item.querySelectorAll(".fold:not(.open)")) {
    const isShort = node.scrollHeight <= node.clientHeight + 2;
    node.classList.toggle("short", isShort);
    if (isShort) for (const name of ["role", "tabindex", "aria-expanded", "aria-label"]) node.removeAttribute(name);
  }
}
