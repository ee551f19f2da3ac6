// What a line of a log is: noise that folds, an error, or neither. All of it is guesswork for the reader's convenience.
//
// Lines are whatever a stranger's program prints. Each function here takes a time that grows with a line's length and no
// faster (tests/unit/logs/test_web.py): no expression has an open part after which another one may fail, but at the
// line's beginning.
"use strict";

import { plain } from "./elements.js";

const LONGEST = 2000; // characters of a line that are shown

// What the noise is, and how its lines look.
const NOISE = [
  ["packages are fetched", /^(Get|Hit|Ign):\d+ |^Fetched |^\(\d+\/\d+\): |^Downloading |^ *\d+% \[|^\s*\d+ .*[kM]B\/s| \| *[\d.]+ [kM]?B\/s \|/],
  ["packages are installed", /^(Selecting previously unselected|Preparing to unpack|Unpacking|Setting up|Processing triggers|\(Reading database|Removing|Purging configuration|update-alternatives:|debconf:|Created symlink|Extracting templates|Preconfiguring packages|Not building database; man-db)|^ *(Installing|Upgrading|Verifying|Cleanup|Running scriptlet) *: /],
  ["packages are chosen", /^(Reading package lists|Building dependency tree|Reading state information|The following .*packages|Need to get|After this operation|Solving dependencies|Suggested packages:|Recommended packages:|Inst |Conf |Remv |\d+ upgraded, \d+ )/],
  ["debhelper", /^ +(dh_|rm -f|install -m|install -d|chmod|chown|mv |cp |find |gzip|cd |strip|objcopy|dpkg-|ln -s|PERL_DL_NONLAZY|fakeroot|xargs)/],
  ["the compiler is called", /^(\/\S*\/)?(gcc|g\+\+|cc|c\+\+|clang|ld|ar|ranlib|libtool|(x86_64|aarch64)-linux-gnu-[a-z0-9+.-]{1,30})[: ]|^make\[\d+\]: (Entering|Leaving|Nothing)|^checking (for|whether|how|if) /],
  ["files are listed", /^(d|-|l)[rwxsStT-]{9} |^(copying|creating|adding|running|writing) '?\S+|^drwx/],
];
const ERROR = /(^|[\s:(])(E:|error:|fatal:|FATAL|FAILED|FAIL:|Traceback|Error:|ERROR)|undefined reference|^dpkg-\S+: error|segmentation fault|No space left on device|command not found|^pkgci-[a-z-]+: (failed|infrastructure|misused|aborted):/i;
// One word, and behind it another.
const ERROR_PAIRS = [[/\berror\b/i, /\bexit (status|code)/i], [/\*\*\* /, /Error/i]];
const NO_ERROR = /\b(0|no) (errors?|failures?|failed)\b|-Werror|errors?: 0\b|failed: 0\b|error(_handler|-free)|^\s*(gcc|cc|g\+\+|checking) /i;
const OWN = /^pkgci-[a-z-]+: /;

// Without the colours of a terminal, and as a terminal would leave it: what a carriage return wrote over is gone.
export function clean(line) {
  const text = line.replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[()][A-Za-z0-9]/g, "");
  let end = text.length;
  while (end && text[end - 1] === "\r") end -= 1;
  const last = text.slice(end ? text.lastIndexOf("\r", end - 1) + 1 : 0, end);
  return plain(last.length > LONGEST ? `${last.slice(0, LONGEST)} … (${last.length - LONGEST} more characters: console.txt)` : last);
}

function hasPair(line, [one, other]) {
  const first = line.search(one);
  return first >= 0 && other.test(line.slice(first));
}

export function isError(line) {
  return (ERROR.test(line) || ERROR_PAIRS.some((pair) => hasPair(line, pair))) && !NO_ERROR.test(line);
}

export function isOwn(line) {
  return OWN.test(line);
}

const CHOSEN = 2; // its place in NOISE: apt goes on with names of packages, indented

// What kind of noise a line is: its place in NOISE, or -1. `before` is that of the line before it.
function noiseOf(line, before) {
  if (isError(line)) return -1;
  return before === CHOSEN && /^  \S/.test(line) ? CHOSEN : NOISE.findIndex(([, look]) => look.test(line));
}

const FEWEST = 8; // lines that fold

// The folds of some lines: {from, to, name}, of lines next to each other that are noise of any kind; `to` is not in it.
export function foldsOf(lines) {
  const found = [];
  let from = -1;
  let counts = new Map();
  let kind = -1;
  for (let index = 0; index <= lines.length; index += 1) {
    kind = index < lines.length ? noiseOf(lines[index], kind) : -1;
    if (kind >= 0) {
      if (from < 0) from = index;
      counts.set(kind, (counts.get(kind) || 0) + 1);
      continue;
    }
    if (from >= 0 && index - from >= FEWEST) {
      const most = [...counts].sort((one, other) => other[1] - one[1])[0][0];
      found.push({ from, to: index, name: NOISE[most][0] });
    }
    from = -1;
    counts = new Map();
  }
  return found;
}
