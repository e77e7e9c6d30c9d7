(() => {
  "use strict";
  const runs = [...document.querySelectorAll(".runs > li")];
  const boxes = [...document.querySelectorAll(".filters")];
  const fields = boxes.flatMap((box) => [...box.querySelectorAll("[name]")]);
  const chosen = {words: "", zone: "", period: "", status: ""};

  function sift() {
    const words = chosen.words.trim().toLowerCase().split(/\s+/);
    let shown = 0;
    for (const run of runs) {
      const text = run.textContent.toLowerCase();
      const fits = ["zone", "period", "status"].every(
        (name) => chosen[name] === "" || run.dataset[name].split(" ").includes(chosen[name]));
      run.hidden = !fits || !words.every((word) => text.includes(word));
      shown += !run.hidden;
    }
    for (const box of boxes) {
      const found = box.querySelector(".found");
      found.textContent = found.dataset.text.replace("%s", shown).replace("%r", runs.length);
    }
  }
  /* The choices stand once in each language and are kept the same. */
  for (const field of fields) {
    field.addEventListener("input", () => {
      chosen[field.name] = field.value;
      for (const twin of fields) if (twin.name === field.name && twin !== field) twin.value = field.value;
      sift();
    });
  }
  for (const box of boxes) box.hidden = runs.length < 2;
  sift();
})();
