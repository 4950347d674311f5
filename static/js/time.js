// Times: the server writes UTC, here they get the reader's zone and stay true while the page is open.
(() => {
  const exact = new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", year: "numeric",
    hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });
  const hour = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
  const step = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  const UNITS = [["year", 31536000, "y"], ["month", 2592000, "mo"], ["day", 86400, "d"], ["hour", 3600, "h"], ["minute", 60, "m"]];

  // The same words as web::components::time, so that nothing jumps when scripts start.
  function relative(seconds) {
    const size = Math.abs(seconds);
    const unit = UNITS.find((candidate) => size >= candidate[1]);
    if (!unit) return "just now";
    const count = Math.floor(size / unit[1]);
    const words = `${count} ${unit[0]}${count === 1 ? "" : "s"}`;
    return seconds >= 0 ? `${words} ago` : `in ${words}`;
  }
  function short(seconds) {
    const size = Math.abs(seconds);
    const unit = UNITS.find((candidate) => size >= candidate[1]);
    return unit ? `${Math.floor(size / unit[1])}${unit[2]}` : "now";
  }

  function rewrite(root) {
    const now = Date.now();
    for (const element of root.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const age = (now - at.getTime()) / 1000;
      element.title = exact.format(at);
      if ("keep" in element.dataset) continue;
      const text = "short" in element.dataset ? short(age)
        : "relative" in element.dataset ? relative(age)
        : "hour" in element.dataset ? hour.format(at)
        : "step" in element.dataset ? step.format(at)
        : exact.format(at);
      if (element.textContent !== text) element.textContent = text;
    }
    // What came when, on a chart.
    for (const mark of root.querySelectorAll("[data-mark]")) {
      const at = new Date(mark.dataset.mark);
      const words = `${mark.dataset.words}, ${step.format(at)}`;
      mark.setAttribute("aria-label", words);
      mark.querySelector("title").textContent = words;
    }
    // Bars of a chart: their tooltips.
    for (const bar of root.querySelectorAll("[data-from]")) {
      const { from, until, events } = bar.dataset;
      bar.querySelector("title").textContent = `${step.formatRange(new Date(from), new Date(until))}: ${events}`;
    }
  }

  rewrite(document);
  document.addEventListener("htmx:after:swap", () => rewrite(document));
  setInterval(() => rewrite(document), 30000);
})();
