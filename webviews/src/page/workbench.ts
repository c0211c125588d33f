import { followJob } from "skewproof/engine/follow-job";
import type { View } from "skewproof/views/view";

import type { Rendered } from "../host.js";
import { renderView } from "../render-view.js";

// The workbench page: the engine's own views, at addresses #features, #feature/VIEW/NAME, #models, #deployments, #skew/SERVICE.

const content = document.querySelector<HTMLElement>("#content");
if (content === null) throw new Error("The page has no #content.");
const main = content;
const storageKey = "skewproof-token";

/** The token comes once in the address and stays in this tab: an address that is copied or kept in the history opens nothing. */
function takeToken(): void {
  const found = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (found === undefined) return;
  sessionStorage.setItem(storageKey, found);
  history.replaceState(null, "", "#features");
}

async function call<T>(route: string, init: RequestInit = {}): Promise<T> {
  const token = sessionStorage.getItem(storageKey);
  const headers = { authorization: `Bearer ${token ?? ""}`, "content-type": "application/json" };
  const reply = await fetch(`/api/${route}`, { ...init, headers }).catch(() => {
    throw new Error(
      "The engine does not answer any more. Start it again with `skewproof engine` and open the address that it prints.",
    );
  });
  const answer: unknown = await reply.json();
  if (reply.status === 401)
    throw new Error("This address lacks its token. Open the address that `npm start` or `skewproof engine` printed.");
  // The engine answers every mistake with this form, everything else with what was asked for.
  if (!reply.ok) throw new Error((answer as { error: string }).error);
  return answer as T;
}

const request = <T>(method: string, route: string, body?: unknown): Promise<T> =>
  call<T>(route, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

async function runSkew(service: string, progress: (message: string) => void, signal: AbortSignal): Promise<View> {
  const tell = (message = "Recomputing what was served …"): void => progress(message);
  const job = await followJob(request, "skew", { service }, tell, () => signal.aborted);
  if (!job?.view) throw new Error("The check was cancelled.");
  return job.view;
}

let shown: Rendered | undefined;
let current = new AbortController();

function say(text: string): void {
  shown?.dispose();
  shown = undefined;
  const message = document.createElement("p");
  message.className = "message";
  message.textContent = text;
  main.replaceChildren(message);
}

function show(view: View): void {
  shown?.dispose();
  const element = document.createElement("div");
  main.replaceChildren(element);
  shown = renderView(element, view, {
    send(request) {
      if (request.type === "open-feature") location.hash = `feature/${request.view}/${request.feature}`;
      if (request.type === "run-skew") {
        const hash = `#skew/${request.service}`;
        if (location.hash === hash) void open();
        else location.hash = hash;
      }
      if (request.type === "open-definition") void navigator.clipboard.writeText(`${request.file}:${request.line + 1}`);
    },
  });
}

async function open(): Promise<void> {
  current.abort();
  const mine = (current = new AbortController());
  const [page = "features", ...rest] = location.hash.slice(1).split("/").map(decodeURIComponent);
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#${page === "feature" || page === "skew" || page === "" ? "features" : page}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const slow = setTimeout(() => say("Loading …"), 300);
  const progress = (message: string): void => {
    if (!mine.signal.aborted) say(message);
  };
  try {
    const [first = "", second = ""] = rest;
    const view =
      page === "feature"
        ? await call<View>(`features/${encodeURIComponent(first)}/${encodeURIComponent(second)}`)
        : page === "skew"
          ? await runSkew(first, progress, mine.signal)
          : await call<View>(page === "models" || page === "deployments" ? page : "features");
    if (!mine.signal.aborted) show(view);
  } catch (error) {
    progress(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(slow);
  }
}

takeToken();
window.addEventListener("hashchange", () => void open());
void open();
