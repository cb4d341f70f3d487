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
  const bar = document.getElementById("bulk");
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
