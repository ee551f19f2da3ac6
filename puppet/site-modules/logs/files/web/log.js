// Shows a log of any length: lines in blocks, of which only those near the window are in the document.
"use strict";

import { clean, foldsOf, isError, isOwn } from "./lines.js";

const BLOCK = 1000; // lines
const HEIGHT = 18; // pixels of a row (pages.css)
const MOST = 950000; // lines: browsers show no higher page
const NEAR = "2000px"; // of the window
const LIVE = 10; // lines
const ERRORS = 40; // of the error lines, how many are listed

export class LogView {
  constructor(container, onError) {
    this.container = container;
    this.onError = onError;
    this.blocks = [];
    this.count = 0;
    this.errors = 0;
    this.rest = []; // pieces of a line that has no end yet
    this.unfolded = false;
    this.over = false;
    this.marked = null;
    this.wanted = null;
    this.observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const block = this.blocks[Number(entry.target.dataset.block)];
        block.near = entry.isIntersecting;
        this.draw(block);
      }
    }, { rootMargin: NEAR });
    container.addEventListener("click", (event) => this.click(event));
  }

  // More of the log. What comes after its last newline waits for the rest of its line, or for `over`.
  add(text, over) {
    const [first, ...lines] = text.split("\n");
    this.rest.push(first);
    if (lines.length) {
      const last = lines.pop();
      lines.unshift(this.rest.join(""));
      this.rest = [last];
    }
    if (over && this.rest.some((piece) => piece)) {
      lines.push(this.rest.join(""));
      this.rest = [];
    }
    for (const line of lines) this.addLine(clean(line));
    this.over = over;
    for (const block of this.blocks) if (block.grew || block === this.blocks.at(-1)) this.fold(block);
    if (this.wanted !== null && this.count >= this.wanted) this.goTo();
  }

  addLine(line) {
    if (this.count >= MOST) return;
    let block = this.blocks.at(-1);
    if (!block || block.lines.length === BLOCK) {
      const element = document.createElement("div");
      element.className = "block";
      element.dataset.block = String(this.blocks.length);
      block = { first: this.count + 1, lines: [], folds: [], opened: new Set(), element, near: false, grew: true };
      this.blocks.push(block);
      this.container.append(element);
      this.observer.observe(element);
    }
    block.lines.push(line);
    block.grew = true;
    this.count += 1;
    if (isError(line)) {
      this.errors += 1;
      this.onError(this.count, line, this.errors, this.errors <= ERRORS);
    }
  }

  get full() {
    return this.count >= MOST;
  }

  fold(block) {
    block.grew = false;
    // While the log grows, its last lines are in no fold: they are what somebody who watches looks for.
    const live = !this.over && block === this.blocks.at(-1);
    block.folds = foldsOf(live ? block.lines.slice(0, -LIVE) : block.lines);
    this.draw(block);
  }

  // Draws a block where it is near, and leaves a gap of its height where it is not.
  draw(block) {
    const rows = [];
    let index = 0;
    for (const fold of [...block.folds, { from: block.lines.length, to: block.lines.length }]) {
      while (index < fold.from) rows.push(index++);
      if (fold.to === fold.from) break;
      const open = this.unfolded || block.opened.has(fold.from);
      rows.push({ fold, open });
      if (open) while (index < fold.to) rows.push(index++);
      index = fold.to;
    }
    block.element.style.height = `${rows.length * HEIGHT}px`;
    block.element.replaceChildren(...(block.near ? rows.map((row) => (typeof row === "number" ? this.line(block, row) : this.foldRow(row))) : []));
  }

  line(block, index) {
    const number = block.first + index;
    const text = block.lines[index];
    const row = document.createElement("div");
    const marked = this.marked && number >= this.marked[0] && number <= this.marked[1];
    row.className = `row${isError(text) ? " error" : ""}${isOwn(text) ? " own" : ""}${marked ? " marked" : ""}`;
    row.id = `L${number}`;
    const anchor = document.createElement("a");
    anchor.href = `#L${number}`;
    anchor.textContent = String(number);
    row.append(anchor, text);
    return row;
  }

  foldRow({ fold, open }) {
    const row = document.createElement("div");
    row.className = "row";
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.fold = String(fold.from);
    button.setAttribute("aria-expanded", String(open));
    button.textContent = `${open ? "▾" : "▸"} ${fold.to - fold.from} lines: ${fold.name}`;
    row.append(button);
    return row;
  }

  // A fold opens; a line's number is its address; with Shift it is the other end of a range.
  click(event) {
    const button = event.target.closest("button");
    if (button) {
      const block = this.blocks[Number(button.closest(".block").dataset.block)];
      const from = Number(button.dataset.fold);
      if (!block.opened.delete(from)) block.opened.add(from);
      this.draw(block);
      return;
    }
    const anchor = event.target.closest(".row a");
    if (anchor && event.shiftKey && this.marked) {
      event.preventDefault();
      const ends = [this.marked[0], Number(anchor.textContent)].sort((one, other) => one - other);
      location.hash = `#L${ends[0]}-L${ends[1]}`;
    }
  }

  unfold() {
    this.unfolded = !this.unfolded;
    for (const block of this.blocks) {
      block.opened.clear();
      this.draw(block);
    }
    return this.unfolded;
  }

  // Marks what the address names, and goes there as soon as it is loaded.
  mark(hash) {
    const match = /^#L([0-9]{1,8})(?:-L?([0-9]{1,8}))?$/.exec(hash);
    const before = this.marked;
    this.marked = match ? [Number(match[1]), Number(match[2] || match[1])] : null;
    this.wanted = match ? this.marked[0] : null;
    if (before || match) for (const block of this.blocks) if (block.near) this.draw(block);
    if (match && this.count >= this.wanted) this.goTo();
  }

  goTo() {
    const block = this.blocks[Math.floor((this.wanted - 1) / BLOCK)];
    const index = this.wanted - block.first;
    const fold = block.folds.find((one) => index >= one.from && index < one.to);
    if (fold) block.opened.add(fold.from);
    block.near = true;
    this.draw(block);
    document.getElementById(`L${this.wanted}`).scrollIntoView({ block: "center" });
    this.wanted = null;
  }
}
