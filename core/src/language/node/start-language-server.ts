import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import {
  CodeActionKind,
  CompletionItemKind,
  createConnection,
  DiagnosticSeverity,
  TextDocuments,
  TextDocumentSyncKind,
  type CodeAction,
  type CodeLens,
  type Connection,
  type Diagnostic as LspDiagnostic,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";

import type { Diagnostic } from "../../diagnostic.js";
import { readDistributions } from "../../profiles/node/latest-distribution.js";
import { loadProject, type LoadedProject } from "../../registry/node/load-project.js";
import { createMemory, type ProjectMemory } from "../../registry/node/project-memory.js";
import { complete, type Completion } from "../complete.js";
import { definitionOf } from "../definition.js";
import { hover } from "../hover.js";
import { lenses } from "../lenses.js";
import { targetAt } from "../target.js";

const severities = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
} as const;

const itemKinds: Readonly<Record<Completion["kind"], CompletionItemKind>> = {
  key: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
  function: CompletionItemKind.Function,
  column: CompletionItemKind.Field,
  reference: CompletionItemKind.Reference,
};

/** Milliseconds of quiet after which a change is looked at. */
const quiet = 100;

/**
 * The language server on stdin and stdout; resolves when the client has gone or `signal` is aborted. It loads no native
 * code: what the data's columns are comes from the cache, which `command check` fills in a process of its own where a source was never read.
 */
export async function startLanguageServer(command: readonly string[], signal: AbortSignal): Promise<void> {
  const connection = createConnection(process.stdin, process.stdout);
  const documents = new TextDocuments(TextDocument);
  const projects = new Map<string, Promise<LoadedProject>>();
  const memories = new Map<string, ProjectMemory>();
  /** What was sent last, by root and file. */
  const published = new Map<string, Map<string, string>>();
  const found = new Map<string, readonly Diagnostic[]>();
  const read = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();

  connection.onInitialize(() => ({
    serverInfo: { name: "skewproof" },
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      completionProvider: { triggerCharacters: [".", " ", "(", ","] },
      hoverProvider: true,
      definitionProvider: true,
      codeLensProvider: {},
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
    },
  }));

  const texts = (root: string): Map<string, string> =>
    new Map(
      documents
        .all()
        .flatMap((document): [string, string][] =>
          rootOf(document.uri) === root ? [[fileOf(root, document.uri), document.getText()]] : [],
        ),
    );
  const load = (root: string): Promise<LoadedProject> => {
    const memory = memories.get(root) ?? createMemory();
    memories.set(root, memory);
    const loading = loadProject(root, { schemas: "cached", texts: texts(root), memory });
    projects.set(root, loading);
    return loading;
  };
  /** The project that an open definition file belongs to; undefined for any other YAML file. */
  const projectOf = async (uri: string): Promise<LoadedProject | undefined> => {
    const root = rootOf(uri);
    if (root === undefined) return undefined;
    const loaded = await (projects.get(root) ?? load(root));
    return loaded.files.includes(fileOf(root, uri)) ? loaded : undefined;
  };

  async function check(root: string): Promise<void> {
    const loaded = await load(root);
    const files = new Map<string, LspDiagnostic[]>();
    for (const { file, range, code, message, severity } of loaded.diagnostics) {
      const own = files.get(file) ?? [];
      files.set(file, own);
      own.push({ range, code, message, severity: severities[severity], source: "skewproof" });
    }
    found.set(root, loaded.diagnostics);
    const before = published.get(root) ?? new Map<string, string>();
    const now = new Map([...files].map(([file, diagnostics]) => [file, JSON.stringify(diagnostics)]));
    published.set(root, now);
    for (const file of new Set([...before.keys(), ...now.keys()]))
      if (before.get(file) !== now.get(file))
        await connection.sendDiagnostics({ uri: pathToFileURL(path.join(root, file)).href, diagnostics: files.get(file) ?? [] });
    readColumns(connection, command, loaded, read, () => soon(root));
  }
  function soon(root: string): void {
    clearTimeout(timers.get(root));
    projects.delete(root);
    timers.set(
      root,
      setTimeout(() => {
        check(root).then(
          () => void connection.sendRequest("workspace/codeLens/refresh").catch(() => undefined),
          (error: unknown) => connection.console.error(`${root} could not be checked: ${String(error)}`),
        );
      }, quiet),
    );
  }
  const changed = (uri: string): void => {
    const root = rootOf(uri);
    if (root !== undefined) soon(root);
  };
  documents.onDidChangeContent(({ document }) => changed(document.uri));
  documents.onDidClose(({ document }) => changed(document.uri));
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const root of new Set(changes.map(({ uri }) => rootOf(uri)))) if (root !== undefined) soon(root);
  });

  connection.onCompletion(async ({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    const loaded = await projectOf(textDocument.uri);
    if (document === undefined || loaded === undefined) return [];
    const { start, items } = complete(loaded.project, document.getText(), document.offsetAt(position));
    const range = { start: document.positionAt(start), end: position };
    return items.map(({ label, kind, text = label, detail, documentation }, index) => ({
      label,
      kind: itemKinds[kind],
      textEdit: { range, newText: text },
      filterText: label,
      sortText: String(index).padStart(4, "0"),
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined ? {} : { documentation }),
    }));
  });
  connection.onHover(async ({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    const loaded = await projectOf(textDocument.uri);
    if (document === undefined || loaded === undefined) return null;
    const { project, root } = loaded;
    const target = targetAt(project, document.getText(), document.offsetAt(position));
    const value = target && hover(project, target, readDistributions(root));
    return value === undefined ? null : { contents: { kind: "markdown", value } };
  });
  connection.onDefinition(async ({ textDocument, position }) => {
    const document = documents.get(textDocument.uri);
    const loaded = await projectOf(textDocument.uri);
    if (document === undefined || loaded === undefined) return null;
    const target = targetAt(loaded.project, document.getText(), document.offsetAt(position));
    const place = target && definitionOf(loaded.project, target);
    if (place === undefined) return null;
    const start = { line: place.line, character: 0 };
    return { uri: pathToFileURL(path.join(loaded.root, place.file)).href, range: { start, end: start } };
  });
  connection.onCodeLens(async ({ textDocument }): Promise<CodeLens[]> => {
    const loaded = await projectOf(textDocument.uri);
    if (loaded === undefined) return [];
    const { project, root } = loaded;
    return lenses(project, fileOf(root, textDocument.uri), readDistributions(root)).map(({ line, title, view, feature }) => ({
      range: { start: { line, character: 0 }, end: { line, character: 0 } },
      command: { title, command: "skewproof.openFeature", arguments: [root, view, feature] },
    }));
  });
  connection.onCodeAction(({ textDocument, range }): CodeAction[] => {
    const root = rootOf(textDocument.uri);
    if (root === undefined) return [];
    const file = fileOf(root, textDocument.uri);
    return (found.get(root) ?? []).flatMap(({ file: at, range: where, fix }) =>
      fix === undefined || at !== file || where.start.line > range.end.line || where.end.line < range.start.line
        ? []
        : [{ title: fix.title, kind: CodeActionKind.QuickFix, edit: { changes: { [textDocument.uri]: [...fix.edits] } } }],
    );
  });

  const gone = new Promise<void>((resolve) => {
    connection.onExit(() => resolve());
    process.stdin.once("close", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  documents.listen(connection);
  connection.listen();
  await gone;
  for (const timer of timers.values()) clearTimeout(timer);
  connection.dispose();
  process.stdin.destroy();
}

/** The nearest folder upward of a file that holds a skewproof.yaml. */
function rootOf(uri: string): string | undefined {
  if (!uri.startsWith("file:")) return undefined;
  for (let folder = path.dirname(fileURLToPath(uri)); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "skewproof.yaml"))) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

const fileOf = (root: string, uri: string): string => path.relative(root, fileURLToPath(uri)).replaceAll(path.sep, "/");

/** Has the sources' columns read, once for each place that was never looked at. */
function readColumns(
  connection: Connection,
  [program = "", ...args]: readonly string[],
  { root, project }: LoadedProject,
  read: Set<string>,
  done: () => void,
): void {
  const unread = [...project.sources.values()]
    .filter(({ columns, location }) => columns === undefined && (location.kind === "path" || location.kind === "query"))
    .map(({ name, location }) => JSON.stringify([root, name, location]))
    .filter((key) => !read.has(key));
  if (unread.length === 0) return;
  for (const key of unread) read.add(key);
  const child = spawn(program, [...args, "check", "--json", "--project", root], { stdio: "ignore" });
  child.once("error", (error) => connection.console.error(`The sources' columns could not be read: ${error.message}`));
  child.once("exit", done);
}
