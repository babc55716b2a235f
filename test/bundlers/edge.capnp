# What workerd runs for scripts/edge.mjs: one worker, its modules beside this file, any free port of this machine.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .edge)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "edge.js", esModule = embed "edge.js"),
    (name = "./kernels.wasm", wasm = embed "kernels.wasm"),
    (name = "./formats.wasm", wasm = embed "formats.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
