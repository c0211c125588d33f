import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { FastifyInstance } from "fastify";

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** Scripts from here alone, no eval, no frame around it; the drawn charts carry style attributes. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page stands beside the bundle's entry; code that was not bundled finds it there too. */
function pageFolder(): string | undefined {
  return ["./workbench/", "../workbench/", "../../../bundle/workbench/"]
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((folder) => existsSync(path.join(folder, "index.html")));
}

/** Serves the workbench page's files, which hold nothing secret and need no token: the token stands in the address after `#`. */
export function registerWorkbenchPage(server: FastifyInstance): void {
  const folder = pageFolder();
  if (folder === undefined) return;
  // A fixed list: no path of a request ever reaches the file system.
  for (const file of globSync("**/*.{html,css,js}", { cwd: folder }).map((one) => one.replaceAll(path.sep, "/"))) {
    const content = readFileSync(path.join(folder, file));
    server.get(file === "index.html" ? "/" : `/${file}`, (_, reply) =>
      reply
        .header("content-type", mediaTypes[path.extname(file)])
        .header("content-security-policy", policy)
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        .header("cache-control", "no-cache")
        .send(content),
    );
  }
}
