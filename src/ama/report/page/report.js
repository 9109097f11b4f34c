"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const { axis, groups } = data;
const slider = document.getElementById("threshold");
const line = document.getElementById("chart-scores-threshold");
const svg = document.getElementById("chart-scores");
const samples = [...document.querySelectorAll(".sample")];
const shortest = (value) => Number(value.toPrecision(4)).toString();

// The ends of the slider flag nothing and everything.
const lowest = Math.min(axis.low, ...groups.map((group) => group.scores[0]));
const highest = Math.max(axis.high, ...groups.map((group) => group.scores.at(-1)));
const toUnits = (score) => axis.left + ((score - axis.low) / (axis.high - axis.low)) * (axis.right - axis.left);
const toScore = (units) => axis.low + ((units - axis.left) / (axis.right - axis.left)) * (axis.high - axis.low);

// Number of sorted scores below the threshold.
function below(scores, threshold) {
  let from = 0, to = scores.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (scores[middle] < threshold) from = middle + 1; else to = middle;
  }
  return from;
}

function cell(row, text, name = "td") {
  const element = row.appendChild(document.createElement(name));
  element.textContent = text;
  if (name === "th") element.scope = "row";
}

function setThreshold(threshold) {
  slider.value = threshold;
  document.getElementById("threshold-value").textContent = shortest(threshold);
  const inside = Math.min(Math.max(threshold, axis.low), axis.high);
  line.setAttribute("transform", `translate(${toUnits(inside) - toUnits(data.threshold)} 0)`);
  const body = document.querySelector("#counts tbody");
  body.replaceChildren();
  for (const { name, size, scores } of groups) {
    const share = below(scores, threshold) / scores.length;
    const row = body.insertRow();
    cell(row, name, "th");
    cell(row, Math.round(share * size).toLocaleString("en"));
    cell(row, size.toLocaleString("en"));
    cell(row, `${(100 * share).toFixed(1)} %`);
  }
  for (const sample of samples) {
    const flagged = Number(sample.dataset.score) < threshold;
    sample.classList.toggle("flagged", flagged);
    sample.querySelector(".flag").textContent = flagged ? "flagged" : "";
  }
}

// The slider spans the axis; its ends stand for all scores beyond it.
slider.min = axis.low;
slider.max = axis.high;
slider.step = "any";
slider.addEventListener("input", () => {
  const value = Number(slider.value);
  setThreshold(value <= axis.low ? lowest : value >= axis.high ? highest + 1 : value);
});
slider.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  slider.value = Number(slider.value) + (step * (axis.high - axis.low)) / 200;
  slider.dispatchEvent(new Event("input"));
});
document.getElementById("reset").addEventListener("click", () => setThreshold(data.threshold));

function drag(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  slider.value = toScore(place.x);
  slider.dispatchEvent(new Event("input"));
}
svg.addEventListener("pointerdown", (event) => {
  svg.setPointerCapture(event.pointerId);
  drag(event);
});
svg.addEventListener("pointermove", (event) => {
  if (svg.hasPointerCapture(event.pointerId)) drag(event);
});

const field = (id) => document.getElementById(id)?.value ?? "";
function filter() {
  const [group, label, low, high] = ["group", "label", "low", "high"].map(field);
  let shown = 0;
  for (const sample of samples) {
    const score = Number(sample.dataset.score);
    const fits = (!group || sample.dataset.groups.split("|").includes(group)) && (!label || sample.dataset.label === label)
      && (low === "" || score >= Number(low)) && (high === "" || score <= Number(high));
    sample.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").textContent = `${shown} of ${samples.length} shown`;
}
for (const event of ["input", "change"]) document.getElementById("filters").addEventListener(event, filter);

const dialog = document.getElementById("enlarged");
for (const card of document.querySelectorAll(".card")) {
  card.addEventListener("click", () => {
    document.getElementById("enlarged-title").textContent = card.querySelector(".caption").textContent.trim();
    const pictures = document.getElementById("enlarged-pictures");
    pictures.replaceChildren();
    for (const image of card.querySelectorAll("img")) {
      const figure = pictures.appendChild(document.createElement("figure"));
      figure.append(image.cloneNode());
      figure.appendChild(document.createElement("figcaption")).textContent = image.dataset.name;
    }
    document.getElementById("enlarged-terms").innerHTML = card.nextElementSibling.innerHTML;
    dialog.showModal();
    dialog.scrollTop = 0; // the focus on the button has scrolled a long one
  });
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

setThreshold(data.threshold);
filter();
