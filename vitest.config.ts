import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        // Fast: sources, pure functions, small real engines. Under 30 s in all.
        test: {
          name: "unit",
          include: ["core/src/**/*.test.ts", "webviews/src/**/*.test.ts", "extension/src/**/*.test.ts"],
          exclude: ["**/*.slow.test.ts", "**/node_modules/**", "**/dist/**"],
          testTimeout: 30_000,
        },
      },
      {
        // Whole processes: the built command line, sidecar and engine, on real files.
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts", "core/src/**/*.slow.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
