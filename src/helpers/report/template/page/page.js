(() => {
  "use strict";
  const root = document.documentElement;
  const tongues = [...document.querySelectorAll("input[name=tongue]")];
  const shown = () => tongues.find((input) => input.checked).value;

  /* The choice of language: the style sheet hides the other one; here go what it cannot reach and the way back. */
  function speak() {
    const chosen = tongues.find((input) => input.checked);
    root.lang = chosen.dataset.tag;
    document.title = chosen.dataset.title;
    for (const link of document.querySelectorAll('a[href*=".html"]')) {
      link.href = link.getAttribute("href").replace(/(#.*)?$/, "#" + chosen.value);
    }
  }
  function change() {
    const before = [...document.querySelectorAll("main [id]")].filter(
      (part) => /^(zh|en)-/.test(part.id) && !part.id.startsWith(shown()) && part.dataset.top !== undefined);
    speak();
    const same = before.length && document.getElementById(before[0].id.replace(/^(zh|en)/, shown()));
    if (same) same.scrollIntoView();
    watch();
  }
  function followAddress() {
    const named = /^#(zh|en)(-|$)/.exec(location.hash);
    if (!named) return;
    document.getElementById("in-" + named[1]).checked = true;
    speak();
    const target = document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
  }

  /* The table of contents follows the scroll. */
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [link.hash.slice(1), link]));
  let waiting = false;
  function watch() {
    waiting = false;
    const seen = [...links.keys()].filter((id) => id.startsWith(shown())).map((id) => document.getElementById(id));
    const passed = seen.filter((heading) => heading.getBoundingClientRect().top < window.innerHeight / 4);
    const here = passed[passed.length - 1];
    for (const heading of document.querySelectorAll("main [data-top]")) delete heading.dataset.top;
    if (here) here.dataset.top = "";
    for (const [id, link] of links) {
      if (here && id === here.id) {
        link.setAttribute("aria-current", "location");
        const nav = link.closest(".toc"), box = link.getBoundingClientRect(), frame = nav.getBoundingClientRect();
        if (nav.scrollHeight > nav.clientHeight && (box.top < frame.top || box.bottom > frame.bottom)) {
          nav.scrollTop += box.top - frame.top - nav.clientHeight / 2;
        }
      } else link.removeAttribute("aria-current");
    }
  }

  /* Tables: sorted by a press on a header, searched, taken along as CSV; all of it is what the page shows. */
  const text = (cell) => cell.textContent.trim();
  const amount = (shown) => {
    const plain = shown.replace(/[,\s%]/g, "").replace(/^[−–](?=\d)/, "-").replace(/^[<>≥≤~≈+]+/, "");
    return /^-?\d*\.?\d+(e[-+]?\d+)?/i.test(plain) ? parseFloat(plain) : NaN;
  };
  function compare(first, second, up) {
    const [a, b] = [amount(first), amount(second)];
    const empty = (shown) => shown === "" || shown === "–";
    if (empty(first) !== empty(second)) return empty(first) ? 1 : -1;
    const order = Number.isNaN(a) || Number.isNaN(b) ? first.localeCompare(second, root.lang) : a - b;
    return up ? order : -order;
  }
  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], made = [...body.rows];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (now === "descending") return body.append(...made);
        head.setAttribute("aria-sort", now ? "descending" : "ascending");
        const key = (row) => text(row.cells[place]);
        body.append(...[...made].sort((a, b) => compare(key(a), key(b), !now)));
      });
    });
  }
  function csv(table) {
    const number = /^[−–+-]?[\d,]*\.?\d+( ?%)?$/;
    const field = (cell) => {
      let shown = text(cell);
      if (shown === "–") shown = "";
      if (number.test(shown)) shown = shown.replace(/,/g, "").replace(/^[−–]/, "-");
      /* A text that a spreadsheet would take for a formula. */
      else if (/^'*[=+\-@\t\r−＝＋－＠]/.test(shown)) shown = "'" + shown;
      return /[",\n\r]/.test(shown) ? '"' + shown.replace(/"/g, '""') + '"' : shown;
    };
    return "\ufeff" + [...table.rows].map((row) => [...row.cells].map(field).join(",")).join("\r\n") + "\r\n";
  }
  function equip(table) {
    const lang = (table.closest(".zh, .en") || {classList: {contains: () => shown() === "zh"}}).classList.contains("zh") ? "zh" : "en";
    const tools = document.getElementById("tools-" + lang).content.firstElementChild.cloneNode(true);
    const [search, found, download] = tools.children, rows = [...table.tBodies[0].rows];
    const number = table.closest("figure").querySelector("[id].number");
    if (rows.length > 2) sortable(table);
    if (rows.length > 12) {
      search.addEventListener("input", () => {
        const wanted = search.value.trim().toLowerCase();
        let count = 0;
        for (const row of rows) {
          row.hidden = !row.textContent.toLowerCase().includes(wanted);
          count += !row.hidden;
        }
        found.textContent = !wanted ? "" : count ? found.dataset.some.replace("%s", count).replace("%r", rows.length) : found.dataset.none;
      });
    } else { search.remove(); found.remove(); }
    download.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], {type: "text/csv;charset=utf-8"}));
      link.download = location.pathname.split("/").pop().replace(/\.html$/, "") + (number ? "-" + number.id : "") + ".csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    table.closest(".scroll").before(tools);
  }

  for (const input of tongues) input.addEventListener("change", change);
  addEventListener("hashchange", followAddress);
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(watch); } }, {passive: true});
  for (const table of document.querySelectorAll("figure table")) if (table.tHead && table.tBodies[0]) equip(table);
  speak();
  followAddress();
  watch();
})();
