// What a build left: its files, and its tests from junit.xml.
"use strict";

import { make, plain, size } from "./elements.js";

const LIMIT = 8 << 20; // bytes of a junit.xml
const OUTPUT = 20000; // characters of a test's output
const SHOWN = 500; // tests, and files

export function showFiles(section, result) {
  const files = Array.isArray(result.uploaded) ? result.uploaded.slice(0, SHOWN).filter((file) => file && typeof file.name === "string") : [];
  const rows = files.map((file) => make("tr", {}, make("td", {}, make("a", { href: file.name.split("/").map(encodeURIComponent).join("/") }, file.name)), make("td", {}, size(Number(file.size)))));
  const left = Array.isArray(result.left_out) ? result.left_out.slice(0, SHOWN).map((name) => plain(name)) : [];
  section.hidden = !rows.length && !left.length;
  section.replaceChildren(make("h2", {}, "Files"), make("div", { class: "wide" }, make("table", {}, make("tbody", {}, ...rows))));
  if (left.length) section.append(make("p", {}, `Left out, for there were too many, they were too large, or no file may have such a name here: ${left.join(", ")}`));
}

// One test: what became of it, and what it said.
function caseOf(element) {
  const bad = element.querySelector("failure, error, skipped");
  const word = bad ? { failure: "failed", error: "error", skipped: "skipped" }[bad.tagName] : "passed";
  return { word, name: element.getAttribute("name") || "", seconds: element.getAttribute("time") || "", message: bad?.getAttribute("message") || "", output: (bad?.textContent || "").slice(-OUTPUT) };
}

function showCase({ word, name, seconds, message, output }) {
  const look = { passed: "good", skipped: "waits" }[word] || "bad";
  const head = [make("span", { class: `state ${look}` }, word), ` ${name} `, make("span", { class: "quiet" }, `${seconds ? `${seconds} s ` : ""}${message}`)];
  if (!output) return make("div", {}, ...head);
  const details = make("details", {}, make("summary", {}, ...head), make("pre", {}, output));
  details.open = look === "bad";
  return details;
}

// The cases of junit.xml, what went wrong first. A parser of the browser's, which fetches and runs nothing.
export async function showTests(section, ask) {
  const head = await ask("junit.xml", { method: "HEAD" });
  if (!head.ok || Number(head.headers.get("Content-Length")) > LIMIT) return;
  const text = await (await ask("junit.xml")).text();
  const found = new DOMParser().parseFromString(text, "text/xml");
  const cases = [...found.querySelectorAll("testcase")].map(caseOf);
  if (!cases.length) return;
  const order = ["failed", "error", "skipped", "passed"];
  cases.sort((one, other) => order.indexOf(one.word) - order.indexOf(other.word));
  const counts = order.map((word) => [word, cases.filter((one) => one.word === word).length]).filter(([, count]) => count);
  const good = cases.filter((one) => one.word === "passed").slice(0, SHOWN).map(showCase);
  const rest = cases.filter((one) => one.word !== "passed").slice(0, SHOWN).map(showCase);
  section.replaceChildren(make("h2", {}, `Tests: ${counts.map(([word, count]) => `${count} ${word}`).join(", ")}`), ...rest);
  if (good.length) section.append(make("details", {}, make("summary", {}, `${good.length} passed`), ...good));
  section.hidden = false;
}
