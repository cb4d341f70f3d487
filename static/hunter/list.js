// The lead list for quick hands: comfort only, everything here has its form or link.
"use strict";

// Columns that are the usual ones need no place in the URL
document.addEventListener("htmx:configRequest", (event) => {
  const values = event.detail.formData;
  const usual = document.querySelector("[data-usual]")?.dataset.usual;
  if (event.detail.verb === "get" && usual && values.getAll("cols").join(" ") === usual) values.delete("cols");
});
