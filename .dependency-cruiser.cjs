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
      from: { path: "^webviews/src/" },
      to: { reachable: true, path: "/node/[^/]+\\.(ts|js)$", pathNot: "node_modules/(?!skewproof)" },
    },
    {
      name: "pure-reaches-no-node",
      comment: "What stands outside a node/ folder and cli/ runs in a browser too.",
      severity: "error",
      from: { path: "^core/src/(?!cli/)", pathNot: "/node/|\\.test\\.ts$|/testing/" },
      to: { path: "^core/src/.*/node/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ["import", "types", "default"], exportsFields: ["exports"] },
  },
};
