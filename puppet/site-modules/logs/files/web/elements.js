// Parts of a page, made of text that is never taken for HTML.
"use strict";

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A link, where the address is one of the web or of this host: nothing else is ever followed.
export function link(address, text) {
  return /^(https?:\/\/|\/(?!\/))/i.test(address || "") ? make("a", { href: address, rel: "noopener noreferrer" }, text) : document.createTextNode(text);
}

export function moment(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? make("span", {}, text) : make("time", { datetime: date.toISOString() }, date.toLocaleString());
}

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Bytes, in powers of ten.
export function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
