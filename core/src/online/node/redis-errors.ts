import { SkewproofError } from "../../errors.js";

/**
 * What a server's refusal means and what to do. The error itself is not kept as the cause: it holds the command with its
 * arguments, among them passwords.
 */
export function redisFailure(where: string, doing: string, error: Error): SkewproofError {
  // Of what a script's command said, older servers make an error of the script.
  const inScript = /^ERR Error running script.*?: ?-([A-Z]+) /.exec(error.message)?.[1];
  const moving = error.message.startsWith("Too many Cluster redirections")
    ? /(MOVED|ASK|TRYAGAIN)/.exec(error.message)?.[1]
    : undefined;
  const kind = inScript ?? moving ?? error.message.split(" ", 1)[0] ?? "";
  const said = meanings[kind];
  if (said !== undefined) return new SkewproofError("failed", `Could not ${doing} the online store ${where}: ${said}`);
  if (/^[A-Z]{3,}$/.test(kind))
    return new SkewproofError("failed", `Could not ${doing} the online store ${where}: ${error.message}.`);
  return new SkewproofError(
    "failed",
    `Could not ${doing} the online store ${where}: the server does not answer (${describe(error)}). Start it, or correct \`online:\` in skewproof.yaml, and run it again.`,
  );
}

const beingMoved = "the cluster is moving a slot to another server. Run it again when it has moved.";

const meanings: Readonly<Record<string, string>> = {
  OOM: "the server is out of memory. Raise its `maxmemory`; what stood still stands.",
  READONLY: "it was sent to a replica, while a failover is under way. Run it again.",
  LOADING: "the server is still loading its data. Run it again in a moment.",
  CLUSTERDOWN: "the cluster is down: some of its slots have no server. Repair it and run it again.",
  MASTERDOWN: "the server is a replica that has lost its master. Run it again after the failover.",
  MISCONF: "the server refuses to write because it cannot save to disk. Make room on its disk.",
  NOREPLICAS: "the server has fewer replicas than `min-replicas-to-write`.",
  NOAUTH: "the server wants a password. Give `username:` and `password: { env: NAME }` under `online:`.",
  WRONGPASS: "the server does not take the user and password that `online:` names.",
  NOPERM: "the user that `online:` names may not do this. docs/online-stores.md says what it needs.",
  MOVED: beingMoved,
  ASK: beingMoved,
  TRYAGAIN: beingMoved,
};

/** A name with several addresses gives an error without a message of its own. */
const describe = (error: Error): string => {
  const { message, code } = error as NodeJS.ErrnoException;
  return (message === "" ? (code ?? error.name) : message).replace(/\.$/, "");
};
