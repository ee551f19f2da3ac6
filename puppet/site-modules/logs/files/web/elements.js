// Parts of a page, made of text that is never taken for HTML.
"use strict";

const MOST = 20000; // characters

// Text of strangers as it is shown: what is told to terminals (C0, DEL, C1), and what turns the direction of writing, is
// replaced; there is an end to it.
export function plain(text) {
  return String(text).slice(0, MOST).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
}

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (typeof child === "string" ? plain(child) : child)));
  return element;
}

// A link, where the address is one of the web or of this host: nothing else is ever followed.
export function link(address, text) {
  return /^(https?:\/\/|\/(?!\/))/i.test(address || "") ? make("a", { href: address, rel: "noopener noreferrer" }, text) : document.createTextNode(plain(text));
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
