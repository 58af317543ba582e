// Times in the reader's own zone and words. Relative ones count by themselves, no message has to be edited for it.

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const inWords = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

export const hourAndMinute = (unix) => clock.format(unix * 1000);
export const wholeDate = (unix) => whole.format(unix * 1000);

export function dayOf(unix) {
  const day = new Date(unix * 1000);
  if (day.toDateString() === new Date().toDateString()) return "Today";
  const withYear = day.getFullYear() !== new Date().getFullYear();
  return day.toLocaleDateString("en", { day: "numeric", month: "long", ...(withYear && { year: "numeric" }) });
}

export function relative(unix, nowMs = Date.now()) {
  const seconds = Math.round(unix - nowMs / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return inWords.format(Math.trunc(seconds / size), unit);
}

/** Draw a moment by the Bot API's format: `r`, or any of `w`, `d` or `D`, `t` or `T`. */
export function drawn(unix, form) {
  if (form === "r") return relative(unix);
  const shown = { hourCycle: "h23" };
  if (form.includes("w")) shown.weekday = "long";
  if (form.includes("d")) Object.assign(shown, { day: "2-digit", month: "2-digit", year: "2-digit" });
  if (form.includes("D")) Object.assign(shown, { day: "numeric", month: "long", year: "numeric" });
  if (/[tT]/.test(form)) Object.assign(shown, { hour: "2-digit", minute: "2-digit" });
  if (form.includes("T")) shown.second = "2-digit";
  return new Intl.DateTimeFormat(undefined, shown).format(unix * 1000);
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-form=r]")) {
    const words = relative(Number(node.dataset.unix));
    if (node.textContent !== words) node.textContent = words;
  }
}, 500);
