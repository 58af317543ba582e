// Short words over the chat, alerts that want an OK, and the clipboard.

const SHOWN_MS = 3500;
const element = (id) => document.getElementById(id);

export function toast(words) {
  const node = document.createElement("div");
  node.className = "toast";
  node.textContent = words;
  element("toasts").replaceChildren(node);
  setTimeout(() => node.remove(), SHOWN_MS + 30 * words.length);
}

export function alertBox(name, words) {
  element("alert-name").textContent = name;
  element("alert-text").textContent = words;
  const box = element("alert");
  if (!box.open) box.showModal();
}

export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast("Copied to clipboard.");
  } catch {
    toast("The browser did not allow copying.");
  }
}
