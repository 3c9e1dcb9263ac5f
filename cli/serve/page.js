// What the pages do beyond HTML: tables sort by a column, and a page that follows something replaces its
// own middle without being loaded again. Without this script all of it is there, unsorted, and reloads.
"use strict";

function cellValue(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = Number(text.replaceAll(",", "").replace(/ %$/, ""));
  return text !== "" && text !== "-" && Number.isFinite(number) ? number : text;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return a.localeCompare(b);
}

function sortBy(table, header, column) {
  const falls = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", falls ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((a, b) => compare(cellValue(a, column), cellValue(b, column)));
  if (falls) rows.reverse();
  body.append(...rows);
}

function makeSortable(place) {
  for (const table of place.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      button.addEventListener("click", () => sortBy(table, header, column));
      header.replaceChildren(button);
    });
  }
}

// Replaces <main> where it has changed, as long as the page says that it goes on.
async function follow() {
  const main = document.querySelector("main");
  if (main.dataset.live === undefined) return;
  await new Promise((resolve) => setTimeout(resolve, Number(main.dataset.live)));
  try {
    const response = await fetch(location.href, {headers: {Accept: "text/html"}});
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const next = page.querySelector("main");
    const text = next.outerHTML;
    if (text !== follow.shown) {
      follow.shown = text;
      main.replaceWith(document.adoptNode(next));
      makeSortable(next);
    }
  } catch {
    // The server is away: the page stays as it was and asks again.
  }
  follow();
}

makeSortable(document);
follow();
