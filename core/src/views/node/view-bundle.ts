import { lightColors, viewChart } from "../chart.js";
import { viewHtml, viewText } from "../view-table.js";
import { viewMimeType, type View } from "../view.js";

/** A notebook's MIME bundle: our type, HTML and text always; PNG (base64) where the view has a picture. */
export async function viewBundle(view: View): Promise<Record<string, unknown>> {
  const png = await viewPng(view);
  return {
    [viewMimeType]: view,
    "text/html": viewHtml(view),
    "text/plain": viewText(view),
    ...(png === null ? {} : { "image/png": png.toString("base64") }),
  };
}

const pixelRatio = 2;

/** The view's picture on a light ground, at two pixels a unit. */
export async function viewPng(view: View): Promise<Buffer | null> {
  const spec = viewChart(view, lightColors);
  if (spec === null) return null;
  const [vega, { compile }, { createCanvas, loadImage }] = await Promise.all([
    import("vega"),
    import("vega-lite"),
    import("@napi-rs/canvas"),
  ]);
  const chart = new vega.View(vega.parse(compile(spec).spec), { renderer: "none" });
  const svg = await chart.toSVG(pixelRatio);
  chart.finalize();
  const image = await loadImage(Buffer.from(svg));
  const canvas = createCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toBuffer("image/png");
}
