import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget, Notification } from "@jupyterlab/apputils";
import { PageConfig } from "@jupyterlab/coreutils";
import { LabIcon, refreshIcon, ToolbarButton } from "@jupyterlab/ui-components";
import type { Request } from "@skewproof/webviews/host";
import { followJob } from "skewproof/engine/follow-job";
import type { EngineStatus, View } from "skewproof/views/view";

import { engineBehind } from "./engine.js";
import { ViewPanel } from "./view-panel.js";

const icon = new LabIcon({
  name: "skewproof:icon",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M4 6h7v2H4zM4 16h7v2H4zM13 6h7v2h-7zM13 16h7v2h-7zM8 9.5h8v1.8H8zM8 12.7h8v1.8H8z"/></svg>',
});

/** The features in the left side area; a feature, and a skew check, in a tab of the main area. */
function activate(app: JupyterFrontEnd, palette: ICommandPalette | null): void {
  const call = engineBehind(app.serviceManager.serverSettings);

  async function openDefinition(file: string, line: number): Promise<void> {
    const { root } = await call<EngineStatus>("GET", "status");
    const served = PageConfig.getOption("serverRoot").replace(/\/$/, "");
    const path = `${root}/${file}`.replaceAll("\\", "/");
    if (!path.startsWith(`${served}/`))
      throw new Error(`${path}:${line + 1} lies outside the folder that JupyterLab was started in.`);
    await app.commands.execute("docmanager:open", { path: path.slice(served.length + 1), factory: "Editor" });
    await app.commands.execute("fileeditor:go-to-line", { line: line + 1 }).catch(() => undefined);
  }

  const skew = async (service: string, progress: (message: string) => void, cancelled: () => boolean): Promise<View> => {
    const job = await followJob(
      call,
      "skew",
      { service },
      (message = "Recomputing what was served …") => progress(message),
      cancelled,
    );
    if (!job?.view) throw new Error("The check was cancelled.");
    return job.view;
  };

  const answer = (request: Request): void => {
    switch (request.type) {
      case "open-feature": {
        const route = `features/${encodeURIComponent(request.view)}/${encodeURIComponent(request.feature)}`;
        openTab(`feature-${request.view}.${request.feature}`, request.feature, () => call("GET", route));
        return;
      }
      case "run-skew":
        openTab(`skew-${request.service}`, `Skew: ${request.service}`, (...how) => skew(request.service, ...how));
        return;
      case "open-definition":
        openDefinition(request.file, request.line).catch((error: unknown) => Notification.error(String(error)));
    }
  };

  function openTab(name: string, title: string, load: Parameters<ViewPanel["load"]>[0]): void {
    const id = `skewproof-${name}`;
    let tab = [...app.shell.widgets("main")].find((widget) => widget.id === id) as MainAreaWidget<ViewPanel> | undefined;
    if (tab === undefined) {
      tab = new MainAreaWidget({ content: new ViewPanel(answer) });
      Object.assign(tab, { id });
      tab.toolbar.hide();
      Object.assign(tab.title, { label: title, icon });
      app.shell.add(tab, "main");
    }
    void tab.content.load(load);
    app.shell.activateById(id);
  }

  const features = new MainAreaWidget({ content: new ViewPanel(answer) });
  const refresh = (): void => void features.content.load(() => call("GET", "features"));
  features.id = "skewproof-features";
  Object.assign(features.title, { icon, caption: "Skewproof: features" });
  features.node.setAttribute("aria-label", "Skewproof features");
  features.toolbar.addItem("refresh", new ToolbarButton({ icon: refreshIcon, label: "Refresh", onClick: refresh }));
  app.shell.add(features, "left", { rank: 600 });

  // The engine is asked, and so started, when the panel is first looked at: opening JupyterLab starts nothing.
  const first = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    first.disconnect();
    refresh();
  });
  first.observe(features.node);

  const command = "skewproof:show-features";
  app.commands.addCommand(command, {
    label: "Skewproof: Show Features",
    icon,
    execute: () => app.shell.activateById(features.id),
  });
  palette?.addItem({ command, category: "Skewproof" });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: "@skewproof/jupyterlab:panel",
  description: "The project's features, from its engine, in a side panel.",
  autoStart: true,
  optional: [ICommandPalette],
  activate,
};
export default plugin;
