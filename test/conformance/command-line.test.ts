import { commandLineEngine } from "./command-line-engine.js";
import { runCases } from "./run-cases.js";

runCases(commandLineEngine, ({ commandLine }) => commandLine);
