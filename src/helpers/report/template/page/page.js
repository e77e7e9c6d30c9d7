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
    /* The address says what is seen, for whoever loads it again, keeps it or sends it on. */
    history.replaceState(null, "", "#" + (same ? same.id : shown()));
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

  /* The table of contents is open where it stands beside the text, and follows the scroll. */
  const contents = document.querySelector(".toc details"), beside = matchMedia("(min-width: 66rem)");
  function fold() { contents.open = beside.matches; }
  if (contents) { fold(); beside.addEventListener("change", fold); }
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [link.hash.slice(1), link]));
  let waiting = false;
  function watch() {
    waiting = false;
    const seen = [...links.keys()].filter((id) => id.startsWith(shown())).map((id) => document.getElementById(id));
    /* Near the end the line that a heading has to pass moves down, or the last ones would never be the current one. */
    const rest = root.scrollHeight - window.innerHeight - window.scrollY;
    const line = window.innerHeight * (1 - 0.75 * Math.min(1, Math.max(0, rest) / window.innerHeight));
    const passed = seen.filter((heading) => heading.getBoundingClientRect().top < line);
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

  /* A box that holds more than it shows says on which side and can be reached by keyboard; others are not in the way. */
  function edges(box) {
    const rest = box.scrollWidth - box.clientWidth;
    box.classList.toggle("more-before", box.scrollLeft > 1);
    box.classList.toggle("more-after", rest - box.scrollLeft > 1);
    if (rest > 1 || box.scrollHeight - box.clientHeight > 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
  const sizes = new ResizeObserver((changed) => changed.forEach((one) => edges(one.target)));
  for (const box of document.querySelectorAll(".scroll, pre")) {
    sizes.observe(box);
    box.addEventListener("scroll", () => edges(box), {passive: true});
  }

  /* Tables: sorted by a press on a header, searched, taken along as CSV; all of it is what the page shows. */
  const text = (cell) => cell.textContent.trim();
  const isEmpty = (shown) => ["", "–", "*"].includes(shown);
  const amount = (shown) => {
    const plain = shown.replace(/[,\s%]/g, "").replace(/^[<>≥≤~≈+]+/, "").replace(/^[−–](?=[.\d])/, "-");
    return /^-?\d*\.?\d+(e[-+]?\d+)?$/i.test(plain) ? parseFloat(plain) : NaN;
  };
  function sorted(rows, place, up) {
    const keyed = rows.map((row) => ({row, shown: text(row.cells[place])}));
    const told = keyed.filter((one) => !isEmpty(one.shown));
    /* A column is sorted by size only if all of it has one: words and numbers mixed have no order of their own. */
    const bySize = told.every((one) => !Number.isNaN(amount(one.shown)));
    const order = (a, b) => bySize ? amount(a.shown) - amount(b.shown) : a.shown.localeCompare(b.shown, root.lang, {numeric: true});
    told.sort((a, b) => up ? order(a, b) : order(b, a));
    return [...told, ...keyed.filter((one) => isEmpty(one.shown))].map((one) => one.row);
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
        body.append(...sorted(made, place, !now));
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
      else if (/^[=+\-@\t\r−＝＋－＠]/.test(shown)) shown = "'" + shown;
      return /[",\n\r]/.test(shown) ? '"' + shown.replace(/"/g, '""') + '"' : shown;
    };
    return "\ufeff" + [...table.rows].map((row) => [...row.cells].map(field).join(",")).join("\r\n") + "\r\n";
  }
  function equip(table) {
    const lang = (table.closest(".zh, .en") || {classList: {contains: () => shown() === "zh"}}).classList.contains("zh") ? "zh" : "en";
    const tools = document.getElementById("tools-" + lang).content.firstElementChild.cloneNode(true);
    const [search, found, download] = tools.children, rows = [...table.tBodies[0].rows];
    const number = table.closest("figure").querySelector("[id].number");
    const title = table.closest(".scroll").getAttribute("aria-label");
    search.setAttribute("aria-label", search.placeholder + ": " + title);
    download.setAttribute("aria-label", download.textContent + ": " + title);
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
