import type { FastifyInstance } from "fastify";

export interface AdmissionLimits {
  /** Requests taken up in one turn of the event loop: what waits behind them waits for all of them. */
  readonly perTurn: number;
  /** Requests that wait for something, such as inference or a remote store. */
  readonly inFlight: number;
}

/** By default some milliseconds of work a turn, and a queue that a few turns empty. */
export const usualLimits: AdmissionLimits = { perTurn: 64, inFlight: 512 };

/**
 * Sheds what would only wait: beyond the limits a request is refused at once, 503 with Retry-After, before its body is
 * read, so that those taken keep their latency. `/healthz`, `/readyz` and `/metrics` are always answered. `shed` is told
 * of every refusal.
 */
export function limitAdmission(server: FastifyInstance, { perTurn, inFlight }: AdmissionLimits, shed: () => void): void {
  let [thisTurn, waiting] = [0, 0];
  const admitted = new WeakSet<object>();
  server.addHook("onRequest", (request, reply, done) => {
    if (request.url === "/healthz" || request.url === "/readyz" || request.url === "/metrics") {
      done();
      return;
    }
    if (thisTurn++ === 0)
      setImmediate(() => {
        thisTurn = 0;
      });
    if (thisTurn > perTurn || waiting >= inFlight) {
      shed();
      void reply.code(503).header("retry-after", "1").send({
        error: "This sidecar has more requests than it can answer in time. Try again in a second.",
        code: "unavailable",
      });
      return;
    }
    waiting++;
    admitted.add(request);
    done();
  });
  const release = (request: object): void => {
    if (admitted.delete(request)) waiting--;
  };
  server.addHook("onResponse", (request, _, done) => {
    release(request);
    done();
  });
  // A client that went away gets no response.
  server.addHook("onRequestAbort", (request, done) => {
    release(request);
    done();
  });
}
