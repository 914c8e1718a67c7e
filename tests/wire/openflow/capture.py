"""Makes the files in `vectors/`: what `ovs-ofctl` and `ovs-vswitchd` really say to each other, by version.

Run as root with Open vSwitch installed: `python tests/wire/openflow/capture.py`. Nothing of netloom is used, so that
the vectors are independent of what they test. One message a line: direction, hexadecimal digits.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent / "vectors"
VERSIONS = {"13": "OpenFlow13", "14": "OpenFlow14", "15": "OpenFlow15"}
FLOWS = """\
cookie=0x11,table=0,priority=100,in_port=1,tcp,nw_dst=10.0.0.1,tp_dst=80,actions=resubmit(,5)
cookie=0x12,table=0,priority=50,arp,arp_tpa=10.0.0.254,arp_op=1,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_OF_ARP_OP[],IN_PORT
cookie=0x13,table=5,priority=7,idle_timeout=60,hard_timeout=600,send_flow_rem,ip,reg1=0x5/0xff,tun_id=0x77,actions=ct(commit,zone=3,nat(src=10.1.1.1-10.1.1.9),exec(set_field:1->ct_mark)),group:5
cookie=0x14,table=6,ipv6,ipv6_dst=2001:db8::/32,actions=conjunction(4,1/2)
cookie=0x14,table=7,priority=0,actions=drop
"""
COMMANDS = [
    ["show"],
    ["dump-desc"],
    ["dump-tables"],
    ["dump-table-desc"],
    ["dump-ports"],
    ["dump-ports-desc"],
    ["get-frags"],
    ["set-frags", "@", "drop"],
    [
        "add-group",
        "@",
        "group_id=5,type=select,bucket=weight=10,actions=output:1,bucket=weight=20,actions=output:2",
    ],
    [
        "add-group",
        "@",
        "group_id=6,type=select,selection_method=hash,fields(ip_src,tcp_dst),bucket=bucket_id:3,actions=1",
    ],
    [
        "add-group",
        "@",
        "group_id=7,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:5,actions=2",
    ],
    ["insert-buckets", "@", "group_id=5,command_bucket_id=last,bucket=bucket_id:9,weight=1,actions=output:1"],
    ["remove-buckets", "@", "group_id=5,command_bucket_id=9"],
    ["mod-group", "@", "group_id=7,type=all,bucket=actions=output:1"],
    ["dump-groups"],
    ["dump-group-stats"],
    ["dump-group-features"],
    ["add-meter", "@", "meter=3,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=200"],
    ["dump-meters"],
    ["meter-stats"],
    ["meter-features"],
    ["add-tlv-map", "@", "{class=0xffff,type=0,len=4}->tun_metadata0"],
    ["dump-tlv-map"],
    ["add-flows", "@", "FLOWS"],
    ["--bundle", "add-flows", "@", "FLOWS"],
    ["dump-flows"],
    ["dump-flows", "@", "table=5,out_group=5,cookie=0x13/-1"],
    ["dump-aggregate"],
    ["mod-flows", "@", "table=7,actions=output:1"],
    ["del-flows", "@", "cookie=0x14/-1,out_port=1"],
    ["--strict", "del-flows", "@", "table=5,priority=7,ip,reg1=0x5/0xff,tun_id=0x77"],
    ["queue-stats"],
    ["queue-get-config"],
    ["mod-port", "@", "p1", "no-flood"],
    ["mod-table", "@", "1", "evict"],
    ["packet-out", "@", "in_port=1,packet=0123456789abcdef0123456789ab08004500,actions=output:2,controller"],
    ["probe"],
    ["ping", "@", "64"],
]


def relay(listener: socket.socket, target: str, out: dict[str, list[str]]) -> None:
    """Pass bytes both ways between each client and the switch, and note the messages."""

    def pump(source: socket.socket, sink: socket.socket, direction: str) -> None:
        held = b""
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            held += data
            sink.sendall(data)
            while len(held) >= 8 and len(held) >= int.from_bytes(held[2:4]):
                length = int.from_bytes(held[2:4])
                out.setdefault(direction, []).append(held[:length].hex())
                held = held[length:]
        for one in (sink, source):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        switch = socket.socket(socket.AF_UNIX)
        switch.connect(target)
        threading.Thread(target=pump, args=(client, switch, "controller"), daemon=True).start()
        threading.Thread(target=pump, args=(switch, client, "switch"), daemon=True).start()


def wait_for(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.02)


def main() -> None:
    home = tempfile.mkdtemp()
    env = {**os.environ, **dict.fromkeys(("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR"), home)}
    run = lambda *words: subprocess.run(words, env=env, check=True, capture_output=True)  # noqa: E731
    run("ovsdb-tool", "create", f"{home}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
    started = [
        subprocess.Popen(["ovsdb-server", f"{home}/conf.db", f"--remote=punix:{home}/db.sock"], env=env)
    ]
    wait_for(f"{home}/db.sock")
    started.append(
        subprocess.Popen(
            ["ovs-vswitchd", f"unix:{home}/db.sock", "--enable-dummy=override", "--disable-system"], env=env
        )
    )
    try:
        vsctl = ["ovs-vsctl", f"--db=unix:{home}/db.sock"]
        run(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail_mode=secure",
            "protocols=OpenFlow13,OpenFlow14,OpenFlow15")  # fmt: skip
        for number in (1, 2):
            run(*vsctl, "add-port", "br0", f"p{number}", "--", "set", "interface", f"p{number}", "type=dummy",
                f"ofport_request={number}")  # fmt: skip
        flows = Path(home, "flows")
        flows.write_text(FLOWS)
        for short, version in VERSIONS.items():
            seen: dict[str, list[str]] = {}
            path = f"{home}/relay{short}"
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            threading.Thread(target=relay, args=(listener, f"{home}/br0.mgmt", seen), daemon=True).start()
            monitor = subprocess.Popen(
                ["ovs-ofctl", "-O", version, "monitor", f"unix:{path}", "65535", "watch:table=7", "-P", "nxt_packet_in2"],
                env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(0.5)
            for words in COMMANDS:
                filled = [f"unix:{path}" if w == "@" else str(flows) if w == "FLOWS" else w for w in words]
                if f"unix:{path}" not in filled:
                    filled.append(f"unix:{path}")
                done = subprocess.run(
                    ["ovs-ofctl", "-O", version, *filled], env=env, capture_output=True, check=False
                )
                if done.returncode:
                    print(version, words, done.stderr.decode().strip()[:200])
            for command in ("del-flows", "del-groups", "del-meters", "del-tlv-map"):
                subprocess.run(["ovs-ofctl", "-O", version, command, f"unix:{path}"], env=env, check=False)
            time.sleep(0.3)
            monitor.terminate()
            monitor.wait()
            listener.close()
            known: set[str] = set()
            lines = []
            for direction in ("controller", "switch"):
                for digits in seen[direction]:
                    shape = digits[:8] + digits[16:]
                    # Not the same again but for its transaction id; not the long dumps of table features.
                    if shape not in known and len(digits) < 8000:
                        known.add(shape)
                        lines.append(f"{direction} {digits}\n")
            HERE.mkdir(exist_ok=True)
            (HERE / f"openflow{short}.txt").write_text("".join(lines))
            print(version, len(lines), "messages")
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
