// Keys for the desk: / search, j k move along the list, Enter opens, ? help. And the list renews itself while it is looked at.
"use strict";
(() => {
  const EVERY = 30_000;
  const isTyping = () => document.activeElement?.matches("input, textarea, select, [contenteditable]") ?? false;

  const move = (by) => {
    const links = [...document.querySelectorAll("[data-go]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  };

  const keys = {
    "/": () => document.getElementById("find")?.focus(),
    "?": () => document.querySelector(".foot a[href*='#keys']")?.click(),
    j: () => move(1),
    k: () => move(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement?.id === "find") document.activeElement.blur();
    if (isTyping() || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  const renew = () => {
    const list = document.querySelector("[data-renews]");
    if (list && window.htmx && document.visibilityState === "visible" && !isTyping()) window.htmx.trigger(list, "renew");
  };
  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
})();
