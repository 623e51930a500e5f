"""Whether a name without a scheme may be words, or a file: then it isn't an address. Pure.

"notes.md", "Dr.No" and "the end.So" are read as addresses by networks, since .md, .no and .so are
countries; nobody who wrote them meant a page.
"""

import re
from typing import Final

_FILES: Final = frozenset(re.findall(r"\w+", "cab md mk ml mov pl ps py rs sc sh zip"))
"""Top-level domains that are the ends of files' names before anything else."""

_ADDRESSES: Final = frozenset(
    re.findall(
        r"\w+",
        """
    com net org edu gov mil int info biz io ai dev eu uk xyz ae ag ar au az ba bd bg bh bo br bw
    ca cd ch ci ck cl cm cn cr cu cy cz de dk dz ec ee eg fi fj fm fo fr ga ge gg gh gl gm gp gr
    gt gy hk hn hr ht hu ie il iq ir jm jo jp ke kg kh kr kw kz lb lc li lk lr ls lt lu lv ly mc
    mg mn mo mt mu mv mw mx mz nc ne nf ng ni nl np nr nu nz pa pe pf pg ph pk pt qa ro ru rw sa
    sd se sg si sk sl sn su sy sz tc td tg th tj tl tn tr tt tv tw tz ua ug uy uz vc ve vg vn vu
    wf ws ye yt za zm zw co
        """,
    )
)
"""Those that are neither words nor ends of files' names, and that people write without a scheme."""

_SHAPE: Final = re.compile(r"(?P<name>[^/?#:]+)\.(?P<top>[^./?#:]+)(?P<rest>(?::\d+)?[/?#].+)?")


def may_be_words(written: str) -> bool:
    """Whether somebody may have meant words or a file by what looks like an address to a network.

    `written` has no scheme. With "www." in front nobody does. Else a name of common use
    ("example.com") must be left, or a whole address ("youtu.be/abc"): its top-level domain is no
    file's, and is written like the rest, in small letters or in capitals.
    """
    if written[:4].lower() == "www.":
        return False
    shape = _SHAPE.fullmatch(written.removesuffix("/"))
    if shape is None:
        return True
    name, top = shape["name"], shape["top"]
    plain = top.lower()
    if not (top == plain or written == written.upper()) or plain in _FILES:
        return True
    label = name.rpartition(".")[2]
    if label.isdigit() and plain not in ("com", "net", "org"):
        return True
    if not plain.isascii() or plain.startswith("xn--"):
        return False
    return shape["rest"] is None and plain not in _ADDRESSES
