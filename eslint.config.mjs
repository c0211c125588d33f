import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "**/dist/",
      "**/bundle/",
      "**/node_modules/",
      ".cache/",
      "**/.skewproof/",
      "**/labextension/",
      "test/output/",
      "samples/*/data/",
      "samples/*/out/",
    ],
  },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "no-console": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportAllDeclaration", message: "No barrels: import from the file that holds the thing." },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.cjs"],
    languageOptions: {
      globals: {
        console: "readonly",
        process: "readonly",
        fetch: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        performance: "readonly",
        AbortController: "readonly",
        AbortSignal: "readonly",
        Buffer: "readonly",
        document: "readonly",
        getComputedStyle: "readonly",
        module: "writable",
        require: "readonly",
        globalThis: "readonly",
        window: "readonly",
        TextDecoder: "readonly",
        structuredClone: "readonly",
      },
    },
  },
  {
    files: ["test/vscode/inhost/*.cjs"],
    languageOptions: { globals: { describe: "readonly", it: "readonly", __dirname: "readonly" } },
  },
  { files: ["scripts/*.cjs"], languageOptions: { globals: { __dirname: "readonly" } }, rules: { "no-var": "off" } },
);
