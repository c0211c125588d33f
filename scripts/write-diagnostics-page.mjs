// Writes docs/diagnostics.md from the table of codes, after `tsc -b`.
import { writeFileSync } from "node:fs";

import { diagnosticsPage } from "../core/dist/registry/diagnostics-page.js";

writeFileSync(new URL("../docs/diagnostics.md", import.meta.url), diagnosticsPage());
