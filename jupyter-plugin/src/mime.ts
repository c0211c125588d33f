import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import type { Rendered } from "@skewproof/webviews/host";
import { renderView } from "@skewproof/webviews/render-view";
import { viewMimeType, type View } from "skewproof/views/view";

/** A view in a notebook's output. It has no host to ask: nothing is offered that needs an answer. */
class ViewOutput extends Widget implements IRenderMime.IRenderer {
  #rendered: Rendered | undefined;

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#rendered = renderView(this.node, model.data[viewMimeType] as unknown as View);
    return Promise.resolve();
  }

  override dispose(): void {
    this.#rendered?.dispose();
    super.dispose();
  }
}

const extension: IRenderMime.IExtension = {
  id: "@skewproof/jupyterlab:views",
  description: "Draws Skewproof's views in notebook outputs.",
  dataType: "json",
  // Safe without the user's trust: data is drawn, nothing in it is run.
  rendererFactory: { safe: true, mimeTypes: [viewMimeType], createRenderer: () => new ViewOutput() },
  rank: 0,
};
export default extension;
