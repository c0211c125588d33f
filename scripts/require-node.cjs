// Plain CommonJS without new syntax: it must run, and explain itself, on any Node.
var parts = process.versions.node.split(".").map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 12)) {
  console.error(
    "Skewproof needs Node 22.12 or newer; this is Node " +
      process.versions.node +
      " (" +
      process.execPath +
      ").\n" +
      "On Linux and Windows `npm ci` brings Node 24 along: run the commands through npm (`npm start`, `npm test`, `npx skewproof`).\n" +
      "Elsewhere install Node 24 and put it first in PATH.",
  );
  process.exit(2);
}
