// Reads codes with the camera or from a photo: with the browser's BarcodeDetector where it has one
// for these codes, else with ZXing in WebAssembly from this server. Pictures stay on this device.
"use strict";

const FORMATS = ["qr_code", "data_matrix"];
const EVERY_MS = 150;
const words = JSON.parse(document.getElementById("scan-words").textContent);
const say = (text) => { document.getElementById("scan-state").textContent = text; };

async function makeReader() {
  if ("BarcodeDetector" in window) {
    const known = await window.BarcodeDetector.getSupportedFormats();
    if (FORMATS.every((format) => known.includes(format))) {
      const detector = new window.BarcodeDetector({ formats: FORMATS });
      return {
        name: "BarcodeDetector",
        read: async (source) => (await detector.detect(source)).map((found) => found.rawValue),
      };
    }
  }
  const { readBarcodes, prepareZXingModule } = window.ZXingWASM;
  await prepareZXingModule({
    overrides: { locateFile: () => document.body.dataset.wasm },
    fireImmediately: true,
  });
  const options = { formats: ["QRCode", "DataMatrix"], tryHarder: true, maxNumberOfSymbols: 4 };
  return {
    name: "ZXing",
    read: async (source) => {
      const found = await readBarcodes(pixels(source), options);
      return found.filter((each) => each.isValid).map((each) => each.text);
    },
  };
}

// A large photo is read at two sizes: small is quick, large finds small codes.
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true });
function pixels(source, most = 1280) {
  const width = source.videoWidth || source.width;
  const height = source.videoHeight || source.height;
  const scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

let reader = null;
let stream = null;
const ready = makeReader().then((made) => {
  reader = made;
  document.body.dataset.reader = made.name;
  return made;
});
ready.catch((error) => say(words.noreader + ": " + error.message));

function found(texts) {
  const text = texts.find((each) => each.length > 0);
  if (text === undefined) return false;
  stop();
  say(words.found + " " + text);
  document.getElementById("code").value = text;
  // The server decides what a text means: it never leads the browser elsewhere.
  document.getElementById("find").requestSubmit();
  return true;
}

function stop() {
  if (stream) for (const track of stream.getTracks()) track.stop();
  stream = null;
  document.getElementById("camera").hidden = true;
  document.getElementById("start").hidden = false;
  document.getElementById("stop").hidden = true;
}

async function start() {
  const video = document.querySelector("#camera video");
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    say(words.nocamera + " (" + error.name + ")");
    return;
  }
  document.getElementById("start").hidden = true;
  document.getElementById("stop").hidden = false;
  document.getElementById("camera").hidden = false;
  video.srcObject = stream;
  await video.play();
  say(words.looking);
  await ready;
  while (stream) {
    try {
      if (video.videoWidth && found(await reader.read(video))) return;
    } catch (error) {
      say(words.noreader + ": " + error.message);
    }
    await new Promise((go) => setTimeout(go, EVERY_MS));
  }
}

async function photo(file) {
  if (!file) return;
  say(words.reading);
  try {
    const picture = await createImageBitmap(file);
    await ready;
    if (!found(await reader.read(picture))) say(words.nothing);
  } catch (error) {
    say(words.badphoto);
  }
}

document.getElementById("start").addEventListener("click", start);
document.getElementById("stop").addEventListener("click", () => { stop(); say(""); });
document.getElementById("photo").addEventListener("change", (event) => photo(event.target.files[0]));
if (!navigator.mediaDevices) {
  document.getElementById("start").disabled = true;
  say(words.nocamera);
}
