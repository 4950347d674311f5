// Keys that every page has; a page's own are added to `picket.keys`.
(() => {
  let pending = "";

  function isTyping(target) {
    return target instanceof HTMLElement
      && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
      && !(target instanceof HTMLInputElement && target.type === "checkbox");
  }

  function closeMenus() {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  }

  // A link that has a key of its own: previous, next, back to the list.
  function link(key) {
    const target = document.querySelector(`[data-go-key="${CSS.escape(key)}"]`);
    return target ? () => target.click() : undefined;
  }

  function go(key) {
    document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      closeMenus();
      if (isTyping(event.target)) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (pending === "g") {
      pending = "";
      go(event.key);
      return;
    }
    const action = {
      g: () => { pending = "g"; setTimeout(() => { pending = ""; }, 1000); },
      t: () => window.picket.nextTheme(),
      "?": () => document.getElementById("keys")?.showModal(),
      "/": () => document.querySelector("[data-search]")?.focus(),
      ...window.picket.keys,
    }[event.key] ?? link(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
