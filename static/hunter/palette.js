// The command palette: the search page as a window over every page, for the keyboard. The focus stays in the field;
// the chosen line is told by aria-activedescendant. The browser keeps the focus inside and gives it back (showModal).
"use strict";
{
  const palette = document.getElementById("palette");
  const field = document.getElementById("palette-text");
  const results = document.getElementById("palette-results");
  const said = document.getElementById("palette-count");

  const options = () => [...results.querySelectorAll("[role=option]:not([aria-disabled])")];
  const chosen = () => results.querySelector("[aria-selected=true]");

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  };

  const open = () => {
    if (!palette || palette.open || document.querySelector("dialog[open]")) return;
    palette.showModal();
    field.focus();
    field.select();
    field.dispatchEvent(new Event("palette-open"));
  };

  const move = (step) => {
    const all = options();
    if (!all.length) return;
    choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette?.open) palette.close();
      else open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) {
      event.preventDefault();
      open();
    }
    if (event.target === palette || event.target.closest("[data-palette-close], [data-closes]")) palette?.close();
  });
  field?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      move(step);
    }
    if (event.key === "Enter" && !event.isComposing && chosen()) {
      event.preventDefault();
      chosen().click();
    }
  });
  // Found while typing: the first line is chosen, so that Enter opens it; what comes later changes nothing of that
  palette?.addEventListener("htmx:afterSettle", () => {
    const all = options();
    if (!chosen()) choose(all[0]);
    said.textContent = all.length ? `${said.dataset.some} ${all.length}` : said.dataset.none;
  });
}
