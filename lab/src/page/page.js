"use strict";
// Shows, beside the pointer, what all lines of a chart say at the nearest place; a click on a name hides its line.
const tip = document.getElementById("tip");
for (const svg of document.querySelectorAll("svg.chart")) {
  const series = [...svg.querySelectorAll("g.series")].map((group) => {
    const dots = [...group.querySelectorAll("circle")].map((dot) => {
      const said = dot.textContent.trim();
      const cut = said.lastIndexOf(" at ");
      const value = said.slice(group.dataset.name.length + 2, cut);
      return { x: +dot.getAttribute("cx"), y: +dot.getAttribute("cy"), value, at: said.slice(cut + 4) };
    });
    group.querySelectorAll("title").forEach((title) => title.remove());
    const label = group.querySelector("text");
    if (label) label.addEventListener("click", () => group.classList.toggle("off"));
    return { group, name: group.dataset.name, colour: group.querySelector("path").getAttribute("stroke"), dots };
  });
  const places = [...new Set(series.flatMap((one) => one.dots.map((dot) => dot.x)))];
  if (!places.length) continue;
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    if (x > svg.viewBox.baseVal.width - 168) { tip.hidden = true; return; }
    const near = places.reduce((a, b) => (Math.abs(b - x) < Math.abs(a - x) ? b : a));
    const here = series
      .filter((one) => !one.group.classList.contains("off"))
      .map((one) => ({ ...one, dot: one.dots.find((dot) => dot.x === near) }))
      .filter((one) => one.dot)
      .sort((a, b) => a.dot.y - b.dot.y);
    if (!here.length) { tip.hidden = true; return; }
    tip.replaceChildren();
    const head = document.createElement("b");
    head.textContent = here[0].dot.at;
    tip.append(head);
    for (const one of here) {
      const row = document.createElement("div");
      const name = document.createElement("span");
      const mark = document.createElement("i");
      mark.style.background = one.colour;
      name.append(mark, one.name);
      const value = document.createElement("span");
      value.textContent = one.dot.value;
      row.append(name, value);
      tip.append(row);
    }
    tip.hidden = false;
    const right = event.clientX + 18 + tip.offsetWidth > innerWidth;
    tip.style.left = (right ? event.clientX - tip.offsetWidth - 18 : event.clientX + 18) + "px";
    tip.style.top = Math.max(4, Math.min(event.clientY + 12, innerHeight - tip.offsetHeight - 4)) + "px";
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
}
document.documentElement.dataset.ready = "yes";
