// The page of one build, from what its host sent: job.json while it runs, console.txt as it grows, result.json at its end.
// All of that is untrusted text, and is shown as such.
"use strict";

import { LogView } from "./log.js";
import { duration, link, make, moment, plain, size } from "./elements.js";
import { showFiles, showTests } from "./results.js";

const EVERY = 3000; // milliseconds between two looks at a build that runs
const PIECE = 1 << 20; // bytes of the log that are asked for at once
const ENOUGH = 16 << 20; // bytes that are loaded unasked
const SILENCE = 180; // seconds after which a build that says nothing has lost its host
const LOOKS = {
  passed: "good", failed: "bad", infrastructure: "bad", misused: "bad", skipped: "waits", aborted: "waits",
};

const byId = (id) => document.getElementById(id);
const site = document.body.dataset;
const words = location.pathname.slice(site.path.length).split("/").filter(Boolean).map(decodeURIComponent);
const view = new LogView(byId("lines"), showError);
const decoder = new TextDecoder();
let read = 0;
let enough = ENOUGH;

function showWhere() {
  const crumbs = [link(`${site.path}/`, "Builds")];
  const first = words.length === 6 ? 2 : 1;
  for (let count = first; count < words.length; count += 1) {
    crumbs.push(" / ", link(`${site.path}/${words.slice(0, count).map(encodeURIComponent).join("/")}/`, words[count - 1]));
  }
  byId("crumbs").replaceChildren(...crumbs, ` / ${words.at(-1)}`);
  const job = words.at(-2) || "";
  byId("title").textContent = job;
  document.title = job;
}

function showError(number, line, total, listed) {
  const section = byId("errors");
  if (section.hidden) section.append(make("ul", {}), make("p", { class: "quiet" }));
  section.hidden = false;
  if (listed) section.querySelector("ul").append(make("li", {}, make("a", { href: `#L${number}` }, `${number}`), ` ${line.slice(0, 300)}`));
  else section.querySelector("p").textContent = `and ${total - section.querySelectorAll("li").length} more`;
}

function showFacts(job) {
  const text = (name) => (job[name] === null || job[name] === undefined ? "" : plain(job[name]).slice(0, 500));
  const change = text("change");
  const facts = [
    ["Project", text("project")],
    ["Change", change && link(site.gerrit && `${site.gerrit}/${encodeURIComponent(change)}`, `${change}, patch set ${text("patchset")}`)],
    ["Branch", text("branch")],
    ["Pipeline", text("pipeline") && make("span", {}, `${text("pipeline")} `, site.zuul ? make("span", {}, "(", link(site.zuul, "Zuul's status"), ")") : "")],
    ["Step", text("step")],
    ["Target", text("target")],
    ["Commit", text("commit")],
    ["Ref", text("ref")],
    ["Node", text("node")],
    ["Started", text("started") && moment(text("started"))],
    ["Took", typeof job.duration === "number" ? duration(job.duration) : ""],
    ["Jenkins", text("build_url") && link(text("build_url"), text("build_url"))],
  ];
  byId("facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function showState(job, result, heard) {
  const state = byId("state");
  if (result) {
    const status = plain(result.status);
    state.replaceChildren(make("span", { class: `state ${LOOKS[status] || "waits"}` }, status), ` ${plain(result.reason || "")}`);
    document.title = `${status}: ${words.at(-2)}`;
    return;
  }
  const since = job.started ? ` since ${moment(String(job.started)).textContent}` : "";
  if (heard !== null && heard > SILENCE) {
    state.replaceChildren(make("span", { class: "state bad" }, "lost"), ` It was running${since}. Its host was last heard of ${duration(heard)} ago.`);
  } else {
    state.replaceChildren(make("span", { class: "state busy" }, "running"), since);
  }
}

async function ask(name, options = {}) {
  const answer = await fetch(name, { cache: "no-store", ...options });
  if (answer.ok || answer.status === 404) return answer;
  throw new Error(`the log server says ${answer.status} for ${name}`);
}

async function json(name) {
  const answer = await ask(name);
  if (!answer.ok) return null;
  try {
    const document = await answer.json();
    return document !== null && typeof document === "object" ? document : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

// Loads what the log has more than before; for how many seconds nothing was heard of the job.
async function load(over) {
  const head = await ask("console.txt", { method: "HEAD" });
  if (!head.ok) return null;
  const total = Number(head.headers.get("Content-Length"));
  const below = window.innerHeight + window.scrollY >= document.body.scrollHeight - 50;
  while (read < total && read < enough && !view.full) {
    const answer = await ask("console.txt", { headers: { Range: `bytes=${read}-${Math.min(read + PIECE, total) - 1}` } });
    const bytes = new Uint8Array(await answer.arrayBuffer()).subarray(answer.status === 206 ? 0 : read);
    if (!bytes.length) break;
    read += bytes.length;
    view.add(decoder.decode(bytes, { stream: true }), over && read >= total);
    byId("loaded").textContent = read < total ? `${size(read)} of ${size(total)}` : `${view.count} lines, ${size(total)}`;
  }
  byId("more").hidden = read >= total || view.full;
  if (view.full) byId("loaded").textContent = `The first ${view.count} lines are shown: the rest is in console.txt`;
  if (!over && below && read >= total && view.wanted === null && view.count > 50 && !location.hash) window.scrollTo(0, document.body.scrollHeight);
  return (Date.parse(head.headers.get("Date")) - Date.parse(head.headers.get("Last-Modified"))) / 1000;
}

async function watch() {
  for (;;) {
    try {
      const result = await json("result.json");
      const job = result || (await json("job.json")) || {};
      showFacts(job);
      if (result) showState(job, result, null);
      const heard = await load(result !== null);
      if (!result) showState(job, null, heard);
      byId("trouble").hidden = true;
      if (result) {
        showFiles(byId("files"), result);
        await showTests(byId("tests"), ask);
        return;
      }
    } catch (error) {
      byId("trouble").hidden = false;
      byId("trouble").textContent = `${error instanceof TypeError ? "The log server does not answer" : error.message}. This page keeps asking.`;
    }
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? 4 * EVERY : EVERY));
  }
}

byId("unfold").addEventListener("click", (event) => {
  event.target.textContent = view.unfold() ? "Close all folds" : "Open all folds";
});
byId("end").addEventListener("click", () => window.scrollTo(0, document.body.scrollHeight));
byId("more").addEventListener("click", async () => {
  enough = Infinity;
  await load(true);
});
window.addEventListener("hashchange", () => view.mark(location.hash));
if (/^#L\d{5,}/.test(location.hash)) enough = Infinity;
showWhere();
view.mark(location.hash);
watch();
