"use strict";
const form = document.querySelector("form");
const search = form.querySelector("input");
const facets = [...form.querySelectorAll("select")];
const cards = [...document.querySelectorAll("[data-card]")];
const parts = [...document.querySelectorAll("section")];
const texts = new Map();

function text(card) {
  if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
  return texts.get(card);
}

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = facets.filter((facet) => facet.value !== "");
  let shown = 0;
  for (const card of cards) {
    const fits = wanted.every((facet) => ` ${card.getAttribute(facet.name)} `.includes(` ${facet.value} `));
    card.hidden = !(fits && words.every((word) => text(card).includes(word)));
    shown += card.hidden ? 0 : 1;
  }
  for (const part of parts) part.hidden = !part.querySelector("[data-card]:not([hidden])");
  form.querySelector("output").value = `${shown.toLocaleString("en")} of ${cards.length.toLocaleString("en")} shown`;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape") {
    form.reset();
    show();
  }
});

function asked() {
  const hash = window.location.hash.slice(1);
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

function visit() {
  search.value = asked();
  show();
}

window.addEventListener("hashchange", visit);
visit();
