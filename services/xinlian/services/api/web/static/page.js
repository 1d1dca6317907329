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

const MARKS = { PASS: ["good", "✓"], FAIL: ["bad", "✗"], "NOT CHECKED": ["warn", "?"],
  "GAP STATED": ["warn", "!"] };

function element(name, kind, ...children) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...children);
  return made;
}

function chip(status, text) {
  const [kind, sign] = MARKS[status];
  return element("span", "chip " + kind, sign + " " + text);
}

async function check(button) {
  const words = JSON.parse(document.getElementById("proof-words").textContent);
  const place = document.getElementById("proof-result");
  const heads = document.getElementById("own-heads");
  button.disabled = true;
  place.textContent = words.working;
  try {
    const answer = await fetch(button.dataset.bundle, { credentials: "same-origin" });
    if (!answer.ok) throw new Error("HTTP " + answer.status);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const pinned = await Promise.all(
      Array.from(heads.files, async (file) => new Uint8Array(await file.arrayBuffer())),
    );
    // Let "checking" be painted before the work begins.
    await new Promise((painted) => setTimeout(painted, 30));
    const report = Xinlian.verify(bytes, pinned);
    show(report, words, place);
    mark(report, JSON.parse(new TextDecoder().decode(bytes)), words);
  } catch (error) {
    place.textContent = words.broken + ": " + error.message;
  }
  button.disabled = false;
}

function show(report, words, place) {
  const status = ["PASS", "FAIL", "NOT CHECKED", "GAP STATED"][report.exit];
  const result = element("p", "", chip(status, words["result_" + report.exit]));
  result.id = "proof-outcome";
  result.dataset.exit = report.exit;
  const steps = element("ol", "small steps");
  for (const step of report.steps) {
    const line = element("li", "", chip(step.status, words[step.status]), " ", step.name[words.lang]);
    for (const reason of step.reasons) line.append(element("div", "soft", reason[words.lang]));
    steps.append(line);
  }
  place.replaceChildren(result, steps);
}

// A record is unaltered and in the tree if the first six steps hold; the rest is about the head.
function mark(report, bundle, words) {
  const holds = report.exit !== 1 && report.steps.slice(0, 6).every((step) => step.status !== "FAIL");
  const result = holds ? "PASS" : "FAIL";
  const shown = new Set();
  for (const part of bundle.parts) {
    for (const record of part.records) shown.add(part.log.id + "/" + record.index);
  }
  for (const place of document.querySelectorAll("[data-record]")) {
    if (!shown.has(place.dataset.record)) continue;
    place.dataset.checked = result;
    place.replaceChildren(chip(result, words[holds ? "record_pass" : "record_fail"]));
  }
}

const button = document.getElementById("check-proof");
if (button) button.addEventListener("click", () => check(button));
