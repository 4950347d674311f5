// What every page needs: theme, copying, menus, filters that apply themselves.
(() => {
  const root = document.documentElement;

  // --- theme: as the system → the other one → back ---
  const themes = ["", "light", "dark"];
  function setTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    try {
      if (theme) localStorage.setItem("theme", theme);
      else localStorage.removeItem("theme");
    } catch {
      // Storage can be forbidden; the choice then lasts for this page.
    }
    showTheme();
  }
  function showTheme() {
    const theme = root.dataset.theme ?? "";
    const words = { "": "as the system", light: "light", dark: "dark" }[theme];
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const use = button.querySelector("use");
      const sheet = use.getAttribute("href").split("#")[0];
      const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      use.setAttribute("href", `${sheet}#${isDark ? "moon" : "sun"}`);
      button.title = `Theme: ${words} (t)`;
      button.setAttribute("aria-label", button.title);
    }
  }
  function nextTheme() {
    setTheme(themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length]);
  }
  showTheme();

  // --- what is chosen in a row that scrolls is in sight ---
  for (const chosen of document.querySelectorAll(".tabs [aria-current], .bar-nav [aria-current]")) {
    const row = chosen.parentElement.closest(".tabs, .bar-nav");
    const [inner, outer] = [chosen.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inner.right > outer.right || inner.left < outer.left) {
      row.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
    }
  }

  // --- copying ---
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = button.dataset.copyText ?? source?.dataset.copyText ?? source?.textContent ?? "";
    const label = button.querySelector("[data-copy-label]");
    const before = label?.textContent;
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http has no clipboard: select the text, so that Ctrl+C finishes the job.
      if (source) getSelection().selectAllChildren(source);
      done = "Press Ctrl+C";
    }
    announce(done);
    if (!label) return;
    label.textContent = done;
    setTimeout(() => { label.textContent = before; }, 1500);
  }

  // --- small words for people who cannot see the change ---
  function announce(words) {
    let place = document.getElementById("announcements");
    if (!place) {
      place = document.createElement("div");
      place.id = "announcements";
      place.className = "sr-only";
      place.setAttribute("role", "status");
      document.body.append(place);
    }
    place.textContent = words;
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const copying = target.closest("[data-copy], [data-copy-text]");
    if (copying?.matches("button")) copy(copying);
    if (target.closest("[data-theme-toggle]")) nextTheme();
    if (target.closest("[data-show-keys]")) document.getElementById("keys")?.showModal();
    target.closest("[data-dismiss]")?.closest(".toast")?.remove();
  });

  // --- a select of a filter applies itself; without scripts its form has a button ---
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control instanceof HTMLElement && "submit" in control.dataset) control.form?.requestSubmit();
  });

  // --- a chosen file is read into the text field that it could be pasted into ---
  document.addEventListener("change", async (event) => {
    const control = event.target;
    if (!(control instanceof HTMLInputElement) || !control.dataset.readInto) return;
    const field = document.getElementById(control.dataset.readInto);
    const file = control.files?.[0];
    if (!field || !file) return;
    field.value = await file.text();
    announce(`${file.name} is in the field`);
  });

  // --- toasts go by themselves, but not while somebody reaches for them ---
  function tendToasts() {
    for (const toast of document.querySelectorAll(".toasts > :not([data-tended])")) {
      toast.dataset.tended = "";
      let timer;
      const start = () => { timer = setTimeout(() => toast.remove(), 10000); };
      const stop = () => clearTimeout(timer);
      toast.addEventListener("pointerenter", stop);
      toast.addEventListener("focusin", stop);
      toast.addEventListener("pointerleave", start);
      toast.addEventListener("focusout", start);
      start();
    }
  }
  tendToasts();
  document.addEventListener("htmx:after:swap", tendToasts);

  // --- a form that never got an answer ---
  document.addEventListener("htmx:error", () => {
    const note = document.createElement("p");
    note.className = "field-error";
    note.textContent = "The server does not answer. Nothing may have changed; reload the page to see.";
    document.getElementById("toasts")?.append(note);
    tendToasts();
  });

  window.picket = { nextTheme, announce, keys: {} };
})();
