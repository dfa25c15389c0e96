"use strict";
const rows = JSON.parse(document.getElementById("data").textContent);
const card = document.querySelector(".world");
const tip = card.querySelector(".tip");
const marked = [];

function point(i, event) {
  while (marked.length) marked.pop().classList.remove("on");
  tip.hidden = i < 0;
  if (i < 0) return;
  marked.push(...document.querySelectorAll(`[data-i="${i}"]`));
  for (const one of marked) one.classList.add("on");
  const [given, formal, score, place] = rows[i];
  const title = document.createElement("b"), rest = document.createElement("div");
  title.textContent = given;
  rest.className = "soft";
  rest.textContent = `${formal} · ${score} · ${place} of ${rows.length}`;
  tip.replaceChildren(title, rest);
  const frame = card.getBoundingClientRect();
  const shape = (card.querySelector(`circle[data-i="${i}"]`) || card.querySelector(`path[data-i="${i}"]`))?.getBoundingClientRect();
  if (!event && !shape) { tip.hidden = true; return; }
  const x = (event ? event.clientX : shape.left + shape.width / 2) - frame.left;
  const y = (event ? event.clientY : shape.top + shape.height / 2) - frame.top;
  const left = x + tip.offsetWidth + 20 > frame.width ? x - tip.offsetWidth - 14 : x + 14;
  tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, Math.min(y + 14, frame.height - tip.offsetHeight - 4))}px)`;
}

const which = (event) => Number(event.target.closest("[data-i]")?.dataset.i ?? -1);
const globe = card.querySelector(".globe");
globe.addEventListener("pointermove", (event) => point(which(event), event));
globe.addEventListener("pointerdown", (event) => point(which(event), event));
globe.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") point(-1); });
const list = document.querySelector(".list");
list.addEventListener("pointermove", (event) => point(which(event)));
list.addEventListener("pointerleave", () => point(-1));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") point(-1); });
