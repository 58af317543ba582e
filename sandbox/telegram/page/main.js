// The page: reads the chat once, then follows it. Whatever happens is drawn here and done nowhere else.

import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { drawBlocked, drawUsers } from "./options.js";
import { alertBox, toast } from "./toasts.js";
import { act, follow, state } from "./wire.js";

const BUSY_MS = 5000;
const PATIENCE_MS = 15000;
const RETRY_MS = 1000;
const BUSY_WORDS = { typing: "typing", upload_photo: "sending a picture", upload_document: "sending a file" };
const element = (id) => document.getElementById(id);

const chat = { bot: {}, pinned: [], shownPin: 0, isStarted: false, isBlocked: false };
const log = new Log({ say: (words) => say(words, null), press, find: (id) => log.find(id), view });
const composer = new Composer(say);
let busyTimer = 0;

async function say(text, replyTo) {
  try {
    await act("send", { text, ...(replyTo && { reply_to: replyTo }) });
    return true;
  } catch (error) {
    toast(`Not sent: ${error.message}`);
    return false;
  }
}

async function press(messageId, data) {
  log.wait(messageId, data, true);
  setTimeout(() => log.wait(messageId, data, false), PATIENCE_MS);
  try {
    await act("press", { message_id: messageId, data });
  } catch {
    log.wait(messageId, data, false);
  }
}

function answered(event) {
  if (!log.isWaiting(event.message_id, event.data)) return; // pressed on another screen
  log.wait(event.message_id, event.data, false);
  if (event.text && event.show_alert) alertBox(chat.bot.first_name, event.text);
  else if (event.text) toast(event.text);
}

function view(source, words) {
  Object.assign(element("viewer-image"), { src: source, alt: words });
  element("viewer").showModal();
}

function busy(action) {
  clearTimeout(busyTimer);
  const words = action && (BUSY_WORDS[action] ?? "busy");
  element("status").textContent = words || "bot";
  element("status").classList.toggle("busy", Boolean(words));
  if (words) busyTimer = setTimeout(busy, BUSY_MS);
}

function drawPins() {
  const id = chat.pinned.at(-1 - chat.shownPin) ?? chat.pinned.at(-1);
  element("pinned").hidden = id === undefined || !log.messages.has(id);
  element("pinned-text").textContent = log.words(id);
  element("pin-bars").replaceChildren(
    ...chat.pinned.slice(-4).map((one) => Object.assign(document.createElement("i"), { className: one === id ? "now" : "" })),
  );
}

function drawProfile(profile) {
  const name = profile.name || chat.bot.first_name;
  for (const id of ["name", "welcome-name"]) element(id).textContent = name;
  for (const id of ["avatar", "welcome-avatar"]) element(id).textContent = [...name][0];
  element("description").textContent = profile.description || "Press START below and it will tell you.";
}

function drawStarted() {
  element("welcome").hidden = chat.isStarted;
  composer.setStarted(chat.isStarted, chat.isBlocked);
  drawBlocked(chat.isBlocked);
}

const drawn = {
  message({ message }) {
    if (message.from.is_bot) busy("");
    else if (!chat.isStarted || chat.isBlocked) {
      Object.assign(chat, { isStarted: true, isBlocked: false });
      drawStarted();
    }
    log.append(message);
  },
  edit({ message }) {
    log.edit(message);
    if (chat.pinned.includes(message.message_id)) drawPins();
  },
  delete({ message_id }) {
    log.remove(message_id);
    chat.pinned = chat.pinned.filter((id) => id !== message_id);
    drawPins();
  },
  read: ({ message_id }) => log.note(message_id, { read: true }),
  reaction: ({ message_id, emoji }) => log.note(message_id, { reaction: emoji }),
  answer: answered,
  action: ({ action }) => busy(action),
  pin({ pinned }) {
    const isNew = pinned.length > chat.pinned.length;
    Object.assign(chat, { pinned, shownPin: 0 });
    if (isNew) log.service(`${chat.bot.first_name} pinned “${log.words(pinned.at(-1)).slice(0, 28)}…”`);
    drawPins();
  },
  commands: ({ commands }) => composer.setCommands(commands),
  profile: ({ profile }) => drawProfile(profile),
  blocked({ is_blocked }) {
    chat.isBlocked = is_blocked;
    drawStarted();
  },
};

async function open() {
  let now;
  try {
    now = await state();
  } catch {
    lost();
    return;
  }
  Object.assign(chat, { bot: now.bot, pinned: now.pinned, isStarted: now.is_started, isBlocked: now.is_blocked });
  drawProfile(now.profile);
  drawUsers(now.users);
  composer.setCommands(now.commands);
  log.fill(now.messages);
  drawStarted();
  drawPins();
  busy("");
  follow(now.seq, (event) => drawn[event.kind]?.(event), lost);
}

function lost() {
  busy("");
  element("status").textContent = "waiting for the network…";
  setTimeout(open, RETRY_MS);
}

element("pinned").addEventListener("click", () => {
  log.find(chat.pinned.at(-1 - chat.shownPin));
  chat.shownPin = (chat.shownPin + 1) % Math.min(chat.pinned.length, 4);
  drawPins();
});
element("log").addEventListener("dblclick", (event) => {
  const id = Number(event.target.closest(".bubble")?.parentElement.dataset.id);
  const message = log.messages.get(id);
  if (message && !event.target.closest("button, a, blockquote")) composer.reply(id, message.from.first_name, log.words(id));
});
element("viewer").addEventListener("click", () => element("viewer").close());

open();
