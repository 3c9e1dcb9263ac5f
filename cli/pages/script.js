"use strict";
(() => {
  // Tables are sorted by the buttons in their headers: numbers by their values, what is absent last.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const data = cell.querySelector("data");
    if (data) return Number(data.value);
    const text = cell.textContent.trim();
    return /^[\d,]+$/.test(text) ? Number(text.replaceAll(",", "")) : text;
  };
  const sortBy = (table, column, descending) => {
    const body = table.tBodies[0];
    const sign = descending ? -1 : 1;
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([a], [b]) => {
      const isNumber = (typeof b === "number") - (typeof a === "number");
      if (isNumber !== 0) return isNumber;
      if (typeof a === "number") return sign * (a - b);
      return sign * a.localeCompare(b, "en", {numeric: true});
    });
    body.append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table")) {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const isNumeric = header.classList.contains("n");
        const was = header.getAttribute("aria-sort");
        const descending = was ? was === "ascending" : isNumeric;
        for (const other of headers) other.removeAttribute("aria-sort");
        header.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sortBy(table, column, descending);
      });
    });
  }

  // Drawings are enlarged by buttons above them.
  for (const scroll of document.querySelectorAll("figure .scroll")) {
    const svg = scroll.querySelector("svg");
    if (!svg) continue;
    const width = Number(svg.getAttribute("width"));
    const height = Number(svg.getAttribute("height"));
    let scale = 1;
    const bar = document.createElement("div");
    bar.className = "zoom";
    const button = (text, label, change) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", () => {
        scale = Math.min(8, Math.max(0.1, change(scale)));
        svg.setAttribute("width", width * scale);
        svg.setAttribute("height", height * scale);
      });
      bar.append(made);
    };
    button("\u2212", "smaller", (s) => s / 1.25);
    button("+", "larger", (s) => s * 1.25);
    button("fit", "fit the width", () => (scroll.clientWidth - 2) / width);
    button("1:1", "original size", () => 1);
    scroll.before(bar);
  }

  // What stands for one layer is marked in every drawing and table while the pointer is on it.
  const marks = new Map();
  for (const mark of document.querySelectorAll("[data-row]")) {
    const row = mark.dataset.row;
    if (!marks.has(row)) marks.set(row, []);
    marks.get(row).push(mark);
  }
  const mark = (event, on) => {
    const at = event.target.closest && event.target.closest("[data-row]");
    if (!at) return;
    for (const each of marks.get(at.dataset.row)) each.classList.toggle("hot", on);
  };
  document.addEventListener("mouseover", (event) => mark(event, true));
  document.addEventListener("mouseout", (event) => mark(event, false));
})();
