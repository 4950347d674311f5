// An event's page: looking for words among its breadcrumbs.
(() => {
  function filter(input) {
    const part = input.closest("[data-filterable]");
    if (!part) return;
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (item) => {
      const text = item.textContent.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    let found = 0;
    for (const item of part.querySelectorAll("[data-filter-item]")) {
      item.hidden = !fits(item);
      if (!item.hidden) found += 1;
    }
    const more = part.querySelector("[data-filter-more]");
    if (more && words.length > 0) more.open = true;
    const none = part.querySelector("[data-filter-none]");
    if (none) none.hidden = found > 0;
  }

  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && "filter" in event.target.dataset) filter(event.target);
  });
})();
