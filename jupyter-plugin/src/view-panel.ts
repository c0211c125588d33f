import { Widget } from "@lumino/widgets";
import type { Rendered, Request } from "@skewproof/webviews/host";
import { renderView } from "@skewproof/webviews/render-view";
import type { View } from "skewproof/views/view";

/** Draws one view; while there is none it says what is under way or what went wrong. */
export class ViewPanel extends Widget {
  readonly #answer: (request: Request) => void;
  #rendered: Rendered | undefined;
  #loads = 0;

  constructor(answer: (request: Request) => void) {
    super();
    Object.assign(this.node.style, { overflow: "auto", padding: "12px", background: "var(--jp-layout-color1)" });
    this.#answer = answer;
  }

  /** Draws what `load` gives. Of two loads under way the later one wins. */
  async load(load: (progress: (message: string) => void, cancelled: () => boolean) => Promise<View>): Promise<void> {
    const mine = ++this.#loads;
    const outdated = (): boolean => this.isDisposed || mine !== this.#loads;
    const say = (message: string): void => {
      if (!outdated()) this.#say(message);
    };
    const slow = setTimeout(() => say("Loading …"), 300);
    try {
      const view = await load(say, outdated);
      if (!outdated()) this.#draw(view);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(slow);
    }
  }

  override dispose(): void {
    this.#rendered?.dispose();
    super.dispose();
  }

  #draw(view: View): void {
    this.#rendered?.dispose();
    const element = document.createElement("div");
    this.node.replaceChildren(element);
    this.#rendered = renderView(element, view, { send: this.#answer });
  }

  #say(text: string): void {
    this.#rendered?.dispose();
    this.#rendered = undefined;
    const message = document.createElement("p");
    message.setAttribute("role", "status");
    Object.assign(message.style, { color: "var(--jp-ui-font-color1)", overflowWrap: "anywhere", whiteSpace: "pre-wrap" });
    message.textContent = text;
    this.node.replaceChildren(message);
  }
}
