// npm 10 does not link the `node` of the platform's own package into node_modules/.bin (npm 11 does): scripts would run
// under the system's Node, which may be too old. Runs after install, before anything is built; old Nodes run it too.
var fs = require("fs");
var path = require("path");

var modules = path.join(__dirname, "../node_modules");
var name = "node-" + process.platform + "-" + process.arch;
var link = path.join(modules, ".bin/node");
if (process.platform !== "win32" && fs.existsSync(path.join(modules, name, "bin/node")) && !fs.existsSync(link)) {
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.join("..", name, "bin/node"), link);
}
