import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

/** A request to the project's engine, through the Jupyter server: its token never reaches the browser. Throws the engine's own sentence. */
export type Call = <T>(method: "GET" | "POST" | "DELETE", route: string, body?: unknown) => Promise<T>;

export function engineBehind(settings: ServerConnection.ISettings): Call {
  return async <T>(method: "GET" | "POST" | "DELETE", route: string, body?: unknown): Promise<T> => {
    const url = URLExt.join(settings.baseUrl, "skewproof/api", route);
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const reply = await ServerConnection.makeRequest(url, init, settings).catch(() => {
      throw new Error("The Jupyter server does not answer any more.");
    });
    const answer = (await reply.json().catch(() => ({}))) as { error?: string; message?: string };
    if (!reply.ok)
      throw new Error(answer.error ?? answer.message ?? `The Jupyter server answered ${reply.status} ${reply.statusText}.`);
    return answer as T;
  };
}
