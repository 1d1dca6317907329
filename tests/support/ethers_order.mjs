// Signs EIP-712 typed data with ethers, a foreign implementation: reads {key, typed} as JSON from standard input,
// writes {address, signature, digest}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { TypedDataEncoder, Wallet } = createRequire(process.argv[2])("ethers");
const { key, typed } = JSON.parse(readFileSync(0, "utf8"));
const { EIP712Domain, ...types } = typed.types;
const wallet = new Wallet(key);
const signature = await wallet.signTypedData(typed.domain, types, typed.message);
const digest = TypedDataEncoder.hash(typed.domain, types, typed.message);
process.stdout.write(JSON.stringify({ address: wallet.address, signature, digest }));
