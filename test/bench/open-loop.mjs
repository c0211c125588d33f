import http from "node:http";

/**
 * Sends requests at a constant rate, whether or not answers come, and measures each from the moment it was due: a
 * server that stalls is charged for everyone who waited. Resolves to latencies in milliseconds, sorted.
 */
export async function runOpenLoop({ url, token, bodies, rate, seconds, connections }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const target = new URL(url);
  const total = Math.round(rate * seconds);
  const latencies = [];
  let failed = 0;
  const started = performance.now();

  const send = (body, due) =>
    new Promise((resolve) => {
      const request = http.request(
        target,
        {
          agent,
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
          },
        },
        (reply) => {
          reply.resume();
          reply.once("end", () => {
            if (reply.statusCode === 200) latencies.push(performance.now() - started - due);
            else failed++;
            resolve();
          });
        },
      );
      request.once("error", () => {
        failed++;
        resolve();
      });
      request.end(body);
    });

  const answers = [];
  let sent = 0;
  while (sent < total) {
    const now = performance.now() - started;
    while (sent < total && (sent * 1000) / rate <= now) {
      answers.push(send(bodies[sent % bodies.length], (sent * 1000) / rate));
      sent++;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  agent.destroy();
  return { latencies: latencies.sort((a, b) => a - b), failed };
}

/** The latency that a share of the requests stays under. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
