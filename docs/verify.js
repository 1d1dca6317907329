// Check a Xinlian proof bundle (*.xlproof) in a browser or in Node, without trusting its maker.
// The same steps, sentences and report as xinlian_verify.py; both are explained in evidence.md.
// Only a pinned head is known here as a source of trust; to ask a chain node, use the Python file.
//
//   Xinlian.verify(bytes, [bytes of pinned heads], [contract addresses]) → report
"use strict";
const Xinlian = (() => {
  const [PASS, FAIL, OPEN, GAP] = ["PASS", "FAIL", "NOT CHECKED", "GAP STATED"];
  const FILE_BYTES_MAX = 64 << 20;
  const CLOCKS_DIFFER_MS_MAX = 300000;
  const ZERO = "00".repeat(32);

  class Refused extends Error {
    constructor(...finding) {
      super(finding[0]);
      this.finding = finding;
    }
  }

  // --- bytes and hashes ---

  const utf8 = (text) => new TextEncoder().encode(text);
  const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  const hex = (bytes) => {
    let text = "";
    for (const byte of bytes) text += HEX[byte];
    return text;
  };
  const NIBBLE = new Uint8Array(128);
  Array.from("0123456789abcdef", (c, i) => (NIBBLE[c.charCodeAt(0)] = i));
  const unhex = (text) => {
    const bytes = new Uint8Array(text.length / 2);
    for (let i = 0; i < bytes.length; i++)
      bytes[i] = (NIBBLE[text.charCodeAt(2 * i)] << 4) | NIBBLE[text.charCodeAt(2 * i + 1)];
    return bytes;
  };
  const big = (number, length) => unhex(BigInt(number).toString(16).padStart(2 * length, "0"));
  const number = (bytes) => BigInt("0x" + hex(bytes));

  // Both hashes read the joined parts in blocks of 64 bytes, padded with 0x80, zeros and the length
  // in bits. Most of what is hashed is short, and shares one buffer.
  const SHORT = new DataView(new ArrayBuffer(512));

  function padded(parts) {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const blocks = (length + 72) >> 6;
    const view = blocks <= 8 ? SHORT : new DataView(new ArrayBuffer(blocks << 6));
    const bytes = new Uint8Array(view.buffer, 0, blocks << 6);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    bytes.fill(0, length);
    bytes[length] = 0x80;
    view.setUint32(bytes.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(bytes.length - 4, (length << 3) >>> 0);
    return [view, bytes.length];
  }

  function digest(state) {
    const bytes = new Uint8Array(32);
    for (let i = 0; i < 32; i++) bytes[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
    return bytes;
  }

  const rotr = (x, n) => (x >>> n) | (x << (32 - n));
  const rotl = (x, n) => (n === 0 ? x : (x << n) | (x >>> (32 - n)));

  // The constants of FIPS 180-4: fractions of square and cube roots of the first primes.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (value, power) => {
    // The first 32 bits after the point, found exactly with whole numbers.
    const scaled = BigInt(value) << BigInt(32 * power);
    let low = 0n;
    for (let bit = 1n << 40n; bit; bit >>= 1n) if ((low + bit) ** BigInt(power) <= scaled) low += bit;
    return Number(low & 0xffffffffn) | 0;
  };
  const SHA_START = Int32Array.from(primes.slice(0, 8).map((p) => fraction(p, 2)));
  const SHA_ROUND = Int32Array.from(primes.map((p) => fraction(p, 3)));
  const W = new Int32Array(68);

  function sha256(...parts) {
    const [view, length] = padded(parts);
    const state = Int32Array.from(SHA_START);
    for (let at = 0; at < length; at += 64) {
      for (let t = 0; t < 16; t++) W[t] = view.getInt32(at + 4 * t);
      for (let t = 16; t < 64; t++) {
        const x = W[t - 15];
        const y = W[t - 2];
        const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
        const s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10);
        W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
      }
      // One by one: taking an array apart costs more than the hashing.
      let a = state[0];
      let b = state[1];
      let c = state[2];
      let d = state[3];
      let e = state[4];
      let f = state[5];
      let g = state[6];
      let h = state[7];
      for (let t = 0; t < 64; t++) {
        const s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + SHA_ROUND[t] + W[t]) | 0;
        const s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
      }
      state[0] += a;
      state[1] += b;
      state[2] += c;
      state[3] += d;
      state[4] += e;
      state[5] += f;
      state[6] += g;
      state[7] += h;
    }
    return digest(state);
  }

  // GB/T 32905.
  const SM3_START = [
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
  ];

  function sm3(...parts) {
    const [view, length] = padded(parts);
    const state = Int32Array.from(SM3_START);
    for (let at = 0; at < length; at += 64) {
      for (let t = 0; t < 16; t++) W[t] = view.getInt32(at + 4 * t);
      for (let t = 16; t < 68; t++) {
        const x = W[t - 16] ^ W[t - 9] ^ rotl(W[t - 3], 15);
        W[t] = x ^ rotl(x, 15) ^ rotl(x, 23) ^ rotl(W[t - 13], 7) ^ W[t - 6];
      }
      // One by one: taking an array apart costs more than the hashing.
      let a = state[0];
      let b = state[1];
      let c = state[2];
      let d = state[3];
      let e = state[4];
      let f = state[5];
      let g = state[6];
      let h = state[7];
      for (let t = 0; t < 64; t++) {
        const early = t < 16;
        const turn = rotl(a, 12);
        const ss1 = rotl((turn + e + rotl(early ? 0x79cc4519 : 0x7a879d8a, t % 32)) | 0, 7);
        const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
        const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
        const tt1 = (ff + d + (ss1 ^ turn) + (W[t] ^ W[t + 4])) | 0;
        const tt2 = (gg + h + ss1 + W[t]) | 0;
        d = c;
        c = rotl(b, 9);
        b = a;
        a = tt1;
        h = g;
        g = rotl(f, 19);
        f = e;
        e = tt2 ^ rotl(tt2, 9) ^ rotl(tt2, 17);
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] ^= word));
    }
    return digest(state);
  }

  function hmac(key, data) {
    const block = new Uint8Array(64);
    block.set(key);
    const inner = sha256(block.map((byte) => byte ^ 0x36), data);
    return sha256(block.map((byte) => byte ^ 0x5c), inner);
  }

  // RFC 8785. A half surrogate has no UTF-8 form, so it is refused.
  function canonical(value) {
    if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
    if (value !== null && typeof value === "object") {
      const names = Object.keys(value).sort();
      return "{" + names.map((name) => canonical(name) + ":" + canonical(value[name])).join(",") + "}";
    }
    const text = JSON.stringify(value);
    if (typeof value === "string" && text.includes("\\u") && /\p{Surrogate}/u.test(value))
      throw new Refused("the bytes are not in canonical form");
    return text;
  }

  // Order of the UTF-8 bytes, which is that of code points: UTF-16 differs from U+E000 on.
  function before(a, b) {
    const [left, right] = [Array.from(a), Array.from(b)];
    for (let i = 0; i < Math.min(left.length, right.length); i++)
      if (left[i] !== right[i]) return left[i].codePointAt(0) < right[i].codePointAt(0);
    return left.length < right.length;
  }

  // Step 1

  const FORMS = `
bundle = format:bundle_format digest:hash parts:[part]
part = log:log head:head subjects:[subject] index_proof:[token] records:[record] inclusion:[hash]
  subject_key?:hash anchor?:anchor consistency?:link sm3_inclusion?:[hash]
log = id:hash chain_id:count contract:address party:party stream:stream key_commitment:hash
head = size:size root:hash index_root:hash sm3_root?:hash
anchor = transaction:0xhash block_number:count block_hash:0xhash block_time:time
link = size:size root:hash proof:[hash]
subject = tag:hash count:count last?:hash id?:text
record = index:count leaf:leaf fields:[field]
shown = path:path value:scalar salt:hash
pinned = format:head_format log:hash chain_id:count contract:address key_commitment:hash
  size:size root:hash index_root:hash sm3_root?:hash block_time:time
telemetry = format:telemetry_format digest:hash proof:bundle span:span tables:[text]
  windows:[window] claims:[claim] gaps?:gaps
gaps = silent:[silence] lost:[loss] unseen:[unseen]
silence = device:text tag:text start_us:count end_us:count
loss = collector:text first:count last:count segments:count
unseen = device:text windows:count start_us:count end_us:count
span = log:hash group:text start_us:count end_us:count
window = record:count devices:[entry] device_inclusion:[hash] segments:[segment] inclusion:[hash]
entry = index:count device:text counts:tally salt:hash
tally = expected:count received:count missed:count suppressed:count bad:count
segment = index:count summary:summary leaves:[column] inclusion:[hash]
summary = party:party group:text window_s:size sequence:count start_us:count end_us:count
  leaves:size root:hash
column = index:count salt:hash body:hex
claim = kind:kind device:text tag:text value:decimal unit:text rows:count covered_us?:count
  hold_us?:count
block = device:text rate_group:count period_ms:count table:hash driver:text calibration:text
  clock:any counts:tally rows:count columns:any source:any quality:any
table = name:text version:text fixed:any tags:[tag]
tag = name:text address:text type:type order?:text scale?:number offset?:number unit?:text
  low?:number high?:number period_ms?:count deadband?:number access?:text role?:text label?:text
  label_zh?:text
`;
  const LINES = FORMS.trim()
    .replaceAll("\n  ", " ")
    .split("\n")
    .map((line) => line.split(" = "))
    .map(([name, rest]) => [name, rest.split(" ").map((member) => member.split(":"))]);
  const NEEDED = new Map(
    LINES.map(([form, rest]) => [form, rest.map(([n]) => n).filter((n) => !n.endsWith("?"))]),
  );
  const MEMBERS = new Map(
    LINES.map(([form, rest]) => [form, new Map(rest.map(([n, of]) => [n.replace("?", ""), of]))]),
  );
  const PATTERNS = {
    hash: /^[0-9a-f]{64}$/,
    "0xhash": /^0x[0-9a-f]{64}$/,
    leaf: /^[0-9a-f]{378}$/,
    address: /^0x[0-9a-f]{40}$/,
    stream: /^[a-z0-9._-]{1,32}$/,
    path: /^\/(?![^]*~(?![01]))[^]{0,999}$/u,
    text: /^/,
    bundle_format: /^xinlian-proof\/1$/,
    head_format: /^xinlian-head\/1$/,
    telemetry_format: /^xinlian-telemetry-proof\/1$/,
    hex: /^(?:[0-9a-f]{2})*$/,
    kind: /^(?:delta|sum|mean|min|max|integral)$/,
    decimal: /^(?!-0$)-?(?:0|[1-9][0-9]{0,399})(?:[.][0-9]{0,11}[1-9])?$/,
    number: /^-?[0-9]{1,60}(?:[.][0-9]{1,60})?(?:E[+-]?[0-9]{1,3})?$/,
    type: /^(?:bool|u?int(?:8|16|32|64)|float(?:32|64))$/,
  };
  const RANGES = {
    count: [0, Number.MAX_SAFE_INTEGER],
    size: [1, Number.MAX_SAFE_INTEGER],
    party: [0, 2 ** 32 - 1],
    time: [0, 253402300799],
  };
  const isObject = (value) =>
    value !== null && typeof value === "object" && !Array.isArray(value);

  function fits(value, form) {
    if (form === "any") return true;
    if (form in PATTERNS) return typeof value === "string" && PATTERNS[form].test(value);
    if (form in RANGES) {
      const [low, high] = RANGES[form];
      return Number.isSafeInteger(value) && low <= value && value <= high;
    }
    if (form === "scalar") {
      if (value !== null && typeof value === "object") return Object.keys(value).length === 0;
      return typeof value === "number" ? Number.isSafeInteger(value) : value !== undefined;
    }
    if (Array.isArray(value))
      return value.length === 3 && value[0] === "l" && value.slice(1).every((v) => fits(v, "hash"));
    return ["i", "e", "s"].includes(value) || fits(value, "hash");
  }

  // Where a value differs from its form, as a path below it; null where nothing differs.
  function misfit(value, form) {
    if (form === "field") form = isObject(value) ? "shown" : "hash";
    if (!MEMBERS.has(form) && form[0] !== "[") return fits(value, form) ? null : "";
    let items;
    if (MEMBERS.has(form) && isObject(value)) {
      const members = MEMBERS.get(form);
      for (const name of NEEDED.get(form)) if (!Object.hasOwn(value, name)) return `.${name}`;
      for (const name of Object.keys(value)) if (!members.has(name)) return `.${name}`;
      items = Object.keys(value).map((name) => [name, value[name], members.get(name)]);
    } else if (form[0] === "[" && Array.isArray(value)) {
      const rest = form.slice(1, -1);
      items = value.map((item, place) => [place, item, rest]);
    } else {
      return "";
    }
    for (const [name, item, rest] of items) {
      const found = misfit(item, rest);
      if (found !== null) return `.${name}${found}`;
    }
    return null;
  }

  function readForm(data, form) {
    const [value, text] = readJson(data);
    const found = misfit(value, form);
    if (found !== null && form === "pinned")
      throw new Refused("given as a pinned head, but is none: {}", form + found);
    if (found !== null) throw new Refused("missing, unknown or not of its form: {}", form + found);
    return [value, text];
  }

  // What headers and tables hold in members of any form has no fractions either.
  const whole = (_, value) => {
    if (typeof value === "number" && !Number.isInteger(value)) throw new Error("a fraction");
    return value;
  };

  function readJson(data, reviver) {
    if (data.length < 2 || data.length > FILE_BYTES_MAX)
      throw new Refused("{} bytes: empty or too large", data.length);
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
      return [JSON.parse(text, reviver), text];
    } catch {
      throw new Refused("not JSON of the kind allowed here");
    }
  }

  function readBundle(data) {
    const [bundle, text] = readForm(data, "bundle");
    const { digest: claimed, ...bare } = bundle;
    const rest = canonical(bare);
    // The digest is the first member.
    if (`{"digest":"${claimed}",${rest.slice(1)}\n` !== text)
      throw new Refused("the bytes are not in canonical form");
    if (hex(sha256(utf8(rest))) !== claimed)
      throw new Refused("the digest does not fit the content");
    const ids = bundle.parts.map((part) => part.log.id);
    if (ids.length < 1 || ids.length > 1000 || !inOrder(ids))
      throw new Refused("parts are missing, repeated or out of order");
    return bundle;
  }

  const inOrder = (items) => items.every((item, i) => i === 0 || items[i - 1] < item);

  // Step 2

  function* step2(part, trust) {
    const log = part.log;
    const place = [big(log.chain_id, 32), unhex(log.contract.slice(2)), big(log.party, 4)];
    if (hex(sha256(...place, utf8(log.stream))) !== log.id)
      throw new Refused("the log id fits not its chain, contract, party, stream");
    if (trust.contracts.length && !trust.contracts.includes(log.contract))
      throw new Refused("the log belongs to a contract that you did not name");
    const key = part.subject_key;
    if (key !== undefined && hex(sha256(unhex("30" + key))) !== log.key_commitment)
      throw new Refused("the subject key does not fit its commitment");
    if (trust.pins.some((pin) => pin.key_commitment !== log.key_commitment))
      throw new Refused("the key commitment is not the one that was fixed");
    if (key === undefined) yield [PASS, "the log id fits; no subject key is shown"];
    else if (trust.pins.length) yield [PASS, "log id and subject key fit what was fixed"];
    else yield [OPEN, "nobody confirms the subject key"];
  }

  // Step 3

  function treeRoot(entries) {
    let level = entries.map((entry) => sha256(Uint8Array.of(0), entry));
    while (level.length > 1) {
      const next = [];
      for (let i = 0; i + 1 < level.length; i += 2)
        next.push(sha256(Uint8Array.of(1), level[i], level[i + 1]));
      if (level.length % 2) next.push(level[level.length - 1]);
      level = next;
    }
    return level.length ? level[0] : sha256(new Uint8Array(0));
  }

  const shown = (record) =>
    new Map(record.fields.filter(isObject).map((item) => [item.path, item.value]));

  function* step3(part) {
    let [count, total] = [0, 0];
    for (const record of part.records) {
      const commitments = [];
      let last = "";
      for (const item of record.fields) {
        if (!isObject(item)) {
          commitments.push(unhex(item));
          continue;
        }
        if (!before(last, item.path))
          throw new Refused("record {}: fields repeat or are out of order", record.index);
        last = item.path;
        const content = utf8(canonical([item.path, item.value]));
        commitments.push(sha256(Uint8Array.of(0x10), unhex(item.salt), content));
      }
      if (!commitments.length || hex(treeRoot(commitments)) !== unpack(record).fieldRoot)
        throw new Refused("record {}: the fields do not give the leaf's field root", record.index);
      const fields = shown(record);
      for (let name of fields.keys())
        while ((name = name.slice(0, Math.max(name.lastIndexOf("/"), 0))))
          if (fields.has(name))
            throw new Refused("record {}: {} is a value and holds others", record.index, name);
      count += fields.size;
      total += commitments.length;
    }
    yield [PASS, "records: {}; fields shown: {} of {}", part.records.length, count, total];
  }

  // Step 4

  function unpack(record) {
    const data = unhex(record.leaf);
    return {
      mark: record.leaf.slice(0, 26),
      log: record.leaf.slice(26, 90),
      schema: record.leaf.slice(90, 154),
      tag: record.leaf.slice(154, 218),
      seq: number(data.subarray(109, 117)),
      previous: record.leaf.slice(234, 298),
      eventMs: number(data.subarray(149, 157)),
      fieldRoot: record.leaf.slice(314),
      hash: hex(sha256(Uint8Array.of(0), data)),
    };
  }

  const tagOf = (key, subject) => hex(hmac(unhex(key), utf8(subject)));

  const EVENT_TIME = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

  function eventMs(text) {
    // Date.parse takes the 30th of February for the 1st of March: the text has to come out again.
    const ms = EVENT_TIME.test(text) ? Date.parse(text) : NaN;
    return !Number.isNaN(ms) && new Date(ms).toISOString() === text ? BigInt(ms) : -1n;
  }

  function* step4(part) {
    const key = part.subject_key;
    let untied = 0;
    for (const record of part.records) {
      const [leaf, fields, index] = [unpack(record), shown(record), record.index];
      const names = ["/schema", "/subject", "/event_time"];
      const [schema, subject, time] = names.map((path) => (fields.has(path) ? fields.get(path) : ""));
      if (leaf.mark !== hex(utf8("XINLIAN-LEAF\x01")) || leaf.log !== part.log.id)
        throw new Refused("record {}: not a leaf of this log", index);
      if (![schema, subject, time].every((name) => typeof name === "string"))
        throw new Refused("record {}: schema, subject or event time is no text", index);
      if (fields.has("/schema") && hex(sha256(utf8(schema))) !== leaf.schema)
        throw new Refused("record {}: the schema is not the leaf's", index);
      if (fields.has("/subject") && key !== undefined && tagOf(key, subject) !== leaf.tag)
        throw new Refused("record {}: the subject is not the leaf's", index);
      if (fields.has("/event_time") && eventMs(time) !== leaf.eventMs)
        throw new Refused("record {}: the event time is not the leaf's", index);
      untied += fields.has("/subject") && key === undefined ? 1 : 0;
    }
    yield [PASS, "the leaves fit the log and the fields shown"];
    if (untied) yield [OPEN, "subjects named in records, but no subject key: {}", untied];
  }

  // Step 5

  function rebuilt(part, proof, h) {
    const leaves = part.records.map((record) => unhex(record.leaf));
    return rootWith(part.records.map((record) => record.index), leaves, part.head.size, proof, h);
  }

  // The root of a tree of a size, from the leaves at some places and the rest of it.
  function rootWith(places, leaves, size, proof, h) {
    if (!inOrder([...places, size]))
      throw new Refused("records repeat, are out of order or outside the tree");
    let next = 0;
    let [first, end] = [0, places.length];
    // Leaves low to high (excluded); the shown ones are taken in order as they come.
    const subtree = (low, high) => {
      if (first === end || places[first] >= high) {
        if (next === proof.length) throw new Refused("the inclusion proof is too short");
        return unhex(proof[next++]);
      }
      if (high - low === 1) return h(Uint8Array.of(0), leaves[first++]);
      let half = 1;
      while (half * 2 < high - low) half *= 2;
      const left = subtree(low, low + half);
      return h(Uint8Array.of(1), left, subtree(low + half, high));
    };
    const root = subtree(0, size);
    if (next !== proof.length) throw new Refused("the inclusion proof is too long");
    return hex(root);
  }

  function* step5(part) {
    if (rebuilt(part, part.inclusion, sha256) !== part.head.root)
      throw new Refused("the leaves do not give the head's root");
    yield [PASS, "leaves shown: {} of {}, all in the tree", part.records.length, part.head.size];
  }

  // Step 6

  const bit = (tag, i) => (parseInt(tag[i >> 2], 16) >> (3 - (i & 3))) & 1;

  function indexRoot(part) {
    const [subjects, tokens] = [part.subjects, part.index_proof];
    const present = [0]; // how many of the first subjects have records
    for (const one of subjects) present.push(present[present.length - 1] + (one.count > 0));
    let next = 0;
    const oneSubject = (tag, value) => ["s", sha256(unhex("21" + tag), value)];
    // The tags that begin with the bits in the prefix, among them the subjects first to last
    // (excluded): what is there ("e" nothing, "s" one subject, "i" more, "?" unseen), its hash.
    const subtree = (first, last, prefix) => {
      const [word, known, depth] = [tokens[next++], present[last] - present[first], prefix.length];
      if (word === "i" && depth < 256) {
        let [cut, end] = [first, last];
        while (cut < end) {
          const middle = (cut + end) >> 1;
          if (bit(subjects[middle].tag, depth)) end = middle;
          else cut = middle + 1;
        }
        const left = subtree(first, cut, [...prefix, 0]);
        const right = subtree(cut, last, [...prefix, 1]);
        if (["ee", "es", "se"].includes(left[0] + right[0]))
          throw new Refused("the index is not in its packed form");
        return ["i", sha256(Uint8Array.of(0x22), left[1], right[1])];
      }
      if (word === "s" && known === 1) {
        const one = subjects.slice(first, last).find((subject) => subject.count);
        return oneSubject(one.tag, sha256(Uint8Array.of(0x20), big(one.count, 8), unhex(one.last)));
      }
      if (known) throw new Refused("the index does not hold a listed subject");
      if (word === "e") return ["e", new Uint8Array(32)];
      if (Array.isArray(word) && prefix.every((value, i) => bit(word[1], i) === value)) {
        if (subjects.slice(first, last).some((one) => one.tag === word[1]))
          throw new Refused("a subject said to be absent is in the index");
        return oneSubject(word[1], unhex(word[2]));
      }
      if (first === last && typeof word === "string" && word.length === 64 && word !== ZERO)
        return ["?", unhex(word)];
      throw new Refused("the index proof is cut or ill-formed");
    };
    const root = subtree(0, subjects.length, [])[1];
    if (next < tokens.length) throw new Refused("the index proof is too long");
    return hex(root);
  }

  function checkComplete(subject, leaves) {
    const name = subject.id === undefined ? subject.tag : subject.id;
    let last = ZERO;
    if (leaves.length !== subject.count)
      throw new Refused("{}: {} of {} records shown", name, leaves.length, subject.count);
    leaves.forEach((leaf, place) => {
      if (leaf.seq !== BigInt(place) || leaf.previous !== last)
        throw new Refused("{}: the chain of records breaks at {}", name, place);
      last = leaf.hash;
    });
    if (last !== (subject.last === undefined ? ZERO : subject.last))
      throw new Refused("{}: the last record is another", name);
  }

  function* step6(part) {
    const [subjects, key] = [part.subjects, part.subject_key];
    if (!inOrder(subjects.map((one) => one.tag)))
      throw new Refused("subjects repeat or are out of order");
    if (subjects.some((one) => one.count > 0 !== (one.last !== undefined)))
      throw new Refused("a subject lacks its last leaf, or has one too many");
    if (indexRoot(part) !== part.head.index_root)
      throw new Refused("the subjects do not give the head's index root");
    const leavesOf = new Map(subjects.map((one) => [one.tag, []]));
    let other = 0;
    for (const leaf of part.records.map(unpack)) {
      if (leavesOf.has(leaf.tag)) leavesOf.get(leaf.tag).push(leaf);
      else other += 1;
    }
    for (const one of subjects) {
      if (one.id !== undefined && key !== undefined && tagOf(key, one.id) !== one.tag)
        throw new Refused("{}: the tag is not that of this subject", one.id);
      checkComplete(one, leavesOf.get(one.tag));
    }
    const full = subjects.filter((one) => one.count > 0).length;
    yield [PASS, "subjects with all their records: {}; with none at all: {}", full, subjects.length - full];
    if (other) yield [PASS, "records of other subjects, nothing claimed of these: {}", other];
    if (key === undefined && subjects.some((one) => one.id !== undefined))
      yield [OPEN, "subjects are named, but no subject key is shown"];
  }

  // Step 7

  function trustIn(part, pins, contracts) {
    const [head, link] = [part.head, part.consistency];
    const mine = pins.filter((pin) => pin.log === part.log.id);
    const holds = link !== undefined && joined(link, head);
    return {
      pins: mine,
      contracts,
      holds,
      same: mine.filter((pin) => pin.size === head.size || pin.root === head.root),
      linked: mine.filter((pin) => holds && agree(pin, link, "size", "root")),
    };
  }

  const agree = (one, other, ...names) =>
    names.every((name) => one[name] === undefined || other[name] === undefined || one[name] === other[name]);

  function* step7(part, trust) {
    for (const pin of trust.same) {
      if (!agree(pin, part.head, "size", "root", "index_root", "sm3_root"))
        throw new Refused("the pinned head of size {} is another", pin.size);
      if (!agree(pin, part.anchor || {}, "block_time"))
        throw new Refused("the pinned head of size {} has another block time", pin.size);
      yield [PASS, "equals the pinned head of size {}", pin.size];
    }
    if (part.anchor) yield [PASS, "the transaction named was not looked up; nothing rests on it"];
    if (trust.same.length) return;
    const covered = Math.max(0, ...trust.linked.map((pin) => pin.size));
    if (!covered || part.records.some((record) => record.index >= covered))
      yield [OPEN, "no pinned head and no node confirms this head"];
    else if (part.subjects.length)
      yield [OPEN, "the pinned head of size {} holds the records, not the index", covered];
    else yield [PASS, "the records are in the pinned head of size {}", covered];
  }

  // Step 8

  function joined(link, head) {
    const [small, large] = link.size <= head.size ? [link, head] : [head, link];
    let [first, second] = [BigInt(small.size) - 1n, BigInt(large.size) - 1n];
    const path = link.proof.map(unhex);
    if ((first & (first + 1n)) === 0n) path.unshift(unhex(small.root));
    if (first === second || !path.length) return false;
    for (; first & 1n; first >>= 1n) second >>= 1n;
    let [older, newer] = [path[0], path[0]];
    for (const node of path.slice(1)) {
      if (second === 0n) return false;
      if (first & 1n || first === second) {
        [older, newer] = [sha256(Uint8Array.of(1), node, older), sha256(Uint8Array.of(1), node, newer)];
        for (; first && !(first & 1n); first >>= 1n) second >>= 1n;
      } else {
        newer = sha256(Uint8Array.of(1), newer, node);
      }
      first >>= 1n;
      second >>= 1n;
    }
    return second === 0n && hex(older) === small.root && hex(newer) === large.root;
  }

  function* step8(part, trust) {
    const link = part.consistency;
    if (link !== undefined && !trust.holds)
      throw new Refused("the consistency proof does not join the two heads");
    for (const pin of trust.pins) {
      if (link !== undefined && pin.size === link.size && pin.root !== link.root)
        throw new Refused("the history is not that of the pinned head of size {}", pin.size);
      if (trust.linked.includes(pin) || trust.same.includes(pin))
        yield [PASS, "one history with the pinned head of size {}", pin.size];
      else if (pin.size > part.head.size)
        yield [OPEN, "the pinned head of size {} is newer: get the proof again", pin.size];
      else yield [OPEN, "the pinned head of size {} is not joined: pin the proof's", pin.size];
    }
    if (!trust.pins.length) yield [OPEN, "no pinned head and no node to compare with"];
  }

  // Step 9

  function* step9(part, trust) {
    const end = Math.max(0, ...part.records.slice(-1).map((record) => record.index));
    const linked = trust.linked.filter((pin) => pin.size > end);
    const times = [...trust.same, ...linked].map((pin) => pin.block_time);
    if (!times.length) {
      yield [OPEN, "nobody confirms a time"];
      return;
    }
    const fixed = Math.min(...times);
    let [low, high] = [Infinity, -Infinity];
    for (const record of part.records) {
      const gap = Number(BigInt(fixed) * 1000n - unpack(record).eventMs);
      if (gap < -CLOCKS_DIFFER_MS_MAX)
        throw new Refused("record {}: the event lies after the time it was fixed", record.index);
      [low, high] = [Math.min(low, gap), Math.max(high, gap)];
    }
    yield [PASS, "fixed by {}", new Date(fixed * 1000).toISOString().slice(0, 19) + "Z"];
    if (part.records.length) yield [PASS, "{} to {} (h:min:s) after the events", span(low), span(high)];
  }

  function span(ms) {
    const s = Math.floor(Math.max(ms, 0) / 1000);
    const two = (n) => String(n % 60).padStart(2, "0");
    return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60))}:${two(s)}`;
  }

  // Step 10

  function* step10(part, trust) {
    const [claimed, proof] = [part.head.sm3_root, part.sm3_inclusion];
    const fixed = trust.same.map((pin) => (pin.sm3_root === undefined ? ZERO : pin.sm3_root));
    if (claimed === undefined && proof === undefined && fixed.every((root) => root === ZERO)) {
      yield [PASS, "no SM3 root is claimed"];
    } else if (claimed === undefined || proof === undefined) {
      yield [OPEN, "the bundle leaves out what proves the SM3 root"];
    } else if (rebuilt(part, proof, sm3) !== claimed) {
      throw new Refused("the leaves do not give the SM3 root");
    } else if (fixed.includes(claimed)) {
      yield [PASS, "the leaves give the SM3 root"];
    } else {
      yield [OPEN, "nobody confirms the SM3 root"];
    }
  }

  // Steps 11 to 17, for files about readings: see xinlian_verify.py.

  const TEXTS = ["schema", "subject", "group", "collector", "root", "devices_root"];
  const NUMBERS = [
    ..."party window_start_us window_end_us first_us last_us segments devices".split(" "),
    ..."first_sequence last_sequence".split(" "),
  ];
  const TYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split(" ");
  const TALLY = ["expected", "received", "missed", "suppressed", "bad"];
  const DAY_US = 86400000000;
  const BAD_MIN = 16;
  const LATE_US = 3600000000;
  const SLACK_US = 5000000n;
  const GAPS_TOLD = 20;
  const TIME_US_MAX = 253402300800 * 1e6;

  function readTelemetry(data) {
    const [told, text] = readForm(data, "telemetry");
    const { digest: claimed, ...bare } = told;
    if (canonical(told) + "\n" !== text)
      throw new Refused("the bytes are not in canonical form");
    if (hex(sha256(utf8(canonical(bare)))) !== claimed)
      throw new Refused("the digest does not fit the content");
    return told;
  }

  function* step11(data, told) {
    const read = readTelemetry(data);
    Object.assign(told, read);
    if (!(told.span.start_us < told.span.end_us && told.span.end_us < TIME_US_MAX))
      throw new Refused("the time span is empty");
    yield [PASS, "windows shown: {}; claims: {}", told.windows.length, told.claims.length];
  }

  const clockOf = (us) =>
    new Date(Math.floor(us / 1e6) * 1000).toISOString().slice(0, 19) + "Z";

  function* step12(told, parts) {
    const { log, group, start_us: begin, end_us: end } = told.span;
    const records = new Map();
    told.numbered = [];
    const part = parts.find((one) => one.log.id === log);
    if (part === undefined) throw new Refused("the log of the readings is not in the proof");
    const tags = tagsOfDays(part, told.span);
    for (const record of part.records) {
      const subject = tags.get(unpack(record).tag);
      if (subject === undefined) continue;
      const fields = windowFields(record, subject, group, part.log.party);
      const { collector, first_sequence: low, last_sequence: high, segments } = fields;
      told.numbered.push([collector, low, high, segments]);
      if (fields.first_us < end && fields.last_us >= begin) records.set(record.index, fields);
    }
    const named = told.windows.map((one) => one.record);
    const wanted = [...records.keys()].sort((a, b) => a - b);
    if (named.length !== wanted.length || named.some((one, i) => one !== wanted[i]))
      throw new Refused("the windows shown are not those with readings in the span");
    told.records = records;
    const words = "group {}, {} to {}: windows with readings {}, all shown";
    yield [PASS, words, group, clockOf(begin), clockOf(end), records.size];
  }

  function tagsOfDays(part, askedFor) {
    const named = part.subjects.filter((one) => one.id !== undefined);
    const listed = new Map(named.map((one) => [one.id, one.tag]));
    const [first, last] = [askedFor.start_us - LATE_US, askedFor.end_us - 1];
    if (last - first > 1000 * DAY_US) throw new Refused("the time span is too long");
    const found = new Map();
    for (let day = Math.floor(Math.max(first, 0) / DAY_US); day <= Math.floor(last / DAY_US); day++) {
      const date = clockOf(day * DAY_US).slice(0, 10);
      const name = `telemetry:${part.log.party}:${askedFor.group}:${date}`;
      if (!listed.has(name))
        throw new Refused("the windows of a day are not shown whole: {}", name);
      found.set(listed.get(name), name);
    }
    return found;
  }

  function windowFields(record, subject, group, party) {
    const fields = Object.fromEntries([...shown(record)].map(([path, v]) => [path.slice(1), v]));
    for (const need of [...TEXTS, ...NUMBERS])
      if (typeof fields[need] !== (TEXTS.includes(need) ? "string" : "number"))
        throw new Refused("record {}: a window without its {}", record.index, need);
    const [start, end] = [fields.window_start_us, fields.window_end_us];
    const right =
      0 <= start && start < end && end < TIME_US_MAX &&
      subject.endsWith(":" + clockOf(start).slice(0, 10));
    const names = [fields.schema, fields.subject, fields.party, fields.group];
    const wanted = ["xinlian-telemetry/1", subject, party, group];
    if (!right || names.some((name, i) => name !== wanted[i]))
      throw new Refused("record {}: not a window of this group and day", record.index);
    return fields;
  }

  const indices = (items) => items.map((one) => one.index);

  function* step13(told) {
    let columns = 0;
    const seen = new Set();
    for (const window of told.windows) {
      const fields = told.records.get(window.record);
      const data = window.segments.map((one) => utf8(canonical(one.summary)));
      const places = indices(window.segments);
      if (rootWith(places, data, fields.segments, window.inclusion, sha256) !== fields.root)
        throw new Refused("record {}: the segments do not give the window's root", window.record);
      const [low, high] = [fields.first_sequence, fields.last_sequence - fields.segments + 1];
      let sequence = -1;
      for (const one of window.segments) {
        const summary = one.summary;
        const length = BigInt(summary.window_s) * 1000000n;
        const begins = (BigInt(summary.start_us) / length) * length;
        if (
          summary.party !== fields.party ||
          summary.group !== fields.group ||
          begins !== BigInt(fields.window_start_us) ||
          begins + length !== BigInt(fields.window_end_us) ||
          !(fields.first_us <= summary.start_us && summary.start_us <= summary.end_us) ||
          summary.sequence <= sequence ||
          summary.end_us > fields.last_us ||
          !(low <= summary.sequence - one.index && summary.sequence - one.index <= high)
        )
          throw new Refused("segment {} is not of this window", summary.sequence);
        sequence = summary.sequence;
        if (seen.has(pair(fields.collector, sequence)))
          throw new Refused("segment {} is shown twice", sequence);
        seen.add(pair(fields.collector, sequence));
        const bodies = one.leaves.map((leaf) => unhex(leaf.salt + leaf.body));
        const root = rootWith(indices(one.leaves), bodies, summary.leaves, one.inclusion, sha256);
        if (root !== summary.root)
          throw new Refused("segment {}: the columns do not give its root", sequence);
        columns += bodies.length;
      }
    }
    yield [PASS, "segments shown: {}, with {} columns and headers", seen.size, columns];
  }

  const pair = (device, tag) => JSON.stringify([device, tag]);

  function* step14(told) {
    const tables = new Map(told.tables.map((text) => [hex(sha256(utf8(text))), tagGroups(text)]));
    told.readings = new Map(told.claims.map((one) => [pair(one.device, one.tag), []]));
    told.held = new Map([...told.readings.keys()].map((key) => [key, []]));
    told.streams = new Map([...told.readings.keys()].map((key) => [key, []]));
    [told.periods, told.tallies, told.named] = [new Map(), new Map(), new Map()];
    let rows = 0;
    const used = new Set();
    for (const window of told.windows)
      for (const one of window.segments)
        for (const [index, block, tags, leaves] of blocksOf(one, tables)) {
          used.add(block.table);
          const known = told.named.get(block.device) || [new Set(), new Set()];
          told.named.set(block.device, known);
          known[0].add(block.calibration || "-");
          const state = block.clock === null ? null : block.clock.state;
          known[1].add(typeof state === "string" ? state : "-");
          const key = pair(window.record, block.device);
          if (!told.tallies.has(key)) told.tallies.set(key, {});
          const tally = told.tallies.get(key);
          for (const name of TALLY) tally[name] = (tally[name] || 0n) + BigInt(block.counts[name]);
          const { collector } = told.records.get(window.record);
          rows += taken(told, one, collector, index, block, tags, leaves);
        }
    for (const readings of told.readings.values())
      readings.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    for (const [key, spans] of told.streams) {
      let [until, last] = [-1, ""];
      spans.sort((a, b) => a[0] - b[0] || a[1] - b[1] || byName(a[2], b[2]));
      for (const [start, end, collector] of spans) {
        if (start <= until && collector !== last)
          throw new Refused("{}/{}: two collectors tell of it at once", ...JSON.parse(key));
        [until, last] = [Math.max(until, end), collector];
      }
    }
    const digests = [...tables.keys()];
    const wanted = [...used].sort();
    const right = told.tables.length === digests.length && digests.length === wanted.length;
    if (!right || digests.some((digest, i) => digest !== wanted[i]))
      throw new Refused("tag tables repeat, are out of order or belong to nothing shown");
    yield [PASS, "readings shown: {}", rows];
  }

  // Note the readings of a block's claimed tags, and until when deadband held some back.
  function taken(told, one, collector, index, block, tags, leaves) {
    const { sequence, start_us: start, end_us: end } = one.summary;
    let rows = 0;
    tags.forEach((tag, place) => {
      const key = pair(block.device, tag.name);
      const readings = told.readings.get(key);
      if (readings === undefined) return;
      const period = 1000n * BigInt(tag.period_ms === undefined ? 1000 : tag.period_ms);
      const before = told.periods.get(key);
      told.periods.set(key, before === undefined || before < period ? period : before);
      if (block.counts.suppressed)
        told.held
          .get(key)
          .push([BigInt(end) - BigInt(block.counts.received) * period, BigInt(end)]);
      if (!block.rows) return;
      told.streams.get(key).push([start, end, collector]);
      if (!leaves.has(index + 1) || !leaves.has(index + 3 + place))
        throw new Refused("segment {}: a column is held back", sequence);
      const [times] = column(leaves.get(index + 1), "int64", block.rows);
      const [values, codes] = column(leaves.get(index + 3 + place), tag.type, block.rows);
      if (times.some((at) => at < start || at > end))
        throw new Refused("segment {}: readings of another time", sequence);
      values.forEach((raw, i) => {
        readings.push([times[i], exact(raw, codes[i], tag), tag]);
      });
      rows += block.rows;
    });
    return rows;
  }

  function* blocksOf(one, tables) {
    const leaves = new Map(one.leaves.map((leaf) => [leaf.index, unhex(leaf.body)]));
    const sequence = one.summary.sequence;
    let behind = 0;
    for (const [index, body] of leaves) {
      if (body[0] !== 1) {
        if (index >= behind)
          throw new Refused("segment {}: a column without its header", sequence);
        continue;
      }
      const [block, text] = readJson(body.subarray(1), whole);
      if (index < behind || canonical(block) !== text || misfit(block, "block") !== null)
        throw new Refused("segment {}: a header is ill-formed", sequence);
      const groups = tables.get(block.table);
      if (groups === undefined || block.rate_group >= groups.length)
        throw new Refused("the tag table {} is not shown", block.table);
      const tags = groups[block.rate_group];
      behind = index + 3 + tags.length;
      yield [index, block, tags, leaves];
    }
  }

  function tagGroups(text) {
    const [table] = readJson(utf8(text), whole);
    if (canonical(table) !== text || misfit(table, "table") !== null) throw new Refused("a tag table is ill-formed");
    const period = (tag) => (tag.period_ms === undefined ? 1000 : tag.period_ms);
    const periods = [...new Set(table.tags.map(period))].sort((a, b) => a - b);
    return periods.map((ms) => table.tags.filter((tag) => period(tag) === ms));
  }

  // Raw values and quality codes of a column; whole numbers as BigInt.
  function column(body, kind, rows) {
    const code = TYPES.indexOf(kind);
    const width = [1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8][code];
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    if (body.length < 8) throw new Refused("a column is ill-formed");
    const flag = body[2];
    const start = 8 + (flag ? Math.min(rows, body.length - 8) : 0);
    const head = [2, code + 1, flag & 1, 0];
    if (
      head.some((byte, i) => body[i] !== byte) ||
      view.getUint32(4, true) !== rows ||
      body.length !== start + rows * width
    )
      throw new Refused("a column is ill-formed");
    const read = [
      "getUint8", "getInt8", "getUint8", "getInt16", "getUint16", "getInt32", "getUint32",
      "getBigInt64", "getBigUint64", "getFloat32", "getFloat64",
    ][code];
    const values = [];
    for (let at = start; at < body.length; at += width) {
      const raw = view[read](at, true);
      values.push(code < 9 ? BigInt(raw) : raw);
    }
    return [values, flag ? body.subarray(8, start) : new Uint8Array(rows)];
  }

  // Numbers without rounding: [n, k] is n / 10^k. Every binary fraction is a decimal one.

  const TEN = [1n];
  function ten(power) {
    while (TEN.length <= power) TEN.push(TEN[TEN.length - 1] * 10n);
    return TEN[power];
  }

  function decimal(text) {
    const [, sign, whole, part = "", exponent = "0"] =
      /^(-?)([0-9]+)(?:[.]([0-9]+))?(?:E([+-]?[0-9]+))?$/.exec(text);
    const places = part.length - Number(exponent);
    const digits = BigInt(sign + whole + part);
    return places >= 0 ? [digits, places] : [digits * ten(-places), 0];
  }

  function fraction2(raw) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, raw);
    const bits = view.getBigUint64(0);
    const power = Number((bits >> 52n) & 0x7ffn);
    const low = bits & 0xfffffffffffffn;
    const digits = (power ? low | (1n << 52n) : low) * (bits >> 63n ? -1n : 1n);
    const exponent = (power || 1) - 1075;
    if (exponent >= 0) return [digits << BigInt(exponent), 0];
    let zeros = 0;
    let rest = digits;
    while (rest && !(rest & 1n) && zeros < -exponent) {
      rest >>= 1n;
      zeros += 1;
    }
    const places = digits ? -exponent - zeros : 0;
    return [rest * 5n ** BigInt(places), places];
  }

  const level = ([n, k], places) => n * ten(places - k);

  function exact(raw, code, tag) {
    if (code >= BAD_MIN || (typeof raw === "number" && !Number.isFinite(raw))) return null;
    const [n, k] = typeof raw === "bigint" ? [raw, 0] : fraction2(raw);
    const scale = decimal(tag.scale === undefined ? "1" : tag.scale);
    const offset = decimal(tag.offset === undefined ? "0" : tag.offset);
    const scaled = [n * scale[0], k + scale[1]];
    const places = Math.max(scaled[1], offset[1]);
    return [level(scaled, places) + level(offset, places), places];
  }

  function* step15(told) {
    const total = Object.fromEntries(TALLY.map((name) => [name, 0n]));
    const devices = [...new Set(told.claims.map((one) => one.device))];
    devices.sort((a, b) => (a === b ? 0 : before(a, b) ? -1 : 1));
    told.partly = [];
    for (const window of told.windows) {
      const [fields, entries] = [told.records.get(window.record), window.devices];
      const data = entries.map((one) =>
        join(unhex(one.salt), utf8(canonical([one.device, one.counts]))),
      );
      const rest = window.device_inclusion;
      if (rootWith(indices(entries), data, fields.devices, rest, sha256) !== fields.devices_root)
        throw new Refused("record {}: the devices do not give their root", window.record);
      for (const device of devices) {
        const counts = countsOf(device, entries, fields.devices);
        if (counts === null)
          throw new Refused("record {}: nothing is said of device {}", window.record, device);
        const tally = told.tallies.get(pair(window.record, device)) || {};
        const told2 = TALLY.map((name) => [tally[name] || 0n, BigInt(counts[name] || 0)]);
        TALLY.forEach((name) => (total[name] += BigInt(counts[name] || 0)));
        if (told2.some(([some, all]) => some > all))
          throw new Refused("record {}: more cycles are shown than counted", window.record);
        if (told2.some(([some, all]) => some !== all))
          told.partly.push([device, fields.first_us, fields.last_us, counts.received || 0]);
      }
    }
    const words = "cycles due: {}, missed: {}, held back: {}; bad values: {}";
    yield [PASS, words, total.expected, total.missed, total.suppressed, total.bad];
    for (const device of devices.filter((name) => told.named.has(name))) {
      const names = told.named.get(device).map((each) => [...each].sort(byName).join(", "));
      yield [PASS, "{}: calibration {}; clock {}", device, ...names];
    }
  }

  function join(...parts) {
    const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      made.set(part, at);
      at += part.length;
    }
    return made;
  }

  // A device's counts in a window; none where its neighbours show that it is not there.
  function countsOf(device, entries, size) {
    let last = -1;
    for (const one of entries) {
      if (one.device === device) return one.counts;
      if (before(device, one.device)) return one.index === last + 1 ? {} : null;
      last = one.index;
    }
    return last + 1 === size ? {} : null;
  }

  function* step16(told) {
    const [begin, end] = [BigInt(told.span.start_us), BigInt(told.span.end_us)];
    for (const claim of told.claims) {
      const { device, tag, kind } = claim;
      const name = `${device}/${tag}`;
      const rows = told.readings
        .get(pair(device, tag))
        .filter(([at, value]) => begin <= at && at < end && value !== null);
      if (!rows.length) throw new Refused("{}: no good reading in the span", name);
      const [first, last] = [rows[0][0], rows[rows.length - 1][0]];
      for (const [owner, low, high] of told.partly)
        if (owner === device && !(kind === "delta" && first < low && low <= high && high < last))
          throw new Refused("{}: readings are left out that the claim needs", name);
      const hours = kind === "integral" ? ".h" : "";
      const units = new Set(rows.map((row) => (row[2].unit || "") + hours));
      const [value, covered] = reckoned(kind, rows, claim.hold_us, end);
      const right = units.size === 1 && units.has(claim.unit) && claim.rows === rows.length;
      const time = claim.covered_us === undefined ? undefined : BigInt(claim.covered_us);
      if (!right || time !== covered)
        throw new Refused("{}: unit, rows or time are not those of the readings", name);
      if (value !== claim.value)
        throw new Refused("{}: the readings give {}, not {}", name, value, claim.value);
      const words = "{}: {} is {} {}, from {} readings";
      yield [PASS, words, name, kind, claim.value, claim.unit, rows.length];
    }
  }

  // The value of a claim as text; for a time integral also the time that the readings cover.
  function reckoned(kind, rows, hold, end) {
    if ((hold !== undefined) !== (kind === "integral"))
      throw new Refused("how long a reading holds belongs to time integrals alone");
    const places = rows.reduce((most, row) => Math.max(most, row[1][1]), 0);
    const values = rows.map((row) => level(row[1], places));
    if (kind === "delta") {
      if (!values.every((value, i) => i === 0 || values[i - 1] <= value))
        throw new Refused("the counter goes backwards");
      return [asText(values[values.length - 1] - values[0], places, 1n), undefined];
    }
    if (kind === "integral") {
      let [total, covered] = [0n, 0n];
      rows.forEach((row, i) => {
        const us = (i + 1 < rows.length ? rows[i + 1][0] : end) - row[0];
        const held = us < BigInt(hold) ? us : BigInt(hold);
        total += values[i] * held;
        covered += held;
      });
      return [asText(total, places, 3600000000n), covered];
    }
    if (kind === "min" || kind === "max") {
      const better = kind === "min" ? (a, b) => (b < a ? b : a) : (a, b) => (b > a ? b : a);
      return [asText(values.reduce(better), places, 1n), undefined];
    }
    const total = values.reduce((sum, value) => sum + value, 0n);
    return [asText(total, places, kind === "sum" ? 1n : BigInt(values.length)), undefined];
  }

  function* step17(told) {
    const none = { silent: [], lost: [], unseen: [] };
    const stated = told.gaps === undefined ? none : told.gaps;
    const found = {
      silent: [...silences(told)], lost: [...losses(told)], unseen: [...unseen(told)],
    };
    const state = (kind, one) =>
      stated[kind].some((other) => canonical(other) === canonical(one)) ? GAP : FAIL;
    for (const one of found.silent.slice(0, GAPS_TOLD)) {
      const times = [clockOf(one.start_us), clockOf(one.end_us)];
      const words = "{}/{}: nothing was heard from {} to {}";
      yield [state("silent", one), words, one.device, one.tag, ...times];
    }
    for (const one of found.lost.slice(0, GAPS_TOLD)) {
      const words = "{}: of the segments {} to {} no record holds {}";
      yield [state("lost", one), words, one.collector, one.first, one.last, one.segments];
    }
    for (const one of found.unseen.slice(0, GAPS_TOLD)) {
      const where = [one.device, one.windows, clockOf(one.start_us), clockOf(one.end_us)];
      const words = "{}: windows shown without their readings: {}, {} to {}";
      yield [state("unseen", one), words, ...where];
    }
    const number = found.silent.length + found.lost.length + found.unseen.length;
    if (canonical(found) !== canonical(stated) || (told.gaps !== undefined && !number))
      throw new Refused("the gaps that the file states are not those of its readings and records");
    if (told.gaps !== undefined)
      yield [GAP, "gaps stated: {}; the claims are about what lies around them", number];
    else yield [PASS, "heard throughout the span, and no segment's number is missing"];
  }

  const byName = (a, b) => (a === b ? 0 : before(a, b) ? -1 : 1);

  function* silences(told) {
    const [begin, end] = [BigInt(told.span.start_us), BigInt(told.span.end_us)];
    const pairs = [...told.readings.keys()].map((key) => JSON.parse(key));
    pairs.sort((a, b) => byName(a[0], b[0]) || byName(a[1], b[1]));
    for (const [device, tag] of pairs) {
      const key = pair(device, tag);
      const good = told.readings.get(key).filter((row) => row[1] !== null);
      const part = told.partly.filter(([owner, , , some]) => owner === device && some);
      const heard = [
        ...good.map((row) => [row[0], row[0]]),
        ...told.held.get(key),
        ...part.map(([, low, high]) => [BigInt(low), BigInt(high)]),
      ];
      heard.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      let at = begin;
      for (const [low, high] of [...heard, [end, end]]) {
        const until = low < end ? low : end;
        if (until - at > 2n * told.periods.get(key) + SLACK_US)
          yield { device, tag, start_us: Number(at), end_us: Number(until) };
        if (high > at) at = high;
      }
    }
  }

  function* unseen(told) {
    const devices = [...new Set(told.partly.map((one) => one[0]))].sort(byName);
    for (const device of devices) {
      const own = told.partly.filter((one) => one[0] === device);
      const start_us = own.reduce((least, one) => Math.min(least, one[1]), own[0][1]);
      const end_us = own.reduce((most, one) => Math.max(most, one[2]), own[0][2]);
      yield { device, windows: own.length, start_us, end_us };
    }
  }

  function* losses(told) {
    const shownOf = new Map();
    for (const { collector, first_sequence: first } of told.records.values())
      shownOf.set(collector, [...(shownOf.get(collector) || []), first]);
    for (const collector of [...shownOf.keys()].sort(byName)) {
      const runs = [];
      const numbered = told.numbered.filter((one) => one[0] === collector);
      numbered.sort((a, b) => a[1] - b[1] || a[2] - b[2] || a[3] - b[3]);
      for (let [, first, last, count] of numbered) {
        const before = runs[runs.length - 1];
        if (before !== undefined && first <= before[1]) {
          runs.pop();
          [first, last, count] = [before[0], Math.max(last, before[1]), before[2] + count];
        }
        runs.push([first, last, count]);
        if (count > last - first + 1)
          throw new Refused("{}: numbers of segments repeat in the records", collector);
      }
      const shown = shownOf.get(collector);
      const [least, most] = shown.reduce(
        ([low, high], at) => [Math.min(low, at), Math.max(high, at)], [shown[0], shown[0]]);
      const low = runs.filter((run) => run[0] <= least).length;
      const high = runs.filter((run) => run[0] <= most).length;
      let before;
      const loss = (first, last, segments) => ({ collector, first, last, segments });
      for (const [first, last, count] of runs.slice(Math.max(low - 2, 0), high + 1)) {
        if (before !== undefined && first > before + 1)
          yield loss(before + 1, first - 1, first - before - 1);
        if (count < last - first + 1) yield loss(first, last, last - first + 1 - count);
        before = last;
      }
    }
  }

  // n / (10^places * divisor), with at most 12 places after the point, rounded half to even.
  function asText(n, places, divisor) {
    const minus = n < 0n;
    const over = (minus ? -n : n) * ten(12);
    const under = ten(places) * divisor;
    let whole = over / under;
    const twice = (over % under) * 2n;
    if (twice > under || (twice === under && whole & 1n)) whole += 1n;
    const digits = whole.toString().padStart(13, "0");
    const text = `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/0+$/, "").replace(/\.$/, "");
    return (minus && whole ? "-" : "") + text;
  }

  // The report

  const STEPS = [
    ["Form", "格式"],
    ["Logs and their subject keys", "日志与主体密钥"],
    ["Fields", "字段"],
    ["Leaves", "叶节点"],
    ["Inclusion in the tree", "树内包含"],
    ["Completeness and absence", "完整与缺失"],
    ["The head is fixed", "树头已固定"],
    ["History", "历史"],
    ["Time", "时间"],
    ["SM3 root", "SM3 根"],
    ["Form of the readings", "读数文件格式"],
    ["Windows", "时间窗"],
    ["Segments", "数据段"],
    ["Columns", "数据列"],
    ["Cycles", "采集周期"],
    ["Claims", "主张"],
    ["Gaps", "缺口"],
  ];
  const PART_STEPS = [step2, step3, step4, step5, step6, step7, step8, step9, step10];
  const READING_STEPS = [step12, step13, step14, step15, step16, step17];
  const isAboutReadings = (data) => utf8('{"claims":').every((byte, i) => data[i] === byte);

  function judge(step, ...given) {
    const found = [];
    try {
      for (const finding of step(...given)) found.push(finding);
    } catch (error) {
      if (error instanceof Refused) found.push([FAIL, ...error.finding]);
      else found.push([FAIL, "cannot be judged: {}", error.name]);
    }
    return found;
  }

  function verify(data, heads = [], contracts = []) {
    let [parts, pins] = [[], []];
    const told = {};
    // Ordinary files begin with their digest, those about readings with what they claim.
    const about = isAboutReadings(data) ? [judge(step11, data, told)] : [];
    const inner = told.proof === undefined ? data : utf8(canonical(told.proof) + "\n");
    function* step1() {
      pins = heads.map((head) => readForm(head, "pinned")[0]);
      parts = readBundle(inner).parts;
      yield [PASS, "{} bytes; logs: {}; pinned heads: {}", inner.length, parts.length, pins.length];
    }
    const found = [judge(step1).map((one) => reason(0, one)), ...PART_STEPS.map(() => [])];
    const known = contracts.map((address) => address.toLowerCase());
    parts.forEach((part, i) => {
      const trust = trustIn(part, pins, known);
      PART_STEPS.forEach((step, place) => {
        found[place + 1].push(...judge(step, part, trust).map((one) => reason(i + 1, one)));
      });
    });
    for (const step of about.length ? READING_STEPS : []) {
      const good = parts.length && about[about.length - 1].every((one) => one[0] === PASS);
      about.push(good ? judge(step, told, parts) : [[OPEN, "an earlier step failed"]]);
    }
    found.push(...about.map((each) => each.map((one) => reason(0, one))));
    const worst = (states) => [FAIL, OPEN, GAP].find((state) => states.includes(state)) || PASS;
    const steps = STEPS.slice(0, found.length).map(([en, zh], place) => {
      const reasons = found[place].length ? found[place] : [reason(0, [OPEN, "step 1 failed"])];
      const status = worst(reasons.map((one) => one.status));
      return { step: place + 1, name: { en, zh }, status, reasons };
    });
    const logs = parts.map((part) => ({ ...part.log, size: part.head.size }));
    const exits = { [PASS]: 0, [FAIL]: 1, [OPEN]: 2, [GAP]: 3 };
    const exit = exits[worst(steps.map((step) => step.status))];
    return { format: "xinlian-report/1", sha256: hex(sha256(data)), logs, steps, exit };
  }

  function reason(log, [status, sentence, ...fill]) {
    const words = fill.map((word) => clean(String(word)));
    const say = (text) => text.split("{}").reduce((said, rest, i) => said + words[i - 1] + rest);
    return { log, status, en: say(sentence), zh: say(ZH.get(sentence)) };
  }

  function clean(text) {
    const letters = Array.from(text.slice(0, 200));
    const cut = letters.length <= 80 ? text : letters.slice(0, 79).join("") + "…";
    const bad =
      /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
    return cut.replace(bad, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  }

  const ZH_LINES = `
given as a pinned head, but is none: {} = 作为已固定树头提供，但不是树头文件：{}
missing, unknown or not of its form: {} = 缺失、未知或格式不符：{}
{} bytes: empty or too large = {} 字节：为空或过大
not JSON of the kind allowed here = 不是此处允许的 JSON
the bytes are not in canonical form = 字节不是规范形式
the digest does not fit the content = 摘要与内容不符
parts are missing, repeated or out of order = 日志部分缺失、重复或次序有误
the log id fits not its chain, contract, party, stream = 日志编号与其链、合约、主体、流不符
the log belongs to a contract that you did not name = 日志不属于您指定的合约
the subject key does not fit its commitment = 主体密钥与其承诺不符
the key commitment is not the one that was fixed = 密钥承诺与已固定的不一致
the log id fits; no subject key is shown = 日志编号相符；未出示主体密钥
log id and subject key fit what was fixed = 日志编号与主体密钥均与已固定的一致
nobody confirms the subject key = 主体密钥尚无人证实
record {}: fields repeat or are out of order = 记录 {}：字段重复或次序有误
record {}: the fields do not give the leaf's field root = 记录 {}：由字段算不出叶节点中的字段根
record {}: {} is a value and holds others = 记录 {}：{} 既是值又含下级
records: {}; fields shown: {} of {} = 记录 {} 条；出示字段 {} 个（共 {} 个）
record {}: not a leaf of this log = 记录 {}：不是本日志的叶节点
record {}: schema, subject or event time is no text = 记录 {}：模式、主体或事件时间不是文本
record {}: the schema is not the leaf's = 记录 {}：模式与叶节点不符
record {}: the subject is not the leaf's = 记录 {}：主体与叶节点不符
record {}: the event time is not the leaf's = 记录 {}：事件时间与叶节点不符
the leaves fit the log and the fields shown = 叶节点与日志及出示字段相符
subjects named in records, but no subject key: {} = 记录写明主体但未出示主体密钥：{} 条
records repeat, are out of order or outside the tree = 记录重复、次序有误或超出树外
the inclusion proof is too short = 包含证明过短
the inclusion proof is too long = 包含证明过长
the leaves do not give the head's root = 由叶节点算不出树头的根
leaves shown: {} of {}, all in the tree = 出示叶节点 {} 个（共 {} 个），均在树内
the index is not in its packed form = 索引不是压缩形式
the index does not hold a listed subject = 索引中没有所列主体
a subject said to be absent is in the index = 称为无记录的主体在索引中
the index proof is cut or ill-formed = 索引证明被截断或格式有误
the index proof is too long = 索引证明过长
subjects repeat or are out of order = 主体重复或次序有误
a subject lacks its last leaf, or has one too many = 主体缺少或多出末个叶节点
the subjects do not give the head's index root = 由主体算不出树头的索引根
{}: the tag is not that of this subject = {}：标签不属于该主体
{}: {} of {} records shown = {}：出示 {} 条（共 {} 条）记录
{}: the chain of records breaks at {} = {}：记录链在第 {} 条处中断
{}: the last record is another = {}：末条记录不符
subjects with all their records: {}; with none at all: {} = 记录完整的主体 {} 个；无记录的 {} 个
records of other subjects, nothing claimed of these: {} = 其他主体的记录（未主张完整）：{} 条
subjects are named, but no subject key is shown = 写明了主体，但未出示主体密钥
the pinned head of size {} is another = 已固定的大小为 {} 的树头与此不同
the pinned head of size {} has another block time = 已固定的大小为 {} 的树头区块时间不同
equals the pinned head of size {} = 与已固定的大小为 {} 的树头一致
the transaction named was not looked up; nothing rests on it = 所列交易未查询；结论不依赖它
on chain in contract {}: if you know it, say so = 在链上合约 {} 中：若认可该合约请指定
no pinned head and no node confirms this head = 没有已固定树头或节点证实此树头
the pinned head of size {} holds the records, not the index = 大小为 {} 的树头含这些记录，不含索引
the records are in the pinned head of size {} = 记录在大小为 {} 的已固定树头内
the node cannot be reached: {} = 无法连接节点：{}
the node gave no usable answer: {} = 节点答复不可用：{}
the bundle names no transaction = 证明文件未列出交易
the node serves another chain = 节点属于另一条链
the node has not come to that block = 节点尚未到达该区块
the chain has no such transaction = 链上没有该交易
the transaction did not append this head = 该交易未追加此树头
the block is not the one named = 区块与所列不符
on chain in block {} = 在链上第 {} 区块
the consistency proof does not join the two heads = 一致性证明无法连接两个树头
the history is not that of the pinned head of size {} = 历史与已固定的大小为 {} 的树头不同
one history with the pinned head of size {} = 与已固定的大小为 {} 的树头同属一个历史
the pinned head of size {} is newer: get the proof again = 大小为 {} 的已固定树头较新：请重取证明
the pinned head of size {} is not joined: pin the proof's = 未与大小为 {} 的树头相连：请固定证明树头
the contract takes a head only if it extends the one before = 合约只接受延续前一个的树头
no pinned head and no node to compare with = 没有可比对的已固定树头或节点
nobody confirms a time = 没有经证实的时间
record {}: the event lies after the time it was fixed = 记录 {}：事件晚于其固定时间
fixed by {} = 不晚于 {} 固定
{} to {} (h:min:s) after the events = 距事件 {} 至 {}（时:分:秒）
no SM3 root is claimed = 未主张 SM3 根
the bundle leaves out what proves the SM3 root = 证明文件省略了 SM3 根的证明
this Python has no SM3 = 此 Python 不支持 SM3
the leaves do not give the SM3 root = 由叶节点算不出 SM3 根
the leaves give the SM3 root = 由叶节点算出 SM3 根
nobody confirms the SM3 root = SM3 根无人证实
cannot be judged: {} = 无法判断：{}
{} bytes; logs: {}; pinned heads: {} = {} 字节；日志 {} 个；已固定树头 {} 个
step 1 failed = 第 1 步未通过
an earlier step failed = 前面的步骤未通过
the time span is empty = 时间段为空
the time span is too long = 时间段过长
windows shown: {}; claims: {} = 出示时间窗 {} 个；主张 {} 项
the log of the readings is not in the proof = 证明中没有读数所在的日志
the windows of a day are not shown whole: {} = 未完整出示某日的时间窗：{}
record {}: a window without its {} = 记录 {}：时间窗缺少 {}
record {}: not a window of this group and day = 记录 {}：不是该设备组当日的时间窗
the windows shown are not those with readings in the span = 出示的时间窗不是该时段内有读数的时间窗
group {}, {} to {}: windows with readings {}, all shown = 设备组 {}，{} 至 {}：时间窗 {} 个，均出示
{}: calibration {}; clock {} = {}：校准证书 {}；时钟 {}
record {}: the segments do not give the window's root = 记录 {}：由数据段算不出时间窗的根
segment {} is shown twice = 数据段 {} 重复出示
{}/{}: two collectors tell of it at once = {}/{}：有两个采集器同时采集
segment {}: readings of another time = 数据段 {}：读数不在该段时间内
segment {} is not of this window = 数据段 {} 不属于该时间窗
segment {}: the columns do not give its root = 数据段 {}：由数据列算不出其根
segments shown: {}, with {} columns and headers = 出示数据段 {} 个，含数据列与段头 {} 个
segment {}: a column without its header = 数据段 {}：数据列缺少段头
segment {}: a header is ill-formed = 数据段 {}：段头格式有误
segment {}: a column is held back = 数据段 {}：有数据列未出示
the tag table {} is not shown = 未出示点表 {}
a tag table is ill-formed = 点表格式有误
tag tables repeat, are out of order or belong to nothing shown = 点表重复、次序有误或与出示内容无关
a column is ill-formed = 数据列格式有误
readings shown: {} = 出示读数 {} 个
record {}: the devices do not give their root = 记录 {}：由设备算不出其根
record {}: nothing is said of device {} = 记录 {}：未说明设备 {}
record {}: more cycles are shown than counted = 记录 {}：出示的周期多于计数
cycles due: {}, missed: {}, held back: {}; bad values: {} = 周期应采 {}、缺失 {}、抑制 {}；坏值 {}
{}: no good reading in the span = {}：时段内没有有效读数
{}: readings are left out that the claim needs = {}：缺少该主张所需的读数
{}: unit, rows or time are not those of the readings = {}：单位、行数或时长与读数不符
{}: the readings give {}, not {} = {}：由读数得 {}，而非 {}
{}: {} is {} {}, from {} readings = {}：{} 为 {} {}，取自 {} 个读数
how long a reading holds belongs to time integrals alone = 保持时长仅用于时间积分
the counter goes backwards = 计数器倒退
{}/{}: nothing was heard from {} to {} = {}/{}：{} 至 {} 没有读数
{}: windows shown without their readings: {}, {} to {} = {}：未出示读数的时间窗 {} 个，{} 至 {}
{}: of the segments {} to {} no record holds {} = {}：编号 {} 至 {} 的数据段中 {} 个无记录
{}: numbers of segments repeat in the records = {}：记录中的数据段编号重复
the gaps that the file states are not those of its readings and records = 声明的缺口与读数、记录不符
gaps stated: {}; the claims are about what lies around them = 声明缺口 {} 处；主张只涉及缺口之外
heard throughout the span, and no segment's number is missing = 全时段均有读数，数据段编号无缺
`;
  const ZH = new Map(ZH_LINES.trim().split("\n").map((line) => line.split(" = ")));

  return { verify, sha256, sm3, hex, STEPS };
})();
if (typeof module !== "undefined") module.exports = Xinlian;
