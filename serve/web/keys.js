// SPDX-License-Identifier: Apache-2.0
// Keys of one row and of the blind test, where the focus is not in a field: each presses a button
// or follows a link of the page.

const press = (selector) => document.querySelector(selector)?.click();
const keys = {
  a: () => press("button[name=verdict][value=accept]"),
  r: () => press("button[name=verdict][value=reject], button[name=answer][value=real]"),
  d: () => press("button[name=answer][value=drawn]"),
  o: () => press('button[name=verdict][value=""]'),
  n: () => press(".steps a[rel=next]"),
  p: () => press(".steps a[rel=prev]"),
};
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
