import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      // Fast: sources, pure functions, small real engines. Under 30 s in all.
      { test: { name: "unit", include: ["core/src/**/*.test.ts"], testTimeout: 30_000, maxWorkers: 2 } },
      // Every offline engine against the same cases and a brute-force oracle: what contracts §3 says. Needs the built library.
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      // Whole processes: the built command line and sidecar, on real files.
      {
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      // The online stores, embedded and remote, against one contract: real servers on loopback. Needs the built library.
      {
        test: { name: "stores", include: ["test/stores/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2 },
      },
      // The logs of streams: killed writers, full disks, a real Kafka broker. Needs the built library and command line.
      {
        test: {
          name: "streams",
          include: ["test/streams/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      // A real browser on the workbench page.
      { test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 300_000 } },
      // The packaged extension in a real VS Code.
      {
        test: {
          name: "vscode",
          include: ["test/vscode/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      // The wheel in a real JupyterLab.
      { test: { name: "jupyter", include: ["test/jupyter/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 600_000 } },
    ],
  },
});
