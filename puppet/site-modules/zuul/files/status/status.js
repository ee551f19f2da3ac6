// Shows what Zuul's status.json says: pipelines, queues, changes, jobs. Everything that comes from there is untrusted text.
"use strict";

const EVERY = 5000; // milliseconds between two questions
const PATIENCE = 15000; // after which a question counts as unanswered
const STALE = 60000; // after which what is shown is no longer to be relied on
let status = null;
let answered = null;

const byId = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// A link, where the address is one of the web: nothing else is ever followed.
function link(address, text) {
  return /^https?:\/\//i.test(address || "") ? make("a", { href: address, rel: "noopener noreferrer" }, text) : document.createTextNode(text);
}

function duration(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// What a job is doing, in a word and a class.
function stateOf(job) {
  if (job.result) {
    const word = job.result.toLowerCase().replaceAll("_", " ");
    return [word, job.result === "SUCCESS" ? "good" : job.result === "SKIPPED" ? "waits" : "bad"];
  }
  if (job.canceled) return ["canceled", "waits"];
  if (job.retry) return ["starting again", "busy"];
  if (job.start_time) return ["running", "busy"];
  return [job.launch_time || job.uuid ? "queued" : "waiting", "waits"];
}

// The addresses of a job's results: several may be in report_url, separated by spaces.
function links(job) {
  const reports = job.result ? (job.report_url || "").split(/\s+/).filter(Boolean) : [];
  const found = [...new Set([...reports, job.url].filter(Boolean))];
  return found.map((address) => {
    const text = address === job.url ? "build" : /\/logs\//.test(address) ? "logs" : "result";
    return link(address, text);
  });
}

function showJob(job) {
  const [word, kind] = stateOf(job);
  const running = word === "running";
  const row = make("li", {}, make("span", { class: "name" }, job.name + (job.voting ? "" : " (non-voting)")));
  if (running && job.elapsed_time !== null && job.remaining_time !== null) {
    const whole = job.elapsed_time + job.remaining_time;
    row.append(make("progress", { max: String(whole || 1), value: String(job.elapsed_time), "aria-label": `progress of ${job.name}` }));
  }
  row.append(make("span", { class: `state ${kind}` }, word));
  if (running && job.elapsed_time !== null) row.append(make("span", { class: "quiet" }, duration(job.elapsed_time)));
  for (const one of links(job)) row.append(one);
  return row;
}

function showChange(change) {
  const name = change.id || "periodic";
  const enqueued = change.enqueue_time ? `in the queue for ${duration(Date.now() - change.enqueue_time)}` : null;
  const remaining = change.remaining_time ? `, about ${duration(change.remaining_time)} left` : "";
  const waits = change.active ? null : "waits for its turn";
  const failing = (change.failing_reasons || []).join(", ");
  return make(
    "article", {},
    make("h4", {}, `${change.project} `, link(change.url, name)),
    enqueued ? make("p", { class: "quiet" }, enqueued + remaining) : null,
    waits ? make("p", { class: "quiet" }, waits) : null,
    failing ? make("p", { class: "bad" }, `Failing: ${failing}`) : null,
    make("ul", {}, ...change.jobs.map(showJob)),
  );
}

function showPipeline(pipeline, wanted) {
  const section = make("section", { "aria-label": `pipeline ${pipeline.name}` });
  let count = 0;
  const queues = [];
  for (const queue of pipeline.change_queues) {
    const changes = queue.heads.flat().filter((change) => change.live !== false && wanted(change));
    if (!changes.length) continue;
    count += changes.length;
    if (pipeline.change_queues.length > 1 || queue.name) queues.push(make("h3", {}, `Queue ${queue.name}`));
    queues.push(...changes.map(showChange));
  }
  section.append(make("h2", {}, `${pipeline.name} (${count})`));
  if (pipeline.description) section.append(make("p", { class: "description" }, pipeline.description));
  section.append(...(count ? queues : [make("p", { class: "quiet" }, "Nothing is in it.")]));
  return [section, count];
}

function show() {
  const silence = answered === null ? null : Date.now() - answered;
  const trouble = byId("trouble");
  trouble.hidden = silence !== null && silence < STALE && !trouble.dataset.reason;
  if (trouble.dataset.reason) {
    const last = silence === null ? "" : ` What is shown here is ${duration(silence)} old.`;
    trouble.textContent = `Zuul does not answer: ${trouble.dataset.reason}.${last} This page keeps asking.`;
  }
  if (!status) {
    if (trouble.dataset.reason) byId("summary").textContent = "Nothing is known of its pipelines.";
    return;
  }
  const text = byId("filter").value.trim().toLowerCase();
  const wanted = (change) => !text || `${change.project} ${change.id}`.toLowerCase().includes(text);
  const shown = status.pipelines.map((pipeline) => showPipeline(pipeline, wanted));
  const total = shown.reduce((sum, [, count]) => sum + count, 0);
  byId("pipelines").replaceChildren(...shown.map(([section]) => section));
  const events = status.trigger_event_queue.length;
  const results = status.result_event_queue.length;
  byId("summary").textContent =
    `${total} ${total === 1 ? "change" : "changes"}${text ? " shown" : " in the pipelines"}, ${events} events and ${results} results to work on.` +
    (status.message ? " Zuul takes in no new changes: it is about to stop." : "") +
    (status.pipelines.length ? "" : " It has no pipelines yet.");
  byId("about").textContent =
    `Zuul ${status.zuul_version}, configured ${status.last_reconfigured ? new Date(status.last_reconfigured).toLocaleString() : "not yet"}`;
  document.title = total ? `(${total}) Zuul status` : "Zuul status";
}

async function ask() {
  const trouble = byId("trouble");
  try {
    const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(answer.status >= 502 ? "it is down or starting" : `its web server says ${answer.status}`);
    status = await answer.json();
    answered = Date.now();
    delete trouble.dataset.reason;
  } catch (error) {
    const silent = error.name === "TimeoutError" || error instanceof TypeError;
    trouble.dataset.reason = silent ? "there was no answer" : error instanceof SyntaxError ? "its answer is no JSON" : error.message;
  }
  show();
  setTimeout(ask, document.hidden ? 4 * EVERY : EVERY);
}

byId("filter").addEventListener("input", show);
ask();
