// The input row: text, command menu, quoted message, START.

const element = (id) => document.getElementById(id);
const box = element("text");
const menu = element("commands");

export class Composer {
  constructor(say) {
    this.say = say;
    this.commands = [];
    this.replyTo = null;
    element("form").addEventListener("submit", (event) => this.submit(event));
    element("menu-button").addEventListener("click", () => (menu.hidden ? this.offer("") : this.close()));
    element("start").addEventListener("click", () => this.say("/start", null));
    element("stop-reply").addEventListener("click", () => this.reply(null));
    box.addEventListener("input", () => this.changed());
    box.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => event.target.closest("#commands, #menu-button, #text") || this.close());
  }

  setCommands(commands) {
    this.commands = commands;
    element("menu-button").hidden = commands.length === 0;
    if (!menu.hidden) this.changed();
  }

  /** Show START instead of the row until the chat has begun. */
  setStarted(isStarted, isBlocked) {
    element("start").hidden = isStarted && !isBlocked;
    element("start").textContent = isBlocked ? "UNBLOCK AND RESTART" : "START";
    element("form").hidden = !isStarted || isBlocked;
  }

  reply(message, name, words) {
    this.replyTo = message;
    element("replying").hidden = message === null;
    element("replying-who").textContent = name ?? "";
    element("replying-text").textContent = words ?? "";
    if (message !== null) box.focus();
  }

  async submit(event) {
    event.preventDefault();
    const words = box.value.trim();
    if (!words) return;
    box.value = "";
    this.changed();
    const replyTo = this.replyTo;
    this.reply(null);
    if (!(await this.say(words, replyTo))) {
      box.value = words;
      this.changed();
    }
  }

  changed() {
    element("send").disabled = !box.value.trim();
    element("form").classList.toggle("typing", box.value !== "");
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 140)}px`;
    if (/^\/\w*$/.test(box.value)) this.offer(box.value.slice(1).toLowerCase());
    else this.close();
  }

  offer(beginning) {
    const rows = this.commands.filter(({ command }) => command.startsWith(beginning));
    menu.replaceChildren(...rows.map((row, at) => this.row(row, at)));
    menu.hidden = rows.length === 0;
    this.chosen = -1;
    element("menu-button").setAttribute("aria-expanded", String(!menu.hidden));
  }

  row({ command, description }, at) {
    const node = document.createElement("li");
    node.setAttribute("role", "option");
    node.id = `command-${at}`;
    for (const [name, words] of [["what", description], ["word", `/${command}`]]) {
      node.append(Object.assign(document.createElement("span"), { className: name, textContent: words }));
    }
    node.addEventListener("click", () => this.take(command));
    return node;
  }

  take(command) {
    this.close();
    box.value = "";
    this.changed();
    this.say(`/${command}`, null);
  }

  close() {
    menu.hidden = true;
    element("menu-button").setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const rows = menu.hidden ? [] : [...menu.children];
    if (event.key === "Escape" && rows.length) this.close();
    else if (["ArrowDown", "ArrowUp"].includes(event.key) && rows.length) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.chosen = (this.chosen + step + rows.length + (this.chosen < 0 && step < 0 ? 1 : 0)) % rows.length;
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === this.chosen)));
      rows[this.chosen].scrollIntoView({ block: "nearest" });
      box.setAttribute("aria-activedescendant", rows[this.chosen].id);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (rows.length && this.chosen >= 0) rows[this.chosen].click();
      else element("form").requestSubmit();
    }
  }
}
