// Shows what a term means when the pointer or the keyboard's focus is on it, and lets the keyboard
// scroll a formula or a drawing that is wider than the page. Of such a drawing, the part that the chapter
// is about is in view at first. Without this script, a term's link still
// leads to the glossary.
"use strict";

(() => {
  const preview = document.createElement("div");
  preview.id = "term-preview";
  preview.setAttribute("role", "tooltip");
  preview.hidden = true;
  let shown = null;
  let timer = 0;

  const hide = () => {
    clearTimeout(timer);
    if (shown) shown.removeAttribute("aria-describedby");
    shown = null;
    preview.hidden = true;
  };

  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, 200); // time to move the pointer onto the text itself
  };

  const show = (link) => {
    clearTimeout(timer);
    if (link === shown) return;
    hide();
    shown = link;
    preview.textContent = link.dataset.definition;
    preview.hidden = false;
    link.setAttribute("aria-describedby", preview.id);
    const box = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    const left = Math.max(16, Math.min(box.left, width - preview.offsetWidth - 16));
    const below = box.bottom + preview.offsetHeight + 16 < window.innerHeight;
    const top = below ? box.bottom + 6 : box.top - preview.offsetHeight - 6;
    preview.style.left = `${left + window.scrollX}px`;
    preview.style.top = `${top + window.scrollY}px`;
  };

  const termOf = (event) => event.target.closest?.("a[data-definition]");

  const reachable = () => {
    for (const box of document.querySelectorAll(".formula, .drawing, .cell_output .output")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
      markEnd(box);
    }
  };

  const showMiddle = (box) => {
    box.scrollLeft = box.dataset.middle * box.scrollWidth - box.clientWidth / 2;
  };

  const markEnd = (box) => {
    box.classList.toggle("came-from", box.scrollLeft > 8);
    box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 8);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.body.append(preview);
    document.addEventListener("pointerover", (event) => {
      const term = termOf(event);
      if (term) show(term);
      else if (event.target === preview) clearTimeout(timer);
    });
    document.addEventListener("pointerout", (event) => {
      if (termOf(event) || event.target === preview) hideSoon();
    });
    document.addEventListener("focusin", (event) => (termOf(event) ? show(termOf(event)) : hide()));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
    });
    for (const box of document.querySelectorAll(".drawing")) {
      box.addEventListener("scroll", () => markEnd(box), { passive: true });
    }
    document.querySelectorAll(".drawing[data-middle]").forEach(showMiddle);
    reachable();
    document.fonts?.ready.then(reachable);
    window.addEventListener("resize", reachable);
    // Paper is white.
    let theme = null;
    window.addEventListener("beforeprint", () => {
      theme = document.documentElement.dataset.theme;
      document.documentElement.dataset.theme = "light";
    });
    window.addEventListener("afterprint", () => {
      if (theme) document.documentElement.dataset.theme = theme;
    });
  });
})();
