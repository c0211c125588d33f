// Writes docs/expressions.md from the catalogue of the built core.
import { writeFileSync } from "node:fs";
import path from "node:path";

import { expressionsPage } from "../core/dist/expressions/documentation/expressions-page.js";

writeFileSync(path.resolve(import.meta.dirname, "../docs/expressions.md"), expressionsPage());
