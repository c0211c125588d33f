// Load over kept-alive sockets with requests that are bytes beforehand, so that the generator costs less than what it
// measures. As a program: `node load.mjs` reads one JSON line of options and prints one JSON line of results.
import net from "node:net";
import { pathToFileURL } from "node:url";

/**
 * Each connection sends its next request when the last was answered; with `rate`, not before it is due, and a latency
 * counts from then, so that a server that stalls is charged for everyone who waited. Latencies in milliseconds, sorted.
 */
export async function load({ url, path, token, bodies, connections, seconds, rate }) {
  const { hostname, port } = new URL(url);
  const requests = bodies.map((body) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies = [];
  const statuses = {};
  const started = performance.now();
  const end = started + seconds * 1000;
  let next = 0;

  const connection = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
      let due = 0;
      let buffer = Buffer.alloc(0);
      const send = () => {
        const number = next++;
        due = rate === undefined ? performance.now() : started + (number * 1000) / rate;
        if (due >= end) {
          socket.destroy();
          resolve();
          return;
        }
        const wait = due - performance.now();
        const write = () => socket.write(requests[number % requests.length]);
        if (wait > 1) setTimeout(write, wait);
        else write();
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("close", resolve);
      socket.on("data", (data) => {
        buffer = buffer.length === 0 ? data : Buffer.concat([buffer, data]);
        const head = buffer.indexOf("\r\n\r\n");
        if (head < 0) return;
        const text = buffer.latin1Slice(0, head);
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (buffer.length < head + 4 + length) return;
        buffer = buffer.subarray(head + 4 + length);
        const status = text.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === "200") latencies.push(performance.now() - due);
        send();
      });
    });
  await Promise.all(Array.from({ length: connections }, connection));
  const took = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return { rate: latencies.length / took, p50: at(0.5), p99: at(0.99), p999: at(0.999), statuses };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  console.log(JSON.stringify(await load(JSON.parse(text))));
}
