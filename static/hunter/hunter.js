// Comfort only: every page and action works without this file.
"use strict";

const TOAST_MS = 6000;
const THEMES = ["auto", "light", "dark"];

// Theme: system, light, dark
function storedTheme() {
  try {
    const theme = localStorage.getItem("theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
  }
}

function setTheme(theme) {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // The choice then lasts for this page.
  }
  showTheme(theme);
}

// Menus: one open at a time, closed by a click elsewhere or Escape
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

// Messages of success float and leave by themselves, unless they offer a way back; the others stay in the page
function floatMessages() {
  const toasts = document.getElementById("toasts");
  for (const message of document.querySelectorAll(".messages > [data-toast]")) {
    toasts.append(message);
    if (!message.querySelector("form")) setTimeout(() => message.remove(), TOAST_MS);
  }
}

// What went wrong stays until it is closed; the same trouble again (a page that asks every few seconds) is told once
function complain(trouble, xhr) {
  const known = document.querySelector(`#toasts > [data-trouble="${trouble}"]`);
  const told = known ?? document.getElementById(`error-${trouble}`)?.content.firstElementChild.cloneNode(true);
  if (!told) return;
  told.dataset.trouble = trouble;
  const reference = told.querySelector("[data-reference]");
  if (reference) reference.textContent = xhr.getResponseHeader("X-Reference") ?? "";
  const here = told.querySelector("[data-here]");
  if (here) here.href = location.href;
  const signIn = told.querySelector("[data-sign-in]");
  if (signIn) signIn.href = xhr.getResponseHeader("X-Sign-In") ?? signIn.href;
  if (!known) document.getElementById("toasts").append(told);
}

// Filter menus show how many of their boxes are ticked
function countTicks(menu) {
  const count = menu.querySelector(":scope > summary .count");
  if (!count) return;
  const ticked = menu.querySelectorAll("input:checked").length;
  const filled = [...menu.querySelectorAll("select, input[type=number]")].filter((field) => field.value !== "").length;
  count.textContent = ticked + filled || "";
}

// The button that folds the filters on a phone shows how many are set; words searched for and how the list looks are none
const NO_FILTERS = ["q", "sort", "cols", "density", "view"];
function countFilters() {
  const count = document.querySelector("[data-filter-count]");
  if (!count) return;
  const given = [...new FormData(count.closest("form"))];
  count.textContent = given.filter(([name, value]) => value && !NO_FILTERS.includes(name)).length || "";
}

// A form with data-confirm asks in its dialog before it is sent, by HTMX too
function confirmFirst(event) {
  const dialog = document.getElementById(event.target.dataset.confirm);
  if (!dialog) return;
  if (dialog.returnValue === "yes") {
    dialog.returnValue = "";
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue === "yes") event.target.requestSubmit();
    },
    { once: true },
  );
}

// A button with data-copy copies it and says so for a moment
async function copy(button) {
  const word = button.querySelector("[data-copy-word]");
  const before = word.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // the text stands beside the button
  }
  if (before === button.dataset.copied) return;
  word.textContent = button.dataset.copied;
  button.classList.add("is-copied");
  setTimeout(() => {
    word.textContent = before;
    button.classList.remove("is-copied");
  }, 2000);
}

// Cards of a queue: j, k and the arrows move, a digit presses the button with that data-key
function cardKey(event) {
  const queue = document.querySelector("[data-cards]");
  const card = event.target.closest?.("[data-card]");
  if (!queue || document.querySelector("dialog[open]")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step && (card || event.key.length === 1)) {
    const cards = [...queue.querySelectorAll("[data-card]")];
    cards[card ? cards.indexOf(card) + step : 0]?.focus();
    event.preventDefault();
  }
  if (/^[1-9]$/.test(event.key)) card?.querySelector(`[data-key="${event.key}"]`)?.click();
}

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-set-theme]");
  if (theme) setTheme(theme.dataset.setTheme);
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const copied = event.target.closest("[data-copy]");
  if (copied) copy(copied);
  event.target.closest("[data-dismiss]")?.closest(".banner")?.remove();
  // Enter in a field "clicks" the form's button even where that is hidden; then the menu stays open
  if (event.target.checkVisibility()) closeMenus(event.target);
});

document.addEventListener(
  "submit",
  (event) => {
    if (event.target.dataset.confirm) confirmFirst(event);
  },
  true,
);

document.addEventListener("change", (event) => {
  const menu = event.target.closest("details.menu");
  if (menu) countTicks(menu);
  countFilters();
  if (event.target.type === "file") showFile(event.target);
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  if (event.target.matches("[data-checks-all]")) {
    for (const box of event.target.form.querySelectorAll("tbody input[type=checkbox]")) {
      box.checked = event.target.checked;
    }
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = event.target.closest?.("details.menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
  }
  const typing = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const search = [...document.querySelectorAll("input[type=search]")].find((input) => input.checkVisibility());
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "?") document.getElementById("shortcuts")?.showModal();
  cardKey(event);
});

// File fields say what they hold and take a dropped file
function showFile(input) {
  const title = input.closest(".dropzone")?.querySelector("[data-file-name]");
  const file = input.files[0];
  if (!title || !file) return;
  const [unit, bytes] = file.size < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  const format = { style: "unit", unit, maximumFractionDigits: 1 };
  const size = new Intl.NumberFormat(document.documentElement.lang, format).format(file.size / bytes);
  title.textContent = `${file.name} (${size})`;
}

for (const zone of document.querySelectorAll(".dropzone")) {
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("is-over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    const input = zone.querySelector("input[type=file]");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    showFile(input);
  });
}

// HTMX: short URLs (no empty parameters), and a word when the server cannot be reached
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const [name, value] of [...event.detail.formData.entries()]) {
    if (value === "") event.detail.formData.delete(name);
  }
});
// An open window or menu, or ticked rows, are not swapped away by the next look at the server
document.addEventListener("htmx:beforeRequest", (event) => {
  const polls = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every");
  if (polls && event.detail.elt.querySelector("dialog[open], details.menu[open], tbody input:checked")) event.preventDefault();
});
// A filter form that was answered is not sent again as it is (Enter sends it before the pause after typing does): that
// would undo a page turned or an order chosen since
let sentForm;
let answeredForm;
document.addEventListener("htmx:confirm", (event) => {
  const { elt, triggeringEvent } = event.detail;
  if (elt.id !== "filter") return;
  sentForm = new URLSearchParams(new FormData(elt)).toString();
  if (sentForm === answeredForm && triggeringEvent?.type !== "submit") event.preventDefault();
  else answeredForm = undefined;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id === "filter" && event.detail.successful) answeredForm = sentForm;
});
// A swap takes no focus away: HTMX finds the element with the same id again; where that is gone, the focus goes where
// the new content says (data-focus), and after a decided card (data-done) to the next card
const heldFocus = new WeakSet();
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target.contains(document.activeElement)) heldFocus.add(event.detail.xhr);
});
document.addEventListener("htmx:afterSettle", (event) => {
  const swapped = event.detail.elt;
  const lost = !document.activeElement || document.activeElement.matches("body, dialog");
  if (lost && heldFocus.has(event.detail.xhr)) placeAfter(swapped)?.focus();
  const dialog = swapped.closest("dialog[data-opens-filled]");
  if (dialog && !dialog.open) openFilled(dialog);
});
function placeAfter(swapped) {
  const told = swapped.querySelector("[data-focus]");
  if (told || swapped.matches("[data-card]")) return told ?? swapped;
  const cards = swapped.matches("[data-done]") ? [...document.querySelectorAll("[data-card]")] : [];
  const follows = (card) => swapped.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING;
  return cards.find(follows) ?? cards.at(-1) ?? swapped.querySelector("a, button");
}
// The window opens once it is filled; when it closes, the focus goes back to the link that opened it, or to the one it
// was led on to, even if the list behind it was loaded anew
function openFilled(dialog) {
  dialog.dataset.opener = document.activeElement.id;
  dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector("[data-focus]")?.focus();
  dialog.addEventListener("close", () => document.getElementById(dialog.dataset.opener)?.focus(), { once: true });
}
document.addEventListener("htmx:sendError", (event) => complain("offline", event.detail.xhr));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  complain({ 401: "expired", 403: "refused" }[xhr.status] ?? "failed", xhr);
});

showTheme(storedTheme());
floatMessages();
document.querySelectorAll("details.menu").forEach(countTicks);
countFilters();
