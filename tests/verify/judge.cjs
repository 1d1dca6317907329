// Judge a list of cases with docs/verify.js: {data, heads, contracts} in base64 on stdin, one line
// of JSON per report on stdout.
const path = require("path");
const Xinlian = require(path.join(__dirname, "..", "..", "docs", "verify.js"));

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => {
  for (const one of JSON.parse(Buffer.concat(chunks).toString())) {
    const report = Xinlian.verify(bytes(one.data), one.heads.map(bytes), one.contracts);
    process.stdout.write(JSON.stringify(report) + "\n");
  }
});
