import { temporaryFolder } from "../process/command-line.js";
import { storeContract } from "./store-contract.js";

storeContract("LMDB", () => Promise.resolve({ root: temporaryFolder(), online: { store: "lmdb" } }));
