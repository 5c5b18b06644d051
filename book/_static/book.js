// Shows what a term means when the pointer or the keyboard's focus is on it, and lets the keyboard
// scroll a formula or a drawing that is wider than the page. Of such a drawing, the part that the chapter
// is about is in view at first. On a phone the contents are a dialog, which a button, or the choice of a
// heading, closes. Without this script, a term's link still leads to the glossary.
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

  // A finger cannot hover: its first tap on a term shows the meaning, a second one leads to the glossary.
  let tapped = null;

  const noteTap = (event) => {
    const term = termOf(event);
    tapped = event.pointerType === "mouse" || term === shown ? null : term;
    if (event.pointerType !== "mouse" && !term && event.target !== preview) hide();
  };

  const showInstead = (event) => {
    if (!tapped || termOf(event) !== tapped) return;
    event.preventDefault();
    show(tapped);
  };

  // The theme moves the contents into a dialog and back. Its button loses the focus before the theme
  // notes where the focus was.
  const mendDialog = (name) => {
    const dialog = document.getElementById(`pst-${name}-sidebar-modal`);
    const sidebar = document.getElementById(`pst-${name}-sidebar`);
    const opener = document.querySelector(`.${name}-toggle`);
    if (!dialog || !sidebar || !opener) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dialog-close";
    button.setAttribute("aria-label", "Close");
    button.textContent = "×";
    button.addEventListener("click", () => dialog.close());
    sidebar.prepend(button);
    let heading = null;
    dialog.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      const here = link && new URL(link.href).pathname === location.pathname;
      if (!here || !dialog.open) return;
      heading = link.hash && document.getElementById(decodeURIComponent(link.hash.slice(1)));
      dialog.close(); // before the browser follows the link: a page under a dialog does not scroll
    });
    dialog.addEventListener("close", () => {
      // After the theme's own attempt, and on the heading, if one was chosen.
      setTimeout(() => {
        if (heading) {
          heading.tabIndex = -1;
          heading.focus({ preventScroll: true });
        } else opener.focus();
        heading = null;
      });
    });
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
    ["primary", "secondary"].forEach(mendDialog);
    document.addEventListener("pointerdown", noteTap);
    document.addEventListener("click", showInstead);
    document.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "mouse") return;
      const term = termOf(event);
      if (term) show(term);
      else if (event.target === preview) clearTimeout(timer);
    });
    document.addEventListener("pointerout", (event) => {
      if (event.pointerType !== "mouse") return;
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
