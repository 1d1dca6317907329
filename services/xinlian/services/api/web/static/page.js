// What the page does by itself: open the tree level by level, and check the proof in this browser.
"use strict";

// A branch is fetched when it is opened for the first time.
document.addEventListener("toggle", async (event) => {
  const branch = event.target;
  if (!branch.open || !branch.dataset.source || branch.dataset.asked) return;
  branch.dataset.asked = "1";
  const place = branch.querySelector("[data-children]");
  try {
    const answer = await fetch(branch.dataset.source, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    place.innerHTML = await answer.text();
  } catch (error) {
    delete branch.dataset.asked;
    branch.open = false;
    place.textContent = document.body.dataset.failed + " (" + error.message + ")";
  }
}, true);

const MARKS = { pass: ["good", "✓"], fail: ["bad", "✗"], "not-checked": ["warn", "?"] };

function chip(word, text) {
  const made = document.createElement("span");
  const [kind, sign] = MARKS[word] || ["", "·"];
  made.className = "chip " + kind;
  made.textContent = sign + " " + text;
  return made;
}

async function check(button) {
  const words = JSON.parse(document.getElementById("proof-words").textContent);
  const place = document.getElementById("proof-result");
  button.disabled = true;
  place.textContent = words.working;
  try {
    const answer = await fetch(button.dataset.bundle, { credentials: "same-origin" });
    if (!answer.ok) throw new Error("HTTP " + answer.status);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const report = await window.xinlianCheck(bytes, document.documentElement.lang, words.heads);
    show(report, words, place);
  } catch (error) {
    place.textContent = words.broken + ": " + error.message;
  }
  button.disabled = false;
}

function show(report, words, place) {
  place.replaceChildren();
  const told = document.createElement("p");
  told.dataset.status = report.status;
  told.append(chip(report.status, words[report.status] || report.status));
  place.append(told);
  const list = document.createElement("ol");
  list.className = "small steps";
  for (const step of report.steps) {
    const line = document.createElement("li");
    line.value = step.number;
    line.append(chip(step.result, words[step.result] || step.result), " ", step.name);
    if (step.reason) {
      const why = document.createElement("span");
      why.className = "soft";
      why.textContent = " — " + step.reason;
      line.append(why);
    }
    list.append(line);
  }
  place.append(list);
  // What the bundle does not hold stays as the server told it.
  for (const mark of document.querySelectorAll("[data-record]")) {
    const result = report.records && report.records[mark.dataset.record];
    if (result) mark.replaceChildren(chip(result, words["record-" + result] || result));
  }
}

const button = document.getElementById("check-proof");
if (button) button.addEventListener("click", () => check(button));
