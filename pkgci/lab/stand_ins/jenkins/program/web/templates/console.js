"use strict";
// Asks for what the build has said since the last time, until the build has ended.
(() => {
  const output = document.getElementById("console");
  const follow = async (start) => {
    let next = start, more = true;
    try {
      const answer = await fetch(`${output.dataset.source}?start=${start}`, { cache: "no-store" });
      if (answer.ok) {
        output.append(await answer.text());
        next = Number(answer.headers.get("X-Text-Size"));
        more = answer.headers.get("X-More-Data") === "true";
      } else {
        more = answer.status >= 500;
      }
    } catch {
      // Away for a moment: it is asked again.
    }
    if (more) {
      setTimeout(follow, 1000, next);
    }
  };
  follow(0);
})();
