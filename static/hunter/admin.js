// Names for what the admin's own scripts build: the search boxes of Select2 and the pictures that carry a tip.
"use strict";
function nameParts() {
  for (const box of document.querySelectorAll(".select2-selection[role=combobox]:not([data-named])")) {
    const field = box.closest(".related-widget-wrapper, .form-row")?.querySelector("select[id]");
    const label = field && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (!label) continue;
    label.id ||= `${field.id}-label`;
    const value = box.querySelector(".select2-selection__rendered");
    box.setAttribute("aria-labelledby", value ? `${label.id} ${value.id}` : label.id);
    value?.setAttribute("aria-label", label.textContent.trim());
    box.dataset.named = "";
  }
  for (const tip of document.querySelectorAll("span.help-tooltip[aria-label]:not([role])")) tip.setAttribute("role", "img");
}
new MutationObserver(nameParts).observe(document.body, { childList: true, subtree: true });
nameParts();
// Menus close with Escape and with a click elsewhere
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
