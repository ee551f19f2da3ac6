// What test_web.py asks of the pages' script, without a browser: prints one JSON object.
import { performance } from "node:perf_hooks";
import { plain } from "./elements.js";
import { clean, foldsOf, isError } from "./lines.js";

const element = () => ({ dataset: {}, style: {}, append() {}, replaceChildren() {}, addEventListener() {} });
globalThis.document = { createElement: element };
globalThis.IntersectionObserver = class { observe() {} };
const { LogView } = await import("./log.js");

function milliseconds(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

const SIZE = 160 * 1024;
const UNITS = ["\r", " ", "\t", "a", "1", "/", "|", " |", " | 1", "-", "*** ", "error ", "error exit ", "E", "(", ":", "\x1b", "\x1b[",
  "\x1b[1;", "\x1b]", "\x1b(", "gcc ", "dpkg-", "pkgci-", "x86_64-linux-gnu-/", "0 errors", ".", "kB/s", "%", "Get:1 ", "\u202e", "\ud800"];

function slowest() {
  let worst = { milliseconds: 0, line: "" };
  for (const one of UNITS) {
    for (const other of UNITS) {
      // What fails at the end of many of one kind is what takes long.
      const line = `${one}${(one + other).repeat(SIZE / (one.length + other.length))}!`;
      const taken = milliseconds(() => {
        clean(line);
        isError(line);
        foldsOf([line]);
      });
      if (taken > worst.milliseconds) worst = { milliseconds: taken, line: JSON.stringify(line.slice(0, 40)) };
    }
  }
  return worst;
}

function endless(pieces) {
  const view = new LogView(element(), () => {});
  return milliseconds(() => {
    for (let piece = 0; piece < pieces; piece += 1) view.add("x".repeat(1 << 20), false);
    view.add("\nlast", true);
    if (view.count !== 2) throw new Error(`${view.count} lines`);
  });
}

function many(lines) {
  const view = new LogView(element(), () => {});
  return milliseconds(() => view.add("error: no\n".repeat(lines), true));
}

const codes = [...Array(0x3000).keys(), 0xfeff];
console.log(JSON.stringify({
  slowest: slowest(),
  endless: endless(80),
  many: many(500000),
  cleaned: ["a\rb\r\r", "\r\r\r", "", "100%\rdone", "\x1b[31mred\x1b[0m", "\x1b]0;x\x07y", "tab\tkept"].map(clean),
  errors: ["make: *** [all] Error 2", "an error, so exit status 1", "E: no", "0 errors", "exit status 1, no error", "err *** "].map(isError),
  left: codes.filter((code) => plain(String.fromCharCode(code)) === String.fromCharCode(code)),
  long: plain("x".repeat(1e6)).length,
}));
