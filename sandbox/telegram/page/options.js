// The menu behind the three dots: theme, whose phone this is, blocking. Small, and mostly for trying things out.

import { act, user } from "./wire.js";

const element = (id) => document.getElementById(id);
const panel = element("options");
const dark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme() {
  const wish = localStorage.getItem("theme") ?? "auto";
  const isDark = wish === "dark" || (wish === "auto" && dark.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  for (const button of element("themes").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.theme === wish));
  }
}

function show(isShown) {
  panel.hidden = !isShown;
  element("more-button").setAttribute("aria-expanded", String(isShown));
  if (isShown) panel.querySelector("button").focus();
}

function go(id) {
  location.search = `?user=${id}`;
}

export function drawUsers(users) {
  element("users").replaceChildren(
    ...users.map((one) => {
      const button = Object.assign(document.createElement("button"), { textContent: one.first_name });
      button.setAttribute("aria-pressed", String(one.id === user));
      button.addEventListener("click", () => go(one.id));
      return button;
    }),
  );
  element("add-user").onclick = async () => {
    const id = Math.max(...users.map((one) => one.id)) + 1;
    await act("users", { id, name: `User ${id}` });
    go(id);
  };
}

export function drawBlocked(isBlocked) {
  element("block").textContent = isBlocked ? "Unblock the bot" : "Block the bot";
  element("block").onclick = () => {
    show(false);
    act("block", { is_blocked: !isBlocked });
  };
}

element("themes").addEventListener("click", (event) => {
  const wish = event.target.dataset.theme;
  if (!wish) return;
  localStorage.setItem("theme", wish);
  applyTheme();
});
element("more-button").addEventListener("click", () => show(panel.hidden));
document.addEventListener("click", (event) => event.target.closest("#options, #more-button") || show(false));
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  show(false);
  element("more-button").focus();
});
dark.addEventListener("change", applyTheme);
applyTheme();
