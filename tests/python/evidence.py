#!/usr/bin/env python3
"""Checks a project's evidence log, written from the public texts alone.

    evidence.py DATA PROJECT [--key FILE] [--proofs FILE] [--json]

DATA is the data folder. Without --key the one key in DATA/keys/*.pub is used: the log then is
consistent, but who signed it is not established. --proofs names a file of JSON lines with proofs made
by the program under test, which are checked against the roots computed here:

    {"inclusion": 5, "size": 70, "path": ["<64 hex>", ...]}
    {"consistency": 5, "size": 70, "path": [...]}

Sources: RFC 9162 section 2.1 (hashes and proofs), C2SP signed-note and tlog-checkpoint (the
checkpoint), C2SP tlog-tiles (256 hashes to a tile), schemas/leaf.md (the leaf's bytes). Shares no code
with the program that wrote the log. Prints what was checked and exits 0, or says what does not fit and
exits 1.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KINDS = {
    "data": 1,
    "plan": 2,
    "decision": 3,
    "correction": 4,
    "seal": 5,
    "methodology": 6,
    "event": 7,
    "amount": 8,
    "document": 9,
    "act": 10,
}
SOURCES = {"mqtt": 1, "broker": 2, "file": 3, "http": 4, "operator": 5, "daemon": 6}
CHUNK = 1 << 20
LEAF_BYTES_MAX = 4_096
TILE = 256
SAMPLES = 64


class Differs(Exception):
    """What does not fit, in one sentence."""


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


# --- RFC 9162 section 2.1 ------------------------------------------------------------------------


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


class Tree:
    """The Merkle tree over a list of leaf hashes; roots of any range by 2.1.1."""

    def __init__(self, leaves):
        # nodes[h][i] is the root of the 2^h leaves from i * 2^h on: whole subtrees only.
        self.nodes = [list(leaves)]
        while len(self.nodes[-1]) > 1:
            below = self.nodes[-1]
            self.nodes.append([node_hash(*below[i : i + 2]) for i in range(0, len(below) - 1, 2)])

    def root(self, start, end):
        """MTH(D[start:end])."""
        count = end - start
        if count == 0:
            return sha256()
        if count & (count - 1) == 0 and start % count == 0:
            return self.nodes[count.bit_length() - 1][start // count]
        middle = start + largest_power_below(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def inclusion(self, index, start, end):
        """PATH(m, D[start:end]), 2.1.3.1."""
        if end - start == 1:
            return []
        middle = start + largest_power_below(end - start)
        if index < middle:
            return self.inclusion(index, start, middle) + [self.root(middle, end)]
        return self.inclusion(index, middle, end) + [self.root(start, middle)]

    def consistency(self, old, new):
        """PROOF(m, D_n), 2.1.4.1."""
        return self._subproof(old, 0, new, True)

    def _subproof(self, old, start, end, is_whole):
        if old == end:
            return [] if is_whole else [self.root(start, end)]
        middle = start + largest_power_below(end - start)
        if old <= middle:
            return self._subproof(old, start, middle, is_whole) + [self.root(middle, end)]
        return self._subproof(old, middle, end, False) + [self.root(start, middle)]


def largest_power_below(count):
    return 1 << ((count - 1).bit_length() - 1)


def is_included(leaf, index, size, root, path):
    """2.1.3.2, step by step as written there."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def is_consistent(first, first_root, second, second_root, path):
    """2.1.4.2, step by step as written there."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or (not path):
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


# --- schemas/leaf.md -----------------------------------------------------------------------------


def text_field(text):
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def leaf_bytes(row, committed):
    length = row["payload_bytes"]
    return b"".join(
        [
            bytes([1, KINDS[row["kind"]], SOURCES[row["source"]], int(length > CHUNK)]),
            row["received_at"].to_bytes(8, "big", signed=True),
            text_field(row["client"]),
            text_field(row["name"]),
            length.to_bytes(8, "big"),
            committed,
        ]
    )


def commitment(nonce, payload):
    if len(payload) <= CHUNK:
        return sha256(nonce, payload)
    chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)]
    return Tree([leaf_hash(nonce + chunk) for chunk in chunks]).root(0, len(chunks))


def payload_of(data, row):
    if row["payload"] is not None:
        return row["payload"]
    if row["blob"] is None:
        raise Differs(f"leaf {row['leaf']} has neither a payload nor a blob")
    path = data / "blobs" / row["blob"]
    if not path.is_file():
        raise Differs(f"the blob of leaf {row['leaf']} is missing: {path}")
    payload = path.read_bytes()
    if hashlib.sha256(payload).hexdigest() != row["blob"]:
        raise Differs(f"the blob of leaf {row['leaf']} has other bytes than its name says: {path}")
    return payload


def message_rows(data, project):
    """The rows of `messages` in the order of their leaves, a batch in memory at a time."""
    folder = data / "tables" / "messages" / f"project={project}"
    files = sorted(folder.glob("month=*/*.parquet"), key=lambda path: (path.name, path.parent.name))
    if not files:
        raise Differs(f"no messages below {folder}")
    # File names begin with their first leaf.
    for file in files:
        for batch in ds.dataset(file).to_batches():
            at = batch.schema.get_field_index("received_at")
            microseconds = pc.cast(batch.column(at), "int64")
            batch = batch.set_column(at, "received_at", microseconds)
            yield from batch.to_pylist()


def leaf_hashes(data, project, size):
    """Hashes of the leaves before `size`, each recomputed from its row and its payload."""
    hashes, last_received, counts = [], 0, {"blobs": 0, "payload_bytes": 0}
    for row in message_rows(data, project):
        leaf = row["leaf"]
        if leaf >= size:
            # Published after the checkpoint that is checked here.
            continue
        if leaf != len(hashes):
            raise Differs(f"messages go from leaf {len(hashes) - 1} to {leaf}")
        payload = payload_of(data, row)
        if len(payload) != row["payload_bytes"]:
            raise Differs(f"leaf {leaf} says {row['payload_bytes']} bytes, its payload has {len(payload)}")
        if len(row["nonce"]) != 16:
            raise Differs(f"the nonce of leaf {leaf} has not 16 bytes")
        committed = commitment(row["nonce"], payload)
        # Stored only where the payload lies elsewhere; of an inline one the log itself is the proof.
        if row["commitment"] is None and row["payload"] is None:
            raise Differs(f"leaf {leaf} has a blob and no commitment")
        if row["commitment"] not in (None, committed):
            raise Differs(f"the payload of leaf {leaf} is not the one its leaf commits to")
        if row["received_at"] < last_received:
            raise Differs(f"leaf {leaf} was received before the one ahead of it")
        last_received = row["received_at"]
        encoded = leaf_bytes(row, committed)
        if len(encoded) > LEAF_BYTES_MAX:
            raise Differs(f"leaf {leaf} has {len(encoded)} bytes")
        hashes.append(leaf_hash(encoded))
        counts["blobs"] += row["payload"] is None
        counts["payload_bytes"] += len(payload)
    if len(hashes) != size:
        raise Differs(f"the checkpoint says {size} leaves, messages hold {len(hashes)}")
    return hashes, counts


# --- C2SP signed-note and tlog-checkpoint --------------------------------------------------------


def decode64(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Differs(f"{what} is no base64") from None


def verifier_key(text):
    """`<name>+<hash>+<base64 of 0x01 and the public key>`: name, key id, key."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Differs("the key is not in the form of C2SP signed-note")
    name, key_hash, encoded = parts
    key = decode64(encoded, "the key")
    if len(key) != 33 or key[0] != 1:
        raise Differs("the key is no Ed25519 key")
    key_id = sha256(name.encode(), b"\n", key)[:4]
    if key_id.hex() != key_hash:
        raise Differs(f"the key's hash is {key_hash}, its bytes give {key_id.hex()}")
    return name, key_id, Ed25519PublicKey.from_public_bytes(key[1:])


def open_checkpoint(note, key_text, project):
    """Size and root that the note says, if this key signed it for this project's log."""
    name, key_id, key = verifier_key(key_text)
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Differs("the checkpoint is no signed note")
    text += "\n"
    is_signed = False
    for line in signatures.splitlines():
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Differs(f"the checkpoint has a line that is no signature: {line!r}")
        signature = decode64(parts[2], "a signature")
        if parts[1] != name or signature[:4] != key_id:
            continue
        try:
            key.verify(signature[4:], text.encode())
        except InvalidSignature:
            raise Differs(f"the checkpoint's signature by {name} does not fit its text") from None
        is_signed = True
    if not is_signed:
        raise Differs(f"the checkpoint is not signed by {name}")
    lines = text.split("\n")
    if len(lines) < 4:
        raise Differs("the checkpoint has fewer than three lines")
    origin, size, root = lines[:3]
    if origin != f"{name}/{project}":
        raise Differs(f"the checkpoint is that of {origin}, not of {name}/{project}")
    if not size.isdecimal() or size != str(int(size)):
        raise Differs(f"the checkpoint's size is {size!r}")
    root = decode64(root, "the checkpoint's root")
    if len(root) != 32:
        raise Differs("the checkpoint's root has not 32 bytes")
    return origin, int(size), root


# --- The checks ----------------------------------------------------------------------------------


def check_levels(folder, leaves, is_latest):
    """`level-<n>`: 32 bytes a hash; level n+1 holds one root for each 256 hashes of level n."""
    level, expected = 0, leaves
    while True:
        path = folder / f"level-{level}"
        stored = path.read_bytes() if path.is_file() else b""
        wanted = b"".join(expected)
        if stored[: len(wanted)] != wanted:
            at = next(i for i in range(len(expected)) if stored[i * 32 : i * 32 + 32] != expected[i])
            raise Differs(f"{path} has another hash at {at} than the messages give")
        if is_latest and len(stored) != len(wanted):
            raise Differs(f"{path} has {len(stored) // 32} hashes where {len(expected)} belong")
        if not expected:
            return level
        tiles = len(expected) // TILE
        expected = [
            Tree(expected[tile * TILE : (tile + 1) * TILE]).root(0, TILE) for tile in range(tiles)
        ]
        level += 1


def sample(size):
    """Places spread over the log, with the ends and the borders of tiles."""
    spread = {number * size // SAMPLES for number in range(SAMPLES)}
    borders = {0, 1, TILE - 1, TILE, TILE + 1, TILE**2 - 1, TILE**2, size - 2, size - 1}
    return sorted(place for place in spread | borders if 0 <= place < size)


def check_own_proofs(tree, leaves, size, root):
    places = sample(size)
    for index in places:
        path = tree.inclusion(index, 0, size)
        if not is_included(leaves[index], index, size, root, path):
            raise Differs(f"leaf {index} cannot be shown to be in the log")
    for old in [place + 1 for place in places]:
        path = tree.consistency(old, size)
        if not is_consistent(old, tree.root(0, old), size, root, path):
            raise Differs(f"the log of {size} leaves cannot be shown to begin with the first {old}")
    return len(places)


def check_given_proofs(file, tree, leaves):
    count = 0
    for line in file.read_text().splitlines():
        proof = json.loads(line)
        size, path = proof["size"], [bytes.fromhex(node) for node in proof["path"]]
        if size > len(leaves):
            raise Differs(f"a proof is for {size} leaves, the log has {len(leaves)}")
        root = tree.root(0, size)
        if "inclusion" in proof:
            index = proof["inclusion"]
            is_right = index < size and is_included(leaves[index], index, size, root, path)
        else:
            old = proof["consistency"]
            is_right = is_consistent(old, tree.root(0, old), size, root, path)
        if not is_right:
            raise Differs(f"a given proof does not hold: {line}")
        count += 1
    return count


def check(data, project, key_file, proofs):
    folder = data / "log" / f"project={project}"
    checkpoint = folder / "checkpoint"
    if not checkpoint.is_file():
        raise Differs(f"there is no checkpoint: {checkpoint}")
    if key_file is None:
        keys = sorted((data / "keys").glob("*.pub"))
        if len(keys) != 1:
            raise Differs(f"{len(keys)} keys lie in {data / 'keys'}; name one with --key")
        key_file = keys[0]
    key_text = key_file.read_text()
    origin, size, root = open_checkpoint(checkpoint.read_text(), key_text, project)
    leaves, counts = leaf_hashes(data, project, size)
    tree = Tree(leaves)
    if tree.root(0, size) != root:
        raise Differs(f"the messages give root {tree.root(0, size).hex()}, the checkpoint says {root.hex()}")
    is_latest = checkpoint.read_text().splitlines()[1] == str(size)
    levels = check_levels(folder, leaves, is_latest)
    result = {
        "project": project,
        "origin": origin,
        "size": size,
        "root": root.hex(),
        "key": key_text.strip().rsplit("+", 1)[0],
        "levels": levels,
        **counts,
        "own_proofs": check_own_proofs(tree, leaves, size, root) if size else 0,
        "given_proofs": check_given_proofs(proofs, tree, leaves) if proofs else 0,
    }
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("project")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--proofs", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        result = check(arguments.data, arguments.project, arguments.key, arguments.proofs)
    except Differs as what:
        if arguments.json:
            print(json.dumps({"differs": str(what)}))
        print(f"evidence: {what}", file=sys.stderr)
        sys.exit(1)
    if arguments.json:
        print(json.dumps(result))
        return
    for word, value in result.items():
        print(f"{word:>14}  {value}")
    if arguments.key is None:
        print("consistent; the key came from the same folder, so the signer is not established")


if __name__ == "__main__":
    main()
