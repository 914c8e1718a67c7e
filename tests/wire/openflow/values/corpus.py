"""Flows as a person writes them for ovs-ofctl, one per thing that the codec knows; the real-switch and text tests run all."""

from __future__ import annotations

MATCHES = """
in_port=1
in_port=LOCAL
in_port=CONTROLLER
dl_src=02:00:00:00:00:01
dl_dst=01:00:00:00:00:00/01:00:00:00:00:00
dl_type=0x1234
dl_vlan=10
dl_vlan=10,dl_vlan_pcp=3
dl_vlan_pcp=3
dl_vlan=0xffff
vlan_tci=0x1000/0x1000
vlan_tci=0x1123/0x1fff
ip
ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.1
ip,nw_dst=10.0.0.0/255.0.255.0
ip,nw_proto=47
ip,nw_tos=32,nw_ecn=2,nw_ttl=64
ip,nw_frag=no
ip,nw_frag=yes
ip,nw_frag=first
ip,nw_frag=later
ip,nw_frag=not_later
tcp,tp_src=1,tp_dst=80
tcp,tp_dst=0x1000/0xf000
tcp,tcp_flags=+syn-ack
tcp,tcp_flags=syn|ack
tcp,tcp_flags=0x12/0x3f
udp,tp_dst=53
sctp,tp_dst=99
icmp,icmp_type=8,icmp_code=0
ipv6
ipv6,ipv6_src=fd00::/16,ipv6_dst=fd00::1
ipv6,ipv6_dst=::1/::ffff
ipv6,ipv6_label=0x12345
ipv6,nw_proto=43
tcp6,tp_dst=80
udp6,tp_src=68
sctp6,tp_src=1
icmp6,icmp_type=128,icmp_code=0
icmp6,icmp_type=135,nd_target=fd00::5,nd_sll=02:00:00:00:00:02
icmp6,icmp_type=136,icmp_code=0,nd_target=fd00::/64,nd_tll=02:00:00:00:00:02
icmp6,icmp_type=135,icmp_code=0,nd_reserved=5,nd_options_type=1
arp,arp_op=1,arp_tpa=10.0.0.1,arp_spa=10.0.0.0/24
arp,arp_sha=02:00:00:00:00:01,arp_tha=00:00:00:00:00:00
rarp
mpls,mpls_label=5,mpls_tc=1,mpls_bos=1,mpls_ttl=9
mplsm,mpls_label=7
tun_id=0x5
tun_id=0x500/0xff00
tun_src=1.2.3.4,tun_dst=5.6.7.0/24
tun_ipv6_src=fd00::1,tun_ipv6_dst=fd00::/32
tun_gbp_id=5,tun_gbp_flags=1
tun_flags=oam
tun_metadata0=0x1234
tun_metadata1=0x12/0xff
tun_erspan_ver=1,tun_erspan_idx=5
tun_erspan_ver=2,tun_erspan_dir=1,tun_erspan_hwid=3
metadata=0x123456789
metadata=0x1/0xf
reg0=5
reg0=0,reg1=0x10/0xf0,reg15=0xffffffff
xreg0=0x500000001
xxreg1=0x1
reg4=1,reg5=2,reg6=3
pkt_mark=0x5/0xff
ct_state=+trk+est-inv
ct_state=trk
ct_state=-trk
ct_state=+trk+new,ct_zone=5,ct_mark=0x6/0xff,ip
ct_state=+trk+est,ct_label=0x123,ip
ct_label=0x1/0xff
ct_state=+trk+est,ip,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/8,ct_nw_proto=6,ct_tp_src=5,ct_tp_dst=80
ct_state=+trk+est,ipv6,ct_ipv6_src=fd00::1,ct_ipv6_dst=fd00::/64,ct_nw_proto=17,ct_tp_dst=53
conj_id=77
conj_id=77,ip
recirc_id=0
actset_output=3
dl_type=0x894f,nsh_flags=0,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123,nsh_si=5,nsh_c1=1,nsh_ttl=9
in_port=7,dl_src=02:00:00:00:00:01,ip,nw_src=10.0.0.1,reg0=1,metadata=5,tun_id=9
""".split("\n")[1:-1]

ACTIONS = """
drop
output:1
1,2,LOCAL
IN_PORT
NORMAL
FLOOD
ALL
CONTROLLER:65535
CONTROLLER:128
controller(reason=no_match,max_len=100,id=5)
controller(userdata=01.02.03.04.05)
controller(pause,userdata=00,max_len=200,meter_id=7)
output:NXM_NX_REG0[]
output:NXM_NX_REG0[0..15]
output(port=3,max_len=100)
enqueue:1:5
set_queue:7,output:1,pop_queue
group:1
set_field:02:00:00:00:00:09->eth_src
set_field:0x5->reg0
set_field:0x5/0xf->reg3
set_field:0x12/0x33->reg3
set_field:0x5->xreg1
set_field:0x5/0xff00000000->xreg1
set_field:0x1->xxreg0
set_field:0x7->tun_id
set_field:1.2.3.4->tun_dst
set_field:fd00::1->tun_ipv6_dst
set_field:0x1234->tun_metadata0
set_field:0x9->metadata
set_field:0x1->pkt_mark
load:0x1->NXM_NX_REG0[0..15]
load:0xffffffff->NXM_NX_REG1[]
load:0x1->NXM_NX_REG1[5]
load:0x5->OXM_OF_METADATA[0..31]
load:0x5->NXM_NX_TUN_ID[0..23]
load:0x5->OXM_OF_PKT_REG0[]
load:0x5->NXM_OF_VLAN_TCI[0..11]
move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]
move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31]
move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG2[]
push:NXM_NX_REG0[]
pop:NXM_NX_REG0[0..3]
push_vlan:0x8100,set_field:4106->vlan_vid
mod_vlan_vid:5
pop_vlan
push_mpls:0x8847
note:01.02.03.04.05.06
note:01.02
exit
resubmit:3
resubmit(,5)
resubmit(3,5)
resubmit(,5,ct)
goto_table:7
write_metadata:0x1234
write_metadata:0x1/0xff
meter:1,output:1
clear_actions,write_actions(output:1,set_field:02:00:00:00:00:09->eth_src),write_metadata:0x1,goto_table:9
write_actions(output:2)
clone(output:1,set_field:0x1->reg0),output:2
clone(clone(output:1))
ct_clear
learn(table=1,hard_timeout=10,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])
learn(table=2,idle_timeout=5,priority=10,send_flow_rem,delete_learned,cookie=0x5,limit=100,result_dst=NXM_NX_REG0[3],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31],load:0xa->NXM_NX_REG2[0..7])
learn(table=3,fin_idle_timeout=1,eth_type=0x800,load:0x1->NXM_NX_REG0[])
learn(table=3,NXM_NX_REG0[0..7]=0x5,output:NXM_NX_REG1[])
check_pkt_larger(1500)->NXM_NX_REG0[0]
multipath(eth_src,50,modulo_n,12,0,NXM_NX_REG0[0..15])
multipath(symmetric_l4,0,hrw,2,0,NXM_NX_REG0[])
multipath(symmetric_l3l4+udp,0,iter_hash,2,5,NXM_NX_REG0[])
bundle(eth_src,0,hrw,ofport,members:1,2,3)
bundle_load(symmetric_l4,0,active_backup,ofport,NXM_NX_REG0[],members:1,2)
sample(probability=100,collector_set_id=1,obs_domain_id=2,obs_point_id=3)
sample(probability=100,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=1)
sample(probability=100,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=1,egress)
delete_field:tun_metadata0
encap(nsh(md_type=1))
encap(ethernet)
decap()
set_field:0x5->tun_gbp_id
""".split("\n")[1:-1]

# Actions that ask something of the match.
WITH_MATCH = """
ip actions=ct(commit)
ip actions=ct(commit,force,table=5,zone=9)
ip actions=ct(table=5,zone=NXM_NX_REG0[0..15])
ip actions=ct(nat)
ip actions=ct(commit,nat(src=10.0.0.1))
ip actions=ct(commit,nat(src=10.0.0.1-10.0.0.9:1000-2000,random))
ip actions=ct(commit,nat(dst=10.0.0.1:80,persistent,hash))
ipv6 actions=ct(commit,nat(src=fd00::1-fd00::9))
ipv6 actions=ct(commit,nat(dst=[fd00::1]:80))
ip actions=ct(commit,nat(src),exec(load:0x1->NXM_NX_CT_MARK[]))
ip actions=ct(commit,exec(set_field:0x1->ct_mark,set_field:0x5/0xff->ct_label))
ip actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))
tcp actions=ct(commit,alg=ftp)
udp actions=ct(commit,alg=tftp,table=3)
ip actions=dec_ttl
ip actions=dec_ttl(1,2)
ip actions=mod_nw_ttl:64
ip actions=set_field:10.0.0.1->nw_src
ip actions=mod_nw_dst:10.0.0.7
ip actions=mod_nw_tos:32
ip actions=set_field:2->nw_ecn
tcp actions=set_field:80->tcp_dst,fin_timeout(idle_timeout=5,hard_timeout=6)
udp actions=mod_tp_dst:53
ipv6 actions=set_field:fd00::7->ipv6_src,set_field:0x5->ipv6_label
icmp6,icmp_type=135,icmp_code=0 actions=set_field:136->icmpv6_type
icmp6,icmp_type=136 actions=set_field:02:00:00:00:00:01->nd_tll,set_field:5->nd_reserved,set_field:2->nd_options_type
arp actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],IN_PORT
arp actions=set_field:10.0.0.1->arp_spa,set_field:02:00:00:00:00:01->arp_sha
mpls actions=set_field:5->mpls_label,set_mpls_ttl:3,dec_mpls_ttl,pop_mpls:0x0800
dl_vlan=5 actions=set_field:4107->vlan_vid,set_field:3->vlan_pcp
ip,reg0=1 actions=conjunction(1,1/2),conjunction(2,2/3)
dl_type=0x894f actions=set_field:0x123->nsh_spi,dec_nsh_ttl,decap()
cookie=0xabc,table=3,priority=7,idle_timeout=5,hard_timeout=6,send_flow_rem,reg9=9 actions=drop
""".split("\n")[1:-1]


def flows() -> list[str]:
    """Every line as a flow of its own priority."""
    lines = [f"{match} actions=drop" for match in MATCHES]
    lines += [f"actions={actions}" for actions in ACTIONS]
    lines += WITH_MATCH
    return [line if "priority" in line else f"priority={1000 + i},{line}" for i, line in enumerate(lines)]
