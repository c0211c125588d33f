import { duckdbEngine } from "./duckdb-engine.js";
import { runCases } from "./run-cases.js";

runCases(duckdbEngine);
