#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `Skewproof needs Node 22.12 or newer; this is Node ${process.versions.node} (${process.execPath}). ` +
      "In a checkout run it as `npx skewproof`, which uses the Node 24 that npm installed; elsewhere install Node 24.",
  );
  process.exit(2);
}
await import("../bundle/skewproof.js");
