// Entry of `extensionTestsPath`: VS Code calls run() inside its extension host; a rejection is exit code 1.
const { writeFileSync } = require("node:fs");
const path = require("node:path");
const mochaModule = require("mocha");

const Mocha = mochaModule.default ?? mochaModule;

exports.run = () =>
  new Promise((resolve) => {
    const mocha = new Mocha({ ui: "bdd", color: false, timeout: 30_000 });
    mocha.addFile(path.join(__dirname, "suite.cjs"));
    const results = [];
    const runner = mocha.run(() => {
      writeFileSync(process.env.SKEWPROOF_TEST_RESULTS, JSON.stringify(results));
      resolve();
    });
    runner.on("pass", (test) => results.push({ title: test.fullTitle() }));
    runner.on("fail", (test, error) => results.push({ title: test.fullTitle(), error: String(error.stack ?? error) }));
  });
