"""The names of OpenFlow's errors, so that a refusal reads as text in logs, findings and answers.

The names are those of Open vSwitch (`ofp-errors.h`): the standard's own, the Nicira extension's (NX…), and the
numbers under which the Open Networking Foundation's extensions carry later versions' errors in 1.3.

Rule 1: an unknown number still gives a readable, unique name.
Rule 2: one name per meaning, whichever version or experimenter carried it.
"""

from __future__ import annotations

from netloom.wire.openflow.versions import NX_VENDOR, ONF_VENDOR

# error type -> its name, the prefix of its codes, the codes from 0 on
_STANDARD: dict[int, tuple[str, str, tuple[str, ...]]] = {
    0: ("OFPET_HELLO_FAILED", "OFPHFC", ("INCOMPATIBLE", "EPERM")),
    1: (
        "OFPET_BAD_REQUEST",
        "OFPBRC",
        (
            "BAD_VERSION",
            "BAD_TYPE",
            "BAD_STAT",
            "BAD_VENDOR",
            "BAD_SUBTYPE",
            "EPERM",
            "BAD_LEN",
            "BUFFER_EMPTY",
            "BUFFER_UNKNOWN",
            "BAD_TABLE_ID",
            "IS_SLAVE",
            "BAD_PORT",
            "BAD_PACKET",
            "MULTIPART_BUFFER_OVERFLOW",
            "MULTIPART_REQUEST_TIMEOUT",
            "MULTIPART_REPLY_TIMEOUT",
            "MULTIPART_BAD_SCHED",
            "PIPELINE_FIELDS_ONLY",
            "UNKNOWN",
        ),
    ),
    2: (
        "OFPET_BAD_ACTION",
        "OFPBAC",
        (
            "BAD_TYPE",
            "BAD_LEN",
            "BAD_VENDOR",
            "BAD_VENDOR_TYPE",
            "BAD_OUT_PORT",
            "BAD_ARGUMENT",
            "EPERM",
            "TOO_MANY",
            "BAD_QUEUE",
            "BAD_OUT_GROUP",
            "MATCH_INCONSISTENT",
            "UNSUPPORTED_ORDER",
            "BAD_TAG",
            "BAD_SET_TYPE",
            "BAD_SET_LEN",
            "BAD_SET_ARGUMENT",
            "BAD_SET_MASK",
            "BAD_METER",
        ),
    ),
    3: (
        "OFPET_BAD_INSTRUCTION",
        "OFPBIC",
        (
            "UNKNOWN_INST",
            "UNSUP_INST",
            "BAD_TABLE_ID",
            "UNSUP_METADATA",
            "UNSUP_METADATA_MASK",
            "BAD_EXPERIMENTER",
            "BAD_EXP_TYPE",
            "BAD_LEN",
            "EPERM",
            "DUP_INST",
        ),
    ),
    4: (
        "OFPET_BAD_MATCH",
        "OFPBMC",
        (
            "BAD_TYPE",
            "BAD_LEN",
            "BAD_TAG",
            "BAD_DL_ADDR_MASK",
            "BAD_NW_ADDR_MASK",
            "BAD_WILDCARDS",
            "BAD_FIELD",
            "BAD_VALUE",
            "BAD_MASK",
            "BAD_PREREQ",
            "DUP_FIELD",
            "EPERM",
        ),
    ),
    5: (
        "OFPET_FLOW_MOD_FAILED",
        "OFPFMFC",
        (
            "UNKNOWN",
            "TABLE_FULL",
            "BAD_TABLE_ID",
            "OVERLAP",
            "EPERM",
            "BAD_TIMEOUT",
            "BAD_COMMAND",
            "BAD_FLAGS",
            "CANT_SYNC",
            "BAD_PRIORITY",
            "IS_SYNC",
        ),
    ),
    6: (
        "OFPET_GROUP_MOD_FAILED",
        "OFPGMFC",
        (
            "GROUP_EXISTS",
            "INVALID_GROUP",
            "WEIGHT_UNSUPPORTED",
            "OUT_OF_GROUPS",
            "OUT_OF_BUCKETS",
            "CHAINING_UNSUPPORTED",
            "WATCH_UNSUPPORTED",
            "LOOP",
            "UNKNOWN_GROUP",
            "CHAINED_GROUP",
            "BAD_TYPE",
            "BAD_COMMAND",
            "BAD_BUCKET",
            "BAD_WATCH",
            "EPERM",
            "UNKNOWN_BUCKET",
            "BUCKET_EXISTS",
        ),
    ),
    7: (
        "OFPET_PORT_MOD_FAILED",
        "OFPPMFC",
        ("BAD_PORT", "BAD_HW_ADDR", "BAD_CONFIG", "BAD_ADVERTISE", "EPERM"),
    ),
    8: ("OFPET_TABLE_MOD_FAILED", "OFPTMFC", ("BAD_TABLE", "BAD_CONFIG", "EPERM")),
    9: ("OFPET_QUEUE_OP_FAILED", "OFPQOFC", ("BAD_PORT", "BAD_QUEUE", "EPERM")),
    10: ("OFPET_SWITCH_CONFIG_FAILED", "OFPSCFC", ("BAD_FLAGS", "BAD_LEN", "EPERM")),
    11: ("OFPET_ROLE_REQUEST_FAILED", "OFPRRFC", ("STALE", "UNSUP", "BAD_ROLE", "ID_UNSUP", "ID_IN_USE")),
    12: (
        "OFPET_METER_MOD_FAILED",
        "OFPMMFC",
        (
            "UNKNOWN",
            "METER_EXISTS",
            "INVALID_METER",
            "UNKNOWN_METER",
            "BAD_COMMAND",
            "BAD_FLAGS",
            "BAD_RATE",
            "BAD_BURST",
            "BAD_BAND",
            "BAD_BAND_VALUE",
            "OUT_OF_METERS",
            "OUT_OF_BANDS",
        ),
    ),
    13: (
        "OFPET_TABLE_FEATURES_FAILED",
        "OFPTFFC",
        (
            "BAD_TABLE",
            "BAD_METADATA",
            "BAD_TYPE",
            "BAD_LEN",
            "BAD_ARGUMENT",
            "EPERM",
            "BAD_CAPA",
            "BAD_MAX_ENT",
            "BAD_FEATURES",
            "BAD_COMMAND",
            "TOO_MANY",
        ),
    ),
    14: (
        "OFPET_BAD_PROPERTY",
        "OFPBPC",
        (
            "BAD_TYPE",
            "BAD_LEN",
            "BAD_VALUE",
            "TOO_MANY",
            "DUP_TYPE",
            "BAD_EXPERIMENTER",
            "BAD_EXP_TYPE",
            "BAD_EXP_VALUE",
            "EPERM",
        ),
    ),
    15: ("OFPET_ASYNC_CONFIG_FAILED", "OFPACFC", ("INVALID", "UNSUPPORTED", "EPERM")),
    16: (
        "OFPET_FLOW_MONITOR_FAILED",
        "OFPMOFC",
        (
            "UNKNOWN",
            "MONITOR_EXISTS",
            "INVALID_MONITOR",
            "UNKNOWN_MONITOR",
            "BAD_COMMAND",
            "BAD_FLAGS",
            "BAD_TABLE_ID",
            "BAD_OUT",
        ),
    ),
    17: (
        "OFPET_BUNDLE_FAILED",
        "OFPBFC",
        (
            "UNKNOWN",
            "EPERM",
            "BAD_ID",
            "BUNDLE_EXIST",
            "BUNDLE_CLOSED",
            "OUT_OF_BUNDLES",
            "BAD_TYPE",
            "BAD_FLAGS",
            "MSG_BAD_LEN",
            "MSG_BAD_XID",
            "MSG_UNSUP",
            "MSG_CONFLICT",
            "MSG_TOO_MANY",
            "MSG_FAILED",
            "TIMEOUT",
            "BUNDLE_IN_PROGRESS",
            "SCHED_NOT_SUPPORTED",
            "SCHED_FUTURE",
            "SCHED_PAST",
            "BAD_VERSION",
        ),
    ),
}

_EXPERIMENTER: dict[int, dict[int, str]] = {
    NX_VENDOR: {
        2: "NXBRC_NXM_INVALID",
        3: "NXBRC_NXM_BAD_TYPE",
        4: "NXBRC_MUST_BE_ZERO",
        5: "NXBRC_BAD_REASON",
        6: "OFPMOFC_MONITOR_EXISTS",
        7: "OFPMOFC_BAD_FLAGS",
        8: "OFPMOFC_UNKNOWN_MONITOR",
        9: "NXBRC_FM_BAD_EVENT",
        10: "NXBRC_UNENCODABLE_ERROR",
        11: "NXBAC_MUST_BE_ZERO",
        12: "NXFMFC_HARDWARE",
        13: "NXFMFC_BAD_TABLE_ID",
        15: "NXBAC_BAD_CONJUNCTION",
        16: "NXTTMFC_BAD_COMMAND",
        17: "NXTTMFC_BAD_OPT_LEN",
        18: "NXTTMFC_BAD_FIELD_IDX",
        19: "NXTTMFC_TABLE_FULL",
        20: "NXTTMFC_ALREADY_MAPPED",
        21: "NXTTMFC_DUP_ENTRY",
        22: "OFPBFC_BAD_VERSION",
        23: "NXQOFC_QUEUE_ERROR",
        25: "OFPBPC_BAD_TYPE",
        26: "OFPBPC_BAD_LEN",
        27: "OFPBPC_BAD_VALUE",
        28: "OFPBPC_TOO_MANY",
        29: "OFPBPC_DUP_TYPE",
        30: "OFPBPC_BAD_EXPERIMENTER",
        31: "OFPBPC_BAD_EXP_TYPE",
        32: "OFPBPC_BAD_EXP_VALUE",
        33: "OFPBPC_EPERM",
        34: "NXR_NOT_SUPPORTED",
        35: "NXR_STALE",
        36: "NXST_NOT_CONFIGURED",
    },
    ONF_VENDOR: {
        2300: "OFPBFC_UNKNOWN",
        2301: "OFPBFC_EPERM",
        2302: "OFPBFC_BAD_ID",
        2303: "OFPBFC_BUNDLE_EXIST",
        2304: "OFPBFC_BUNDLE_CLOSED",
        2305: "OFPBFC_OUT_OF_BUNDLES",
        2306: "OFPBFC_BAD_TYPE",
        2307: "OFPBFC_BAD_FLAGS",
        2308: "OFPBFC_MSG_BAD_LEN",
        2309: "OFPBFC_MSG_BAD_XID",
        2310: "OFPBFC_MSG_UNSUP",
        2311: "OFPBFC_MSG_CONFLICT",
        2312: "OFPBFC_MSG_TOO_MANY",
        2313: "OFPBFC_MSG_FAILED",
        2314: "OFPBFC_TIMEOUT",
        2315: "OFPBFC_BUNDLE_IN_PROGRESS",
        2600: "OFPBIC_DUP_INST",
        4250: "OFPBAC_BAD_SET_MASK",
        4443: "OFPBPC_TOO_MANY",
        4444: "OFPBPC_DUP_TYPE",
        4445: "OFPBPC_BAD_EXPERIMENTER",
        4446: "OFPBPC_BAD_EXP_TYPE",
        4447: "OFPBPC_BAD_EXP_VALUE",
        4448: "OFPBPC_EPERM",
    },
}

# Under NXET_VENDOR, Nicira's errors have a type and a code (ofp-errors.h, "NX1.0-1.1").
_VENDOR_ERRORS: dict[tuple[int, int], str] = {
    (1, 256): "NXBRC_NXM_INVALID",
    (1, 257): "NXBRC_NXM_BAD_TYPE",
    (1, 512): "OFPBRC_BAD_TABLE_ID",
    (1, 513): "OFPRRFC_BAD_ROLE",
    (1, 514): "OFPBRC_BAD_PORT",
    (1, 515): "NXBRC_MUST_BE_ZERO",
    (1, 516): "NXBRC_BAD_REASON",
    (1, 517): "OFPMOFC_MONITOR_EXISTS",
    (1, 518): "OFPMOFC_BAD_FLAGS",
    (1, 519): "OFPMOFC_UNKNOWN_MONITOR",
    (1, 520): "NXBRC_FM_BAD_EVENT",
    (1, 521): "NXBRC_UNENCODABLE_ERROR",
    (1, 527): "NXTTMFC_BAD_COMMAND",
    (1, 528): "NXTTMFC_BAD_OPT_LEN",
    (1, 529): "NXTTMFC_BAD_FIELD_IDX",
    (1, 530): "NXTTMFC_TABLE_FULL",
    (1, 531): "NXTTMFC_ALREADY_MAPPED",
    (1, 532): "NXTTMFC_DUP_ENTRY",
    (1, 533): "NXR_NOT_SUPPORTED",
    (1, 534): "NXR_STALE",
    (1, 535): "NXST_NOT_CONFIGURED",
    (2, 256): "NXBAC_MUST_BE_ZERO",
    (2, 526): "NXBAC_BAD_CONJUNCTION",
    (5, 256): "NXFMFC_HARDWARE",
    (5, 257): "NXFMFC_BAD_TABLE_ID",
}

_NUMBERS: dict[str, tuple[int, int]] = {
    f"{prefix}_{code}": (number, i)
    for number, (_, prefix, codes) in _STANDARD.items()
    for i, code in enumerate(codes)
}


def error_name(error_type: int, code: int) -> str:
    """The name of a standard error, for example `OFPFMFC_TABLE_FULL`."""
    row = _STANDARD.get(error_type)
    if row is None:
        return f"error type {error_type} code {code}"
    name, prefix, codes = row
    return f"{prefix}_{codes[code]}" if code < len(codes) else f"{name} code {code}"


def experimenter_error_name(experimenter: int, code: int) -> str:
    """The name of an experimenter's error, for example `NXTTMFC_ALREADY_MAPPED`."""
    name = _EXPERIMENTER.get(experimenter, {}).get(code)
    return name or f"experimenter {experimenter:#010x} error {code}"


def vendor_error_name(vendor: int, error_type: int, code: int) -> str:
    """The name of an error in Nicira's own envelope (NXET_VENDOR)."""
    name = _VENDOR_ERRORS.get((error_type, code)) if vendor == NX_VENDOR else None
    return name or f"vendor {vendor:#010x} error type {error_type} code {code}"


def error_numbers(name: str) -> tuple[int, int]:
    """The type and code of a standard error's name; KeyError when there is none of that name."""
    return _NUMBERS[name]
