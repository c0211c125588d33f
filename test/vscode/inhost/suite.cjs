const assert = require("node:assert/strict");
const { performance } = require("node:perf_hooks");
const vscode = require("vscode");

const id = "skewproof.skewproof-vscode";
const folder = vscode.workspace.workspaceFolders[0].uri;
const definitions = vscode.Uri.joinPath(folder, "definitions/shop.yaml");

/** Asks until the answer passes: language servers answer when they are ready. */
async function eventually(ask, passes) {
  let answer;
  for (const end = Date.now() + 25_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    answer = await ask();
    if (passes(answer)) return answer;
  }
  throw new assert.AssertionError({ message: `never came: last ${JSON.stringify(answer)?.slice(0, 500)}` });
}

const positionOf = (document, text, after = 0) => document.positionAt(document.getText().indexOf(text) + after);

async function edited(change, look) {
  const document = await vscode.workspace.openTextDocument(definitions);
  const before = document.getText();
  const replace = async (text) => {
    const edit = new vscode.WorkspaceEdit();
    edit.replace(definitions, new vscode.Range(0, 0, document.lineCount, 0), text);
    await vscode.workspace.applyEdit(edit);
  };
  await replace(change(before));
  try {
    await look(document);
  } finally {
    await replace(before);
  }
}

describe("the extension", () => {
  it("activates in under 100 ms and leaves native code out of the extension host", async () => {
    const extension = vscode.extensions.getExtension(id);
    assert.ok(extension, "installed");
    const started = performance.now();
    await extension.activate();
    const took = performance.now() - started;
    assert.ok(took < 100, `activation took ${took.toFixed(0)} ms`);
    console.log(`activation ${took.toFixed(1)} ms`);
    const { sharedObjects } = process.report.getReport();
    assert.deepEqual(
      sharedObjects.filter((file) => file.startsWith(extension.extensionPath) || /duckdb|lmdb|onnxruntime|skia/.test(file)),
      [],
    );
  });

  it("registers its commands", async () => {
    const known = await vscode.commands.getCommands(true);
    for (const { command } of vscode.extensions.getExtension(id).packageJSON.contributes.commands)
      assert.ok(known.includes(command), command);
  });
});

describe("a definition file", () => {
  it("has completion with types, from the data's columns", async () => {
    await edited(
      (text) => text.replace("aggregate: sum(amount)", "aggregate: sum()"),
      async (document) => {
        const position = positionOf(document, "sum()", 4);
        await eventually(
          () => vscode.commands.executeCommand("vscode.executeCompletionItemProvider", definitions, position),
          ({ items }) => items.some(({ label, detail }) => label === "amount" && detail === "float64"),
        );
      },
    );
  });

  it("shows an error where it stands, with a fix that mends it", async () => {
    await edited(
      (text) => text.replace("sum(amount)", "sum(amuont)"),
      async (document) => {
        const [found] = await eventually(
          () =>
            vscode.languages.getDiagnostics(definitions).filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error),
          (all) => all.some(({ message }) => message.includes("amuont")),
        );
        assert.equal(document.getText(found.range), "amuont");
        assert.match(found.message, /Did you mean amount\?/);
        const actions = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", definitions, found.range);
        const fix = actions.find(({ edit }) => edit !== undefined);
        await vscode.workspace.applyEdit(fix.edit);
        await eventually(
          () =>
            vscode.languages.getDiagnostics(definitions).filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error),
          ({ length }) => length === 0,
        );
        assert.ok(document.getText().includes("sum(amount)"));
      },
    );
  });

  it("survives broken YAML and says where it breaks", async () => {
    await edited(
      (text) => `${text}---\nkind: [unclosed\n`,
      async () => {
        const found = await eventually(
          () => vscode.languages.getDiagnostics(definitions),
          (all) => all.some(({ code }) => code === "invalid-yaml"),
        );
        assert.ok(found.length > 0);
      },
    );
  });

  it("tells on hover what a feature means", async () => {
    const document = await vscode.workspace.openTextDocument(definitions);
    const position = positionOf(document, "name: spent_7d", 8);
    const [first] = await eventually(
      () => vscode.commands.executeCommand("vscode.executeHoverProvider", definitions, position),
      ({ length }) => length > 0,
    );
    assert.match(first.contents.map(({ value }) => value).join(), /sum\(amount\) over 7d[^]*you@example\.com/);
  });

  it("goes from a service to the feature's definition", async () => {
    const document = await vscode.workspace.openTextDocument(definitions);
    const position = positionOf(document, "features: [customer_orders", 14);
    const [found] = await eventually(
      () => vscode.commands.executeCommand("vscode.executeDefinitionProvider", definitions, position),
      ({ length }) => length > 0,
    );
    const line = (found.targetRange ?? found.range).start.line;
    assert.match(document.lineAt(line).text, /kind: feature_view|name: customer_orders/);
  });

  it("has a lens over each feature with its last distribution", async () => {
    const lenses = await eventually(
      () => vscode.commands.executeCommand("vscode.executeCodeLensProvider", definitions, 100),
      (all) => all.filter(({ command }) => command?.command === "skewproof.openFeature").length === 5,
    );
    assert.ok(lenses.some(({ command }) => /[▁▂▃▄▅▆▇█].*mean .* · null .*%/.test(command.title)));
  });

  it("leaves other YAML files alone", async () => {
    const other = vscode.Uri.joinPath(folder, "other.yaml");
    await vscode.workspace.fs.writeFile(other, Buffer.from("services:\n  web: \n"));
    await vscode.workspace.openTextDocument(other);
    const { items } = await vscode.commands.executeCommand(
      "vscode.executeCompletionItemProvider",
      other,
      new vscode.Position(1, 7),
    );
    // Words of other open files are the editor's own suggestions.
    const ours = items.filter(({ kind }) => kind !== vscode.CompletionItemKind.Text);
    assert.deepEqual(ours, []);
    assert.deepEqual(vscode.languages.getDiagnostics(other), []);
  });
});

describe("commands", () => {
  it("open a feature in a panel", async () => {
    await vscode.commands.executeCommand("skewproof.openFeature", folder.fsPath, "customer_orders", "spent_7d");
    await eventually(
      () => vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label)),
      (tabs) => tabs.includes("spent_7d"),
    );
  });

  it("the engine was started by the command line of the extension, in a process of its own", async () => {
    const address = JSON.parse(
      Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, ".skewproof/engine.json"))).toString(),
    );
    assert.notEqual(address.pid, process.pid);
    process.kill(address.pid, "SIGKILL");
    // Killed: found to be gone, and started anew.
    await vscode.commands.executeCommand("skewproof.openFeature", folder.fsPath, "customer_orders", "orders_7d");
    const again = JSON.parse(
      Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, ".skewproof/engine.json"))).toString(),
    );
    assert.notEqual(again.pid, address.pid);
    process.kill(again.pid, "SIGTERM");
  });
});
