#!/usr/bin/env python3
"""Rechecks a bundle, written from the public texts alone: shares no code with the program that made it.

    bundle.py BUNDLE [--key FILE] [--json]

Digests (BagIt, RFC 8493), the signed statement (DSSE, in-toto), every leaf against its message
(schemas/leaf.md), the log (RFC 9162, C2SP), and RE, PE and ER of two methodologies from the raw bytes
in decimals of 34 digits: electricity of a register that is read at the ends of the year or the period,
and of documents that are split by days; equations of solar power (F1) and of chillers (F2). Exits 0 and
prints what was found, or says what does not fit and exits 1.
"""

import argparse
import base64
import hashlib
import io
import json
import sys
import tomllib
import zipfile
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature

from evidence import (
    Differs,
    Tree,
    commitment,
    decode64,
    is_consistent,
    is_included,
    leaf_bytes,
    leaf_hash,
    open_checkpoint,
    verifier_key,
)

TYPE = "application/vnd.in-toto+json"
TWELVE = Decimal("1e-12")


def need(is_right, what):
    if not is_right:
        raise Differs(what)


class Bundle:
    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.facts = json.loads(self.files["data/bundle.json"])
        self.rows, self.leaves = {}, []

    def text(self, name):
        need(name in self.files, f"{name} is missing")
        return self.files[name].decode()

    def digests(self):
        """Both manifests list exactly what is there."""
        for manifest, is_part in [
            ("manifest-sha256.txt", lambda name: name.startswith("data/")),
            ("tagmanifest-sha256.txt", lambda name: not name.startswith("data/")),
        ]:
            listed = dict(line.split("  ", 1)[::-1] for line in self.text(manifest).splitlines())
            beside = {"tagmanifest-sha256.txt", "statement.dsse.json"}
            there = {name for name in self.files if is_part(name)} - beside
            need(set(listed) == there, f"{manifest} lists other files: {set(listed) ^ there}")
            for name, digest in listed.items():
                found = hashlib.sha256(self.files[name]).hexdigest()
                need(found == digest, f"{name} has the digest {found}, not {digest}")

    def statement(self, key_text):
        """DSSE: the signature is over type and bytes; in-toto: the subjects are these files."""
        envelope = json.loads(self.text("statement.dsse.json"))
        payload = decode64(envelope["payload"], "the statement")
        signed = b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload)
        need(envelope["payloadType"] == TYPE, "the envelope holds no in-toto statement")
        try:
            signature = decode64(envelope["signatures"][0]["sig"], "the signature")
            verifier_key(key_text)[2].verify(signature, signed)
        except InvalidSignature:
            raise Differs("the statement is not signed by the key") from None
        statement = json.loads(payload)
        for subject in statement["subject"]:
            found = hashlib.sha256(self.files[subject["name"]]).hexdigest()
            need(found == subject["digest"]["sha256"], f"{subject['name']} is not what was signed")
        need(statement["predicate"] == self.facts, "the statement is of another bundle")

    def messages(self):
        """Every message is the one that its leaf commits to."""
        file = self.files["data/log/leaves"]
        while file:
            length = int.from_bytes(file[:2], "big")
            self.leaves.append(file[2 : 2 + length])
            file = file[2 + length :]
        for name in sorted(name for name in self.files if name.startswith("data/tables/messages/")):
            table = pq.read_table(io.BytesIO(self.files[name]))
            at = table.schema.get_field_index("received_at")
            table = table.set_column(at, "received_at", pc.cast(table.column(at), "int64"))
            for row in table.to_pylist():
                if row["payload"] is None:
                    row["payload"] = self.files[f"data/blobs/{row['blob']}"]
                committed = commitment(row["nonce"], row["payload"])
                leaf = leaf_bytes(row, committed)
                need(leaf == self.leaves[row["leaf"]], f"leaf {row['leaf']} is not that of its message")
                need(len(row["payload"]) == row["payload_bytes"], f"leaf {row['leaf']}: length")
                need(row["leaf"] not in self.rows, f"leaf {row['leaf']} is there twice")
                self.rows[row["leaf"]] = row
        first, size, seal = (self.facts[name] for name in ("first_leaf", "log_size", "seal_leaf"))
        for number, leaf in enumerate(self.leaves):
            is_data = leaf[1] == 1
            is_needed = number == seal or (number < size and (number >= first or not is_data))
            need(is_needed == (number in self.rows), f"the message of leaf {number} is missing, or too much")
        need(len(self.leaves) == seal + 1, "the leaves do not end with the seal")
        received = [int.from_bytes(leaf[4:12], "big", signed=True) for leaf in self.leaves]
        need(received == sorted(received), "leaves are not in the order of receipt")

    def log(self, key_text):
        """The leaves lead to the sealed root and lie under the signed checkpoint."""
        tree = Tree([leaf_hash(leaf) for leaf in self.leaves])
        size, seal, count = self.facts["log_size"], self.facts["seal_leaf"], len(self.leaves)
        root = base64.b64encode(tree.root(0, size)).decode()
        sealed = json.loads(self.rows[seal]["payload"])
        need(sealed["log_size"] == size and sealed["log_root"] == root, "the seal is of another log")
        need(sealed["figures"] == self.facts["figures"], "the seal fixed other figures")
        proofs = []
        for name, head in [("seal.tlog-proof", ["c2sp.org/tlog-proof@v1", f"index {seal}"]),
                           ("growth", [f"old {count}"])]:
            lines, _, note = self.text(f"data/log/{name}").partition("\n\n")
            if not lines.startswith("\n".join(head)):
                raise Differs(f"data/log/{name} is the proof of something else")
            path = lines.split("\n")[len(head) :]
            proofs.append(([decode64(line, "a hash") for line in path if line], note))
        need(proofs[0][1] == proofs[1][1], "the proofs are of two checkpoints")
        _, signed, signed_root = open_checkpoint(proofs[0][1], key_text, self.facts["project"])
        leaf = leaf_hash(self.leaves[seal])
        need(is_included(leaf, seal, signed, signed_root, proofs[0][0]), "the seal is not in the log")
        here = tree.root(0, count)
        need(is_consistent(count, here, signed, signed_root, proofs[1][0]), "the log grew otherwise")
        return signed


class Project:
    """What the log says of a project, up to the seal."""

    def __init__(self, bundle):
        self.facts = bundle.facts
        self.rows = [row for leaf, row in sorted(bundle.rows.items()) if leaf < bundle.facts["log_size"]]
        plans = [row["payload"].decode() for row in self.rows if row["kind"] == "plan"]
        self.plan = tomllib.loads(plans[-1])["registered"]
        self.zone = ZoneInfo(self.plan["zone"])
        self.acts = [json.loads(row["payload"]) for row in self.rows if row["kind"] in ("decision", "amount")]

    def methodology(self, name):
        one = [row["payload"].decode() for row in self.rows
               if row["kind"] == "methodology" and row["name"] == name]
        return tomllib.loads(one[-1])

    def fixed(self, methodology, symbol, member=None):
        ids = self.plan.get("methodologies") or [self.plan["methodology"]]
        for one in self.plan["fixed"]:
            if one.get("methodology", ids[0]) == methodology and one["symbol"] == symbol:
                if member is None or one.get("members") == [member]:
                    return Decimal(one["value"])
        [parameter] = [one for one in self.methodology(methodology)["parameter"] if one["symbol"] == symbol]
        return Decimal(parameter["default"])

    def readings(self, channel):
        """Values by time: the first that came, unless a decision names another."""
        site, device, quantity = channel.split("/")
        topic = f"mrv/v1/{self.facts['project']}/{site}/{device}"
        values, others = {}, {}
        for row in self.rows:
            if row["kind"] != "data" or row["name"] != topic:
                continue
            try:
                records = json.loads(row["payload"], parse_float=Decimal)
            except json.JSONDecodeError:
                continue
            for record in records if isinstance(records, list) else [records]:
                if quantity in record["values"]:
                    value = Decimal(str(record["values"][quantity]))
                    if values.setdefault(record["ts"] // 1000, value) != value:
                        others[record["ts"] // 1000] = value
        for act in self.acts:
            if act["act"] == "decision" and f"{act['site']}/{act['device']}/{act['quantity']}" == channel:
                at = int(datetime.fromisoformat(act["at"]).timestamp())
                values[at] = Decimal(act["value"])
                others.pop(at, None)
        need(not others, f"{channel} is in conflict: bounds are not computed here")
        return values

    def register(self, channel, start, end):
        """kWh between two local dates, both included, as MWh."""
        values = self.readings(channel)
        instants = [int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())
                    for day in (start, end + timedelta(days=1))]
        need(all(at in values for at in instants), f"{channel} was not read at the ends of {start} to {end}")
        return (values[instants[1]] - values[instants[0]]) / 1000

    def documents(self, symbol, member, start, end):
        """MWh on documents between two local dates, each split by days from running totals."""
        total, checked = Decimal(0), {act["amount"] for act in self.acts if act["act"] == "check"}
        for act in self.acts:
            if act["act"] != "amount" or act["parameter"] != symbol or act["members"] != [member]:
                continue
            need(act["number"] in checked, f"act {act['number']} is not checked")
            need(any(hashlib.sha256(row["payload"]).hexdigest() == act["document"] for row in self.rows),
                 f"the document of act {act['number']} is missing")
            first, last = date.fromisoformat(act["from"]), date.fromisoformat(act["to"])
            if last < start or first > end:
                continue
            days = (last - first).days + 1
            value, here = Decimal(act["value"]), (max(first, start), min(last, end))

            def upto(count):
                share = (value * count / days).quantize(TWELVE, ROUND_HALF_EVEN)
                return value if count == days else share

            total += upto((here[1] - first).days + 1) - upto((here[0] - first).days)
        return total

    def quantity(self, methodology, parameter, start, end):
        member = parameter["members"][0]
        if parameter.get("channels"):
            return sum(self.register(channel, start, end) for channel in parameter["channels"])
        return self.documents(parameter["symbol"], member, start, end)


def rows(bundle, table, data="data"):
    """The rows of a table that the bundle states, stamps as microseconds."""
    for name in sorted(name for name in bundle.files if name.startswith(f"{data}/tables/{table}/")):
        read = pq.read_table(io.BytesIO(bundle.files[name]))
        for column in ("at", "start"):
            place = read.schema.get_field_index(column)
            if place >= 0:
                read = read.set_column(place, column, pc.cast(read.column(column), "int64"))
        for row in read.to_pylist():
            row["channel"] = f"{row['site']}/{row['device']}/{row['quantity']}"
            yield row


def tables(bundle):
    """Every reading that is stated is in the message of its leaf, and none of these messages is left out."""
    project, counts = Project(bundle), {}
    stated = {}
    for row in rows(bundle, "readings"):
        need((row["channel"], row["at"]) not in stated, f"{row['channel']} has two readings of {row['at']}")
        stated[row["channel"], row["at"]] = row
    channels = {channel for parameter in project.plan["parameter"] for channel in parameter.get("channels", [])}
    need({channel for channel, _ in stated} <= channels, "readings of channels that no plan has")
    first = {}
    for row in project.rows:
        names = row["name"].split("/")
        if row["kind"] != "data" or names[:3] != ["mrv", "v1", bundle.facts["project"]]:
            continue
        try:
            records = json.loads(row["payload"], parse_float=Decimal)
        except json.JSONDecodeError:
            continue
        for record in records if isinstance(records, list) else [records]:
            for quantity, value in record["values"].items():
                key = "/".join([*names[3:5], quantity]), record["ts"] * 1000
                if key[0] in channels:
                    first.setdefault(key, (Decimal(str(value)), row["leaf"]))
    need(set(first) == set(stated), f"readings of {sorted(set(first) ^ set(stated))[:3]} are on one side alone")
    for key, (value, leaf) in first.items():
        need(stated[key]["value"] == value and stated[key]["leaf"] == leaf,
             f"{key} is stated as {stated[key]['value']} of leaf {stated[key]['leaf']}, leaf {leaf} says {value}")
    for table in ("readings", "conflicts", "intervals"):
        counts[table] = sum(1 for _ in rows(bundle, table))
    ends = [int(datetime(day.year, day.month, day.day, tzinfo=project.zone).timestamp()) * 1_000_000
            for day in (date.fromisoformat(bundle.facts["from"]),
                        date.fromisoformat(bundle.facts["to"]) + timedelta(days=1))]
    sums = [{}, {}]
    for sum_of, data in zip(sums, ["data", "data/by-day"]):
        for row in rows(bundle, "intervals", data):
            for name in ("value", "measured", "low", "high", "covered_us"):
                key = row["channel"], name
                sum_of[key] = sum_of.get(key, 0) + (row[name] or 0)
    need(sums[0] == sums[1], "the intervals by the day add up otherwise")
    for channel in channels:
        inside = [row["value"] for row in rows(bundle, "intervals")
                  if row["channel"] == channel and ends[0] <= row["start"] < ends[1]]
        start, end = (date.fromisoformat(bundle.facts[name]) for name in ("from", "to"))
        need(None not in inside, f"{channel} has intervals in doubt: bounds are not computed here")
        need(sum(inside) / 1000 == project.register(channel, start, end), f"the intervals of {channel} add up otherwise")
    return counts


def solar(project, inputs, fixed):
    return sum(value * fixed("EF_RE", member) for member, value in inputs.items()), Decimal(0)


def chiller(project, inputs, fixed):
    re = Decimal(0)
    for member, value in inputs.items():
        differences = fixed("TD_chilled"), fixed("TD_cool")
        at_design = fixed("T_cool_out", member) - fixed("T_chilled_out", member) + sum(differences)
        at_reference = fixed("T_cool_ref") - fixed("T_chilled_ref") + sum(differences)
        cop = fixed("COP_PJ", member) * at_design / at_reference
        re += value * cop / fixed("COP_RE", member)
    return re * fixed("EF_elec"), sum(inputs.values()) * fixed("EF_elec")


METHODOLOGIES = {"MRV_PV_F1": ("EG", solar), "MRV_CH_F2": ("EC_PJ", chiller)}


def figures(bundle):
    """RE, PE and ER of each year, computed here and compared to the last digit."""
    project, report = Project(bundle), json.loads(bundle.text("data/report/report.json"))
    told = []
    for year in report["years"]:
        symbol, equations = METHODOLOGIES[year["methodology"]]
        start, end = date.fromisoformat(year["from"]), date.fromisoformat(year["to"])
        with localcontext() as context:
            context.prec, context.rounding = 34, ROUND_HALF_EVEN
            inputs = {
                one["members"][0]: project.quantity(year["methodology"], one, start, end)
                for one in project.plan["parameter"]
                if one["symbol"] == symbol and one.get("methodology", year["methodology"]) == year["methodology"]
            }
            fixed = lambda name, member=None: project.fixed(year["methodology"], name, member)
            re, pe = equations(project, inputs, fixed)
            er = re - pe
        name = f"{year['methodology']} {year['year']}"
        for label, value in [("re", re), ("pe", pe), ("er", er)]:
            stated = Decimal(year[label]["value"])
            need(stated == value, f"{name}: {label} is {value}, the report says {stated}")
        floored = er.to_integral_value(ROUND_FLOOR)
        need(Decimal(year["floored"]["value"]) == floored, f"{name}: ER is rounded down to {floored}")
        told.append({"year": name, "re": str(re), "pe": str(pe), "er": str(er), "claimed": str(floored)})
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        bundle = Bundle(arguments.bundle)
        key = arguments.key.read_text().strip() if arguments.key else bundle.facts["key"]
        need(key == bundle.facts["key"], "the bundle is signed by another key")
        bundle.digests()
        bundle.statement(key)
        bundle.messages()
        size = bundle.log(key)
        counts = tables(bundle)
        result = {"tables": counts, "messages": len(bundle.rows), "leaves": len(bundle.leaves), "log": size, "years": figures(bundle)}
    except Differs as what:
        print(json.dumps({"differs": str(what)}) if arguments.json else f"bundle: {what}")
        sys.exit(1)
    print(json.dumps(result) if arguments.json else json.dumps(result, indent=2))
    if arguments.key is None:
        print("consistent; the key came with the bundle, so the signer is not established", file=sys.stderr)


if __name__ == "__main__":
    main()
