import type { View } from "skewproof/views/view";

/** What the extension sends to a panel. The panel answers with the render core's requests, or `ready`. */
export interface ShowMessage {
  readonly type: "show";
  readonly view: View;
}
