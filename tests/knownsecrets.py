"""An installation whose every secret is known, so that they can be looked for afterwards."""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

from world import World

from linktrack.audience.accounts import add_account
from linktrack.audience.credentials import connect
from linktrack.audience.models import StoredCredential
from linktrack.keys import load_keys
from linktrack.networks.credentials import Credential, SignIn
from linktrack.outside.addresses import Network
from linktrack.owners.access import create_owner, make_sign_in_link
from linktrack.owners.models import Owner
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.sharing import share_report
from linktrack.owners.signing_in.codes import begin_codes, finish_codes, secret_to_set_up
from linktrack.owners.signing_in.models import OneTimeCodes, Passkey
from linktrack.owners.tokens import create_token
from linktrack.webhooks.catalog import add_webhook, send_test
from linktrack.webhooks.models import Webhook
from linktrack.webhooks.recipients import Wish, add_recipient, read_address

ADDRESSES = {"an address": "203.0.113.77", "an IPv6 address": "2001:db8:5ec:7::e7"}
"""Where visitors come from."""

OF_SETTINGS = {
    name: f"{name}-{secrets.token_hex(12)}" for name in ("mail", "database", "provider", "apprise")
}


def put_in(
    world: World, receiver: str, allowed: tuple[Network, ...], now: datetime
) -> dict[str, str]:
    """Store each kind of secret by the product's own functions; return them by their names."""
    from pyotp import TOTP

    session, keys = world.session, load_keys(world.settings.data)
    key = keys.sealing()
    owner = create_owner(session, "Jesse", now)
    guarded = create_owner(session, "Robin", now)
    typed = f"correct horse {secrets.token_hex(12)}"
    set_password(session, owner, hash_password(typed), now)
    begin_codes(session, guarded, key, now)
    totp = secret_to_set_up(session, guarded, key, now) or ""
    recovery = finish_codes(session, guarded, TOTP(totp).at(now), key, now)
    account = add_account(session, "mastodon", "@jesse@nowhere.invalid", "you", now)
    kept = f"kept-{secrets.token_urlsafe(24)}"
    values = {
        "access_token": kept,
        "id": "5",
        "handle": account.handle,
        "url": "http://127.0.0.1:9/@jesse",
        "server_is_set": "yes",
    }
    credential = Credential("mastodon", "http://127.0.0.1:9", values)
    connect(session, keys, account, SignIn("5", account.handle, credential), now)
    hook, signing = add_webhook(session, key, f"{receiver}/", [], None, now=now, allowed=allowed)
    apprise = f"json://127.0.0.1:{receiver.split(':')[2].split('/')[0]}/{OF_SETTINGS['apprise']}"
    told = [
        add_recipient(session, key, Wish(read_address(address, "Phone", allowed)), now)
        for address in (apprise, "me@example.org")
    ]
    session.flush()
    for webhook in (hook, *told):
        send_test(session, webhook, now)
    passkey = {"passkey": secrets.token_urlsafe(32), "its public key": secrets.token_urlsafe(64)}
    session.add(
        Passkey(
            owner_id=owner.id,
            name="Laptop",
            credential_hash=hashlib.sha256(passkey["passkey"].encode()).hexdigest(),
            credential_id=passkey["passkey"],
            public_key=passkey["its public key"],
            sign_count=1,
            created_at=now,
        )
    )
    found = {
        "password": typed,
        "its hash": session.get_one(Owner, owner.id).password_hash or "",
        "a sign-in link": make_sign_in_link(session, owner, now),
        "another sign-in link": make_sign_in_link(session, owner, now),
        "a token": create_token(session, "a", "write", None, now),
        "another token": create_token(session, "b", "read", account.id, now),
        "a shared report": share_report(session, account.id, 30, now),
        "the app's secret": totp,
        "the app's secret, sealed": session.get_one(OneTimeCodes, guarded.id).sealed,
        "a recovery code": recovery[0],
        "what signs an account in": kept,
        "that, sealed": session.get_one(StoredCredential, account.id).sealed,
        "what a webhook signs with": signing,
        "that of a webhook, sealed": session.get_one(Webhook, hook.id).sealed_secret,
        "an address of Apprise, sealed": session.get_one(Webhook, told[0].id).sealed_secret,
        **passkey,
        **OF_SETTINGS,
        **ADDRESSES,
    }
    session.commit()
    return found


def needles(known: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Give each secret as it may be written: plain, hashed as it is stored, encoded."""
    for name, secret in known.items():
        raw = secret.encode()
        forms = {
            raw,
            hashlib.sha256(raw).hexdigest().encode(),
            quote(secret, safe="").encode(),
            quote_plus(secret).encode(),
            b64encode(raw).rstrip(b"=")[:-1],
        }
        yield from ((name, form) for form in forms)


def found_in(known: Mapping[str, str], written: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return which secret stands in what was written."""
    looked_for = list(needles(known))
    return {
        (name, where)
        for where, content in written.items()
        for name, needle in looked_for
        if needle in content
    }


def files_of(data: Path) -> dict[str, bytes]:
    """Return what lies in a data folder but for the database and the keys."""
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not path.name.startswith(("linktrack.db", "keys.json"))
    }
