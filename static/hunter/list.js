// The lead list for quick hands: comfort only, everything here has its form or link.
"use strict";

// Columns that are the usual ones need no place in the URL
document.addEventListener("htmx:configRequest", (event) => {
  const values = event.detail.formData;
  const usual = document.querySelector("[data-usual]")?.dataset.usual;
  if (event.detail.verb === "get" && usual && values.getAll("cols").join(" ") === usual) values.delete("cols");
});

// Selection: the box in the head ticks the page; "all of the list" ticks what can be seen of it
const boxes = () => [...document.querySelectorAll(".leads tbody input[name=lead]")];

function showSelection() {
  const bar = document.querySelector("form#bulk");
  if (!bar) return;
  const all = document.getElementById("bulk-all");
  const ticked = boxes().filter((box) => box.checked).length;
  const count = all?.checked ? Number(bar.elements.total.value) : ticked;
  bar.querySelector("[data-selected]").textContent = new Intl.NumberFormat(document.documentElement.lang).format(count);
  const head = document.querySelector("[data-checks-page]");
  head.checked = ticked > 0 && ticked === boxes().length;
  head.indeterminate = ticked > 0 && !head.checked;
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-checks-page], #bulk-all")) {
    for (const other of boxes()) other.checked = box.checked;
    if (!box.checked && document.getElementById("bulk-all")) document.getElementById("bulk-all").checked = false;
  } else if (!box.matches(".leads input[name=lead]")) return;
  else if (!box.checked && document.getElementById("bulk-all")) document.getElementById("bulk-all").checked = false;
  showSelection();
});
document.addEventListener("reset", (event) => {
  if (event.target.id !== "bulk") return;
  setTimeout(() => {
    showSelection();
    document.querySelector("[data-checks-page]")?.focus();
  });
});
document.addEventListener("htmx:afterSettle", showSelection);
window.addEventListener("pageshow", showSelection);

// Triage with the keyboard: j, k move, in the drawer too; o and Enter open, p peeks, x chooses; s and d act while
// somebody peeks
const FIELDS = "input:not([type=checkbox]), select, textarea, details.menu, [contenteditable]";
const rows = () => [...document.querySelectorAll(".leads tbody tr")];
const nameIn = (row) => row?.querySelector(".lead__name");
const drawer = () => document.querySelector("dialog#peek");
const rowPeeked = () => document.getElementById(drawer().dataset.opener)?.closest(".leads tbody tr");

function goTo(row) {
  nameIn(row)?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "center" });
}

function step(by) {
  const here = rows().indexOf(document.activeElement.closest?.(".leads tbody tr"));
  goTo(rows()[here < 0 ? 0 : here + by]);
}

function peek(row) {
  if (!row) return;
  row.scrollIntoView({ block: "center" });
  row.querySelector(".leads__peek").click();
  drawer().dataset.opener = nameIn(row).id;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELDS)) return;
  const dialog = document.querySelector("dialog[open]");
  const by = { j: 1, k: -1 }[event.key];
  if (dialog) {
    if (dialog.id !== "peek") return;
    if (by && rowPeeked()) peek(rows()[rows().indexOf(rowPeeked()) + by]);
    if ("sd".includes(event.key)) dialog.querySelector(`[data-key="${event.key}"]`)?.click();
    return;
  }
  if (by && document.querySelector(".leads")) step(by);
  else if (by) document.querySelector(`.neighbours [rel=${by > 0 ? "next" : "prev"}]`)?.click();
  const target = { x: "input[name=lead]", o: ".lead__name", p: ".leads__peek" }[event.key];
  if (target) document.activeElement.closest?.(".leads tbody tr")?.querySelector(target)?.click();
});

// The list remembers for this tab which lead was looked at, and goes on there: `seen` gets the focus, `next` is peeked at
function remember(key, path) {
  try {
    if (path) sessionStorage.setItem(key, path);
  } catch {
    // Then the list starts at its top.
  }
}

function recall(key) {
  try {
    const path = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return path && rows().find((row) => nameIn(row).pathname === path);
  } catch {
    return undefined;
  }
}

window.addEventListener("pageshow", () => {
  if (document.querySelector(".neighbours")) remember("seen", location.pathname);
  if (!document.querySelector(".leads")) return;
  const next = recall("next");
  const seen = recall("seen");
  goTo(seen);
  if (!next) return;
  goTo(next);
  peek(next);
  // Beside an open drawer nothing can be reached
  drawer().querySelector("[data-told]").replaceChildren(...document.querySelectorAll("#toasts > [data-toast]"));
});

// What is done while somebody peeks leads back to the list as it is, and on to the next lead; a form with
// data-back="same" to the same one
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-undo]")) remember("seen", new URL(form.action).pathname.match(/^\/leads\/[^/]+\//)?.[0]);
  if (!form.matches("form[data-back]")) return;
  const next = Object.assign(document.createElement("input"), { type: "hidden", name: "next" });
  next.value = location.pathname + location.search;
  form.append(next);
  const all = drawer() ? rows() : [];
  const here = drawer() && rowPeeked() ? all.indexOf(rowPeeked()) : -1;
  if (here < 0) return;
  // A follow-up leaves the lead in the list: the drawer stays with it
  const stays = form.dataset.back === "same";
  const after = stays ? all[here] : (all[here + 1] ?? all[here - 1]);
  remember(stays || all[here + 1] ? "next" : "seen", nameIn(after)?.pathname);
});
