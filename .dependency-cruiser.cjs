module.exports = {
  forbidden: [
    {
      name: "core-knows-no-host",
      comment: "core is used by every host; a host's module in it would tie them together.",
      severity: "error",
      from: { path: "^core/" },
      to: { path: "^(vscode$|node_modules/@jupyterlab|node_modules/@lumino|extension/|jupyter-plugin/|webviews/)" },
    },
    {
      name: "browser-reaches-no-node",
      comment: "What a browser draws must not reach Node code, even through another module.",
      severity: "error",
      from: { path: "^(webviews/src|extension/webview|jupyter-plugin/src)/" },
      to: { reachable: true, path: "/node/[^/]+\\.(ts|js)$", pathNot: "node_modules/(?!skewproof)" },
    },
    {
      name: "pure-reaches-no-node",
      comment: "What stands outside a node/ folder and cli/ runs in a browser too.",
      severity: "error",
      from: { path: "^core/src/(?!cli/)", pathNot: "/node/|\\.test\\.ts$|/testing/" },
      to: { path: "^core/src/.*/node/" },
    },
    {
      name: "nothing-imports-a-host",
      comment: "Hosts are thin leaves: what two of them need lives in core or webviews.",
      severity: "error",
      from: { path: "^([^/]+)/" },
      to: { path: "^(extension|jupyter-plugin)/", pathNot: "^$1/" },
    },
    {
      name: "extension-host-loads-no-native-code",
      comment: "A native crash in the extension host takes every other extension with it; the engine process holds the natives.",
      severity: "error",
      from: { path: "^extension/src/" },
      to: { reachable: true, path: "node_modules/(@duckdb|lmdb|onnxruntime-node|@napi-rs)" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ["import", "types", "default"], exportsFields: ["exports"] },
  },
};
