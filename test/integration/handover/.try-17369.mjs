// test/integration/handover/house.ts
import { spawn as spawn2 } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync as mkdirSync2,
  mkdtempSync,
  readdirSync as readdirSync2,
  readFileSync as readFileSync2,
  rmSync as rmSync2,
  writeFileSync as writeFileSync2
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// test/lab/programs.ts
import { spawn } from "node:child_process";
var LabError = class extends Error {
  name = "LabError";
};
var HopelessError = class extends LabError {
};
var ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
  TERM: process.env["TERM"] ?? "dumb"
};
function start(argv, options = {}) {
  const [program, ...args] = argv;
  if (program === void 0) throw new LabError("A program without a name cannot be started.");
  return spawn(program, args, { env: { ...ENVIRONMENT }, ...options });
}
var signals = { SIGKILL: 9, SIGTERM: 15, SIGINT: 2, SIGPIPE: 13 };
function run(argv, options = {}) {
  return new Promise((resolve, reject) => {
    const child = start(argv, {
      stdio: ["pipe", "pipe", "pipe"],
      ...options.env === void 0 ? {} : { env: { ...options.env } }
    });
    const out = [];
    const err = [];
    const timeoutMs = options.timeoutMs ?? 3e4;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, timeoutMs);
    child.stdout?.on("data", (bytes) => out.push(bytes));
    child.stderr?.on("data", (bytes) => err.push(bytes));
    child.stdin?.on("error", () => {
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new LabError(`${argv.join(" ")} could not be started: ${error.message}.`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const stderr = Buffer.concat(err).toString();
      resolve({
        code: code ?? 128 + (signals[signal ?? ""] ?? 0),
        stdout: Buffer.concat(out).toString(),
        stderr: timedOut ? `${stderr}(ended after ${timeoutMs} ms without an answer)` : stderr
      });
    });
    child.stdin?.end(options.stdin ?? "");
  });
}
async function until(what, timeoutMs, probe, everyMs = 50) {
  const deadline = performance.now() + timeoutMs;
  let last = "";
  for (; ; ) {
    try {
      const found = await probe();
      if (found !== void 0) return found;
      last = "";
    } catch (error) {
      if (error instanceof HopelessError) throw error;
      last = error instanceof Error ? ` (last: ${error.message})` : "";
    }
    if (performance.now() >= deadline) {
      throw new LabError(`${what} did not come about within ${Math.round(timeoutMs / 100) / 10} s${last}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

// test/lab/records.ts
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
function childrenOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}

// test/integration/handover/house.ts
var REPOSITORY = join("/work/pair/test/integration/handover", "../../..");
var OURS = [
  "usr/lib/hagw/handover",
  "usr/lib/hagw/ready",
  "etc/hotplug.d/keepalived/90-hagw",
  "etc/init.d/hagw-pair"
];
var BOOT = `
set -e
mount -t tmpfs house "$1"
mkdir "$1/upper" "$1/work" "$1/root"
root="$1/root"
mount -t overlay -o "lowerdir=$2:$3,upperdir=$1/upper,workdir=$1/work" house "$root"
for dir in run tmp; do mount -t tmpfs ram "$root/$dir"; done
mount -t proc proc "$root/proc"
[ "$4" = dash ] || { rm "$root/usr/bin/sh"; ln -s busybox "$root/usr/bin/sh"; }
echo ready
exec chroot "$root" /usr/bin/dash -c 'cat & wait'
`;
var FAKE = `#!/bin/sh
name="\${0##*/}"
echo "$name $*" >>/run/calls
read -r how seconds 2>/dev/null </run/fake/"$name.$1"
case "$how" in
	fail) echo "fake: $name $1 fails" >&2; exit 1 ;;
	hang) sleep 1000 ;;
	stop) kill -STOP $$ ;;
	slow) sleep "$seconds" ;;
esac
`;
var CONNTRACKD = `${FAKE}
[ -e /run/no-conntrackd ] || exit 0
echo "conntrackd: can't connect: is conntrackd running?" >&2
exit 1
`;
var NFT = `${FAKE}
exec /usr/sbin/nft.real "$@"
`;
var CONNTRACKD_INIT = `${FAKE}
[ -e /var/lock/conntrack.lock ] || rm -f /run/no-conntrackd
`;
var PAIR_NFT = `table inet hagw_pair {}
delete table inet hagw_pair
table inet hagw_pair {
	set standby {
		type ifname
	}
	chain input {
		type filter hook input priority filter - 10; policy accept;
		iifname @standby udp dport { 67, 547 } drop
	}
}
`;
var CONF = `# made by hagw
watch GROUP hagw_pair
standby br-lan
standby br-guest.2
conntrackd cache
serve dnsmasq /tmp/dhcp.leases
later whatever it means
`;
var OUR_PROCESSES = ["handover", "conntrackd", "dnsmasq", "nft", "ubus", "logger", "sleep", "hotplug-call"];
function callsOf(state) {
  const call = (environment, more = "") => `env -i ${environment} /sbin/hotplug-call keepalived${more}`;
  const instances = ["hagw_lan", "hagw_wan"].map(
    (name) => call(`ACTION=NOTIFY_${state} TYPE=INSTANCE NAME=${name}`)
  );
  const group = call(`ACTION=NOTIFY TYPE=GROUP NAME=hagw_pair`, ` GROUP hagw_pair ${state} 0`);
  return state === "STOP" ? [...instances, group] : [...instances, call(`ACTION=NOTIFY_${state} TYPE=GROUP NAME=hagw_pair`), group];
}
async function openHouse(shell) {
  const folder = mkdtempSync(join(tmpdir(), "hagw-handover-"));
  const layers = [join(REPOSITORY, "build/openwrt/root"), join(REPOSITORY, "build/lab/rootfs")];
  const child = spawn2(
    "unshare",
    [
      ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"],
      ...["sh", "-c", BOOT, "sh", folder, ...layers, shell]
    ],
    { stdio: ["pipe", "pipe", "pipe"] }
  );
  let words = "";
  child.stdout?.on("data", (bytes) => {
    words += bytes.toString();
  });
  child.stderr?.on("data", (bytes) => {
    words += bytes.toString();
  });
  const ended = new Promise((resolve) => child.once("close", () => resolve()));
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const pid = await until("The house", 15e3, () => {
    if (child.exitCode !== null) throw new Error(`The house ended at once: ${words}`);
    const [first] = child.pid === void 0 ? [] : childrenOf(child.pid);
    return words.includes("ready") ? first : void 0;
  });
  const inside = join(folder, "root");
  const real = (path) => `/proc/${pid}/root${path.startsWith("/") ? "" : "/"}${path}`;
  await until("The root", 15e3, () => existsSync(real("/usr/sbin/nft")) && existsSync(real("/proc/1/stat")) && !existsSync(real(inside)) ? true : void 0);
  const write = (path, content, mode = 420) => {
    mkdirSync2(dirname(real(path)), { recursive: true });
    writeFileSync2(real(path), content, { mode });
  };
  const read = (path) => existsSync(real(path)) ? readFileSync2(real(path), "utf8") : "";
  const remove = (path) => rmSync2(real(path), { force: true, recursive: true });
  const sh = (command, timeoutMs = 6e4) => run(
    [
      ...["nsenter", `--target=${pid}`, "--mount", "--pid", "--net", "--root", "--wd", "--"],
      ...["/bin/sh", "-c", command]
    ],
    { timeoutMs }
  );
  for (const path of OURS) {
    mkdirSync2(dirname(real(path)), { recursive: true });
    rmSync2(real(path), { force: true });
    copyFileSync(join(REPOSITORY, "files", path), real(path));
  }
  copyFileSync(real("/usr/sbin/nft"), real("/usr/sbin/nft.real"));
  for (const [path, content] of [
    ["/usr/sbin/nft", NFT],
    ["/usr/sbin/conntrackd", CONNTRACKD],
    ["/usr/sbin/ubus", FAKE],
    ["/usr/sbin/logger", FAKE],
    ["/etc/init.d/dnsmasq", FAKE],
    ["/etc/init.d/conntrackd", CONNTRACKD_INIT]
  ]) {
    rmSync2(real(path), { force: true });
    write(path, content, 493);
  }
  const processes = () => readdirSync2(real("/proc")).flatMap((name) => {
    const status = /^\d+$/.test(name) ? read(`/proc/${name}/status`) : "";
    const comm = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
    const state = /^State:\t(\S)/m.exec(status)?.[1] ?? "";
    return OUR_PROCESSES.includes(comm) && state !== "Z" ? [`${comm} ${state} ${name}`] : [];
  });
  const house = {
    sh,
    read,
    write,
    remove,
    fake: (call, how) => how === "" ? remove(`/run/fake/${call}`) : write(`/run/fake/${call}`, `${how}
`),
    calls: () => read("/run/calls").split("\n").filter((line) => line !== "" && !/^(nft|logger|ubus) /.test(line)),
    journal: () => read("/run/hagw/handover.journal").split("\n").filter((line) => line !== "").map((line) => {
      const [uptime, sequence, state = "", step = "", ms, outcome = "", ...rest] = line.split(" ");
      return {
        uptime: Number(uptime),
        sequence: Number(sequence),
        state,
        step,
        ms: Number(ms),
        outcome,
        words: rest.join(" ")
      };
    }),
    async role() {
      const listed = await sh("/usr/sbin/nft.real list set inet hagw_pair standby");
      if (listed.code !== 0) return "none";
      const elements = /elements = \{([^}]*)\}/.exec(listed.stdout)?.[1] ?? "";
      const found = [...elements.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "").sort();
      if (found.length === 0) return "active";
      return found.join() === "br-guest.2,br-lan" ? "standby" : `standby on ${found.join()} only`;
    },
    processes,
    async quiet(timeoutMs = 3e4) {
      let left = [];
      await until("Quiet", timeoutMs, () => {
        left = processes();
        return left.length === 0 ? true : void 0;
      }).catch((error) => {
        throw new Error(`${String(error)} Still there: ${left.join(", ")}.`);
      });
    },
    async change(state, order) {
      const calls = callsOf(state);
      const wanted = order === void 0 ? calls : order.map((at) => calls[at] ?? ":");
      await sh(wanted.map((call) => `${call} &`).join("\n"));
    },
    async reset() {
      await house.quiet();
      for (const path of ["/run/hagw", "/run/fake", "/run/calls", "/run/no-conntrackd"]) remove(path);
      await sh("/usr/sbin/nft.real flush ruleset; echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal");
      write("/etc/hagw/handover.conf", CONF);
      write("/etc/hagw/pair.nft", PAIR_NFT);
    },
    async close() {
      kill();
      await ended;
      process.off("exit", kill);
      rmSync2(folder, { recursive: true, force: true });
    }
  };
  await house.reset();
  return house;
}

// ../../tmp/h1.ts
for (const shell of ["dash", "ash"]) {
  const h = await openHouse(shell);
  try {
    for (const s of ["BACKUP", "MASTER", "FAULT", "STOP"]) {
      await h.change(s);
      await h.quiet();
      console.log(shell, s, await h.role());
    }
    console.log(h.read("/run/hagw/handover.journal"));
    console.log(h.read("/run/calls"));
    console.log((await h.sh("ls -la /run/hagw /run/hagw/handover.d; cat /run/hagw/handover.state")).stdout);
  } finally {
    await h.close();
  }
}
