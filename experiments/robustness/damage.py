"""Ways to damage a file: text, JSON, tables of commas, bytes, SQLite databases.

Each function takes a random.Random and what is whole, and returns what is damaged. Whether the
program still takes the result is not known here: a flipped bit may fall into a comment.
"""

import gzip
import json
import random
import sqlite3
from pathlib import Path

NUMBERS = ["0", "-0", "-1", "1", "0.5", "1e308", "-1e308", "1e999", "-1e999", "5e-324", "1e-400",
           "2147483647", "2147483648", "4294967296", "9007199254740993", "9223372036854775807",
           "9223372036854775808", "18446744073709551615", "18446744073709551616",
           "-9223372036854775809", "123456789012345678901234567890", "NaN", "Infinity",
           "-Infinity", "nan", "inf", "0x10", "1e", "--1", "01", "1.", ".5", "1_000", "1,5"]

CONTROLS = ["\x1b[31m", "\x1b]0;title\x07", "\r", "\n", "\t", "\x00", "\x7f", "\x9b31m", "\u202e",
            "\u2028", "\u200e", "\x08\x08", "\ufeff", "\ud800".encode("utf-8", "surrogatepass")
            .decode("latin-1")]

WORDS = ["", " ", "a", "A" * 100_000, "%s%n%x", "../../etc/passwd", "é", "\U0001f600", "null",
         "true", "-", "--help", "'; DROP TABLE trials; --", "{}", "[", "\\", '"']


def truncated(draw: random.Random, data: bytes) -> bytes:
    return data[:draw.randrange(len(data) + 1)] if data else data


def flipped(draw: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 8, 64])):
        if damaged:
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def overwritten(draw: random.Random, data: bytes) -> bytes:
    """A field of 1 to 8 bytes becomes an extreme number, or a stretch becomes zeros or noise."""
    if not data:
        return data
    at = draw.choice([draw.randrange(min(len(data), 64)), draw.randrange(len(data))])
    size = draw.choice([1, 2, 4, 8])
    order = draw.choice(["little", "big"])
    fields = [b"\xff" * size, b"\0" * size, (1 << (8 * size - 1)).to_bytes(size, order),
              ((1 << (8 * size - 1)) - 1).to_bytes(size, order), draw.randbytes(size),
              b"\0" * draw.randrange(1, 4096), draw.randbytes(draw.randrange(1, 4096))]
    field = draw.choice(fields)
    return data[:at] + field + data[at + len(field):]


def spliced(draw: random.Random, data: bytes) -> bytes:
    """A piece is repeated, moved or cut out."""
    if len(data) < 2:
        return data
    a, b = sorted(draw.randrange(len(data)) for _ in range(2))
    return draw.choice([data[:b] + data[a:], data[:a] + data[b:], data[b:] + data[:a],
                        data + data, data[:a] + data[a:b] * draw.choice([2, 100]) + data[b:]])


def packed(draw: random.Random, data: bytes) -> bytes:
    """As gzip has it: whole, cut off, damaged, or far more than its size tells."""
    whole = gzip.compress(data, 1)
    return draw.choice([whole, truncated(draw, whole), flipped(draw, whole),
                        gzip.compress(b"\0" * (64 << 20), 9), whole + whole, whole + b"trailing"])


BYTES = [truncated, flipped, overwritten, spliced]


def reencoded(draw: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    return draw.choice([
        lambda: text.encode("utf-16"), lambda: text.encode("utf-16-be"),
        lambda: text.encode("utf-32"), lambda: b"\xef\xbb\xbf" + data,
        lambda: data.replace(b"\n", b"\r\n"), lambda: data.replace(b"\n", b"\r"),
        lambda: text.encode("latin-1", "replace").replace(b"e", b"\xe9")])()


def with_controls(draw: random.Random, data: bytes) -> bytes:
    control = draw.choice(CONTROLS).encode("utf-8", "surrogatepass")
    at = draw.randrange(len(data) + 1)
    return data[:at] + control + data[at:]


def another_number(draw: random.Random, data: bytes) -> bytes:
    """One of the numbers in a text becomes another, or no number."""
    places, at = [], 0
    while at < len(data):
        end = at
        while end < len(data) and (chr(data[end]).isdigit() or data[end] in b"+-.eE"):
            end += 1
        if any(chr(c).isdigit() for c in data[at:end]):
            places.append((at, end))
        at = max(end, at + 1)
    if not places:
        return with_controls(draw, data)
    at, end = draw.choice(places)
    return data[:at] + draw.choice(NUMBERS).encode() + data[end:]


TEXT = BYTES + [reencoded, with_controls, another_number]


def places_of(value, path=()):
    """The paths to all values in a JSON document, the document itself first."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) \
        if isinstance(value, list) else ()
    for key, member in members:
        yield from places_of(member, path + (key,))


class Raw(str):
    """JSON text that stands for itself, whether it is JSON or not."""


def dumps(value) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return json.dumps(value)


def replaced(value, path, change):
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], change)
    return copy


def nested(draw: random.Random) -> Raw:
    depth = draw.choice([50, 101, 1000, 100_000])
    opening, closing = draw.choice([("[", "]"), ('{"a":', "}"), ('{"layers":[', "]}")])
    return Raw(opening * depth + draw.choice(["1", ""]) + closing * depth)


def another_value(draw: random.Random, value):
    choices = [lambda: Raw(draw.choice(NUMBERS)), lambda: draw.choice(WORDS),
               lambda: draw.choice(WORDS) + draw.choice(CONTROLS), lambda: None,
               lambda: draw.choice([True, False]), lambda: [], lambda: {}, lambda: [value],
               lambda: {"a": value}, lambda: [value] * draw.choice([2, 1000]),
               lambda: nested(draw)]
    return draw.choice(choices)()


def json_value(draw: random.Random, data: bytes) -> bytes:
    """One value becomes one of another type, size or depth."""
    document = json.loads(data)
    path = draw.choice(list(places_of(document)))
    return dumps(replaced(document, path, lambda value: another_value(draw, value))).encode(
        "utf-8", "surrogatepass")


def json_keys(draw: random.Random, data: bytes) -> bytes:
    """A member is left out, comes twice, under another key, or is unknown."""
    document = json.loads(data)
    objects = [path for path in places_of(document) if isinstance(at(document, path), dict)]
    path = draw.choice(objects)

    def change(members):
        keys = list(members)
        if not keys:
            return {draw.choice(WORDS): 1}
        key = draw.choice(keys)
        rest = {k: v for k, v in members.items() if k != key}
        twice = "{" + ", ".join(f"{json.dumps(k)}: {dumps(v)}" for k, v in
                                list(members.items()) + [(key, members[key])]) + "}"
        return draw.choice([rest, Raw(twice), {**rest, draw.choice(WORDS): members[key]},
                            {**rest, key.upper(): members[key]},
                            {**members, draw.choice(WORDS) + draw.choice(CONTROLS): 1}])

    return dumps(replaced(document, path, change)).encode("utf-8", "surrogatepass")


def at(value, path):
    for key in path:
        value = value[key]
    return value


JSON = TEXT + [json_value] * 5 + [json_keys] * 3


def csv_field(draw: random.Random, data: bytes) -> bytes:
    """A field becomes another; a line gains or loses one; the commas become something else."""
    lines = [line.split(",") for line in data.decode("utf-8", "replace").split("\n")]
    line = draw.choice(lines)
    field = draw.randrange(len(line))
    what = draw.randrange(6)
    if what == 0:
        line[field] = draw.choice(NUMBERS)
    elif what == 1:
        line[field] = draw.choice(WORDS + CONTROLS)
    elif what == 2:
        line.insert(field, draw.choice(NUMBERS + WORDS))
    elif what == 3:
        del line[field]
    elif what == 4:
        line[field] = '"' + line[field] + draw.choice(["", '"', '""', '"\n"'])
    separator = ";" if what == 5 else ","
    return "\n".join(separator.join(line) for line in lines).encode("utf-8", "surrogatepass")


CSV = TEXT + [csv_field] * 6


def sqlite_column(draw: random.Random, data: bytes, scratch: Path) -> bytes:
    """A column of a row becomes another value, or a row, a table or a trigger goes or comes."""
    scratch.write_bytes(data)
    base = sqlite3.connect(scratch)
    tables = {"trials": [row[1] for row in base.execute("PRAGMA table_info(trials)")],
              "notes": ["name", "value"]}
    table = draw.choice(["trials", "trials", "notes"])
    rows = base.execute(f"SELECT * FROM {table}").fetchall()
    key = tables[table][0]
    row = draw.choice(rows)[0]
    statement, values = draw.choice([
        (f"DELETE FROM {table} WHERE {key} = ?", (row,)),
        (f"DROP TABLE {table}", ()),
        (f"ALTER TABLE {table} RENAME COLUMN {draw.choice(tables[table])} TO other", ()),
        (f"UPDATE {table} SET {key} = ? WHERE {key} = ?", (draw.choice([-5, 10**6, 2**62]), row)),
        ("CREATE TRIGGER t AFTER UPDATE ON trials BEGIN DELETE FROM trials; END", ()),
        ("CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
         "SELECT n FROM r", ()),
        ("PRAGMA user_version = 99", ())] + [None] * 20) or (None, None)
    if statement is None:
        column = draw.choice(tables[table])
        old = base.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (row,)).fetchone()[0]
        new = draw.choice([None, b"", b"\0\xff", 0, -1, 1, 2**63 - 1, -2**63, 0.5, 1e308,
                           float("inf"), "", "x", "{}", "[]", "null", "1", '"a"',
                           draw.choice(WORDS), draw.choice(CONTROLS), "[" * 100_000, "json"])
        if new == "json" and isinstance(old, str) and old[:1] in "{[":
            new = json_value(draw, old.encode()).decode("utf-8", "replace")
        statement, values = f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (new, row)
    try:
        base.execute(statement, values)
        base.commit()
    except (sqlite3.Error, OverflowError, UnicodeEncodeError):
        pass  # a constraint: the study stays whole
    base.close()
    damaged = scratch.read_bytes()
    scratch.unlink()
    return damaged
