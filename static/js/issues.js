// The list of issues: a selection, and keys to work through it. An issue's page shares the keys.
(() => {
  const list = () => document.querySelector("[data-list]");
  const rows = () => [...(list()?.querySelectorAll("[data-item]") ?? [])];
  const boxes = () => [...(list()?.querySelectorAll("[data-item] input[type=checkbox]") ?? [])];

  // --- the selection ---
  function showSelection() {
    const form = list();
    if (!form) return;
    const all = boxes();
    const count = all.filter((box) => box.checked).length;
    for (const button of form.querySelectorAll("[data-needs-selection]")) button.disabled = count < Number(button.dataset.needsSelection || 1);
    const words = form.querySelector("[data-selected]");
    if (words) words.textContent = count === 0 ? "" : `${count} selected`;
    const every = form.querySelector("[data-select-all]");
    if (every) {
      every.checked = count > 0 && count === all.length;
      every.indeterminate = count > 0 && count < all.length;
    }
  }

  let lastBox = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches("[data-item] input[type=checkbox]")) return;
    // Shift takes all rows between this one and the last.
    const all = boxes();
    const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) {
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    lastBox = box;
    showSelection();
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches("[data-select-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    showSelection();
  });

  // --- moving through the rows ---
  let current = -1;
  function currentRow() {
    const focused = document.activeElement?.closest("[data-item]");
    return focused ? rows().indexOf(focused) : -1;
  }
  function focusRow(index) {
    const all = rows();
    if (all.length === 0) return;
    current = Math.max(0, Math.min(index, all.length - 1));
    const link = all[current].querySelector("a");
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  }
  function move(by) {
    const at = currentRow();
    focusRow(at < 0 ? Math.max(current, 0) : at + by);
  }
  function toggle() {
    const box = rows()[currentRow()]?.querySelector("input[type=checkbox]");
    if (!box) return;
    box.checked = !box.checked;
    lastBox = box;
    showSelection();
  }

  // A verb's key works on the selection; without one, on the row one is on.
  function press(key) {
    const button = document.querySelector(`[data-key="${key}"]`);
    if (!button) return;
    if (button.disabled) {
      const box = rows()[currentRow()]?.querySelector("input[type=checkbox]");
      if (!box) return;
      box.checked = true;
      showSelection();
    }
    current = currentRow();
    button.click();
  }

  window.picket.keys = {
    j: () => move(1),
    k: () => move(-1),
    x: toggle,
    e: () => press("e"),
    a: () => press("a"),
    m: () => press("m"),
    z: () => document.querySelector("[data-undo]")?.click(),
  };

  // --- after a verb: the rows are new; whoever worked with keys stays where they were ---
  document.addEventListener("htmx:after:swap", () => {
    lastBox = null;
    showSelection();
    if (current >= 0 && currentRow() < 0 && (!document.activeElement || document.activeElement === document.body)) {
      focusRow(current);
    }
  });
  // Going back, browsers tick what was ticked before.
  window.addEventListener("pageshow", showSelection);
  showSelection();
})();
