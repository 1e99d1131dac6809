#!/usr/bin/env python3
"""Writes .pth files that break one rule each, and the verdicts that tests/io/pth/pth_verdicts_test.cpp holds ebb to.

usage: tools/gen_malformed_pth.py tests/vectors/pth_rules        needs only Python
"""

import pathlib
import pickle
import struct
import sys
import zlib

# A state dict {"w": tensor of 4 floats}, in opcodes.


def text(s):
    raw = s.encode() if isinstance(s, str) else s
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(n):
    return b"\x8a\x08" + struct.pack("<q", n) if not -(2**31) <= n < 2**31 else b"J" + struct.pack("<i", n)


def name(module, attribute):
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def many(*items):
    return b"(" + b"".join(items) + b"t"


def storage(key="0", cls=name("torch", "FloatStorage"), elements=4, location="cpu", more=b""):
    return many(text("storage"), cls, text(key), text(location), number(elements), *([more] if more else [])) + b"Q"


def tensor(of=None, offset=0, size=(2, 2), stride=(2, 1)):
    dims = [many(*map(number, d)) for d in (size, stride)]
    hooks = name("collections", "OrderedDict") + b")R"
    return name("torch._utils", "_rebuild_tensor_v2") + many(of or storage(), number(offset), *dims, b"\x89", hooks) + b"R"


def stream(body, protocol=2):
    return b"\x80" + bytes([protocol]) + body + b"."


def state_dict(**tensors):
    entries = b"".join(text(key) + value for key, value in tensors.items())
    return stream(b"}(" + entries + b"u")


FLOATS = struct.pack("<4f", 1, 2, 3, 4)
PLAIN = state_dict(w=tensor())


# Zip archives, where each header can lie.


class Record:
    def __init__(self, path, data, method=0, flags=0, compressed=None, local=None, central=None, extra=b"", central_extra=b""):
        self.path, self.data, self.method, self.flags = path.encode(), data, method, flags
        self.raw = data if compressed is None else compressed
        self.local, self.central = local or {}, central or {}
        self.extra, self.central_extra = extra, central_extra

    def fields(self, changes):
        plain = dict(flags=self.flags, method=self.method, crc=zlib.crc32(self.data), compressed=len(self.raw), size=len(self.data), path=self.path)
        return {**plain, **changes}


def local_header(record):
    f = record.fields(record.local)
    head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 0, f["flags"], f["method"], 0, 0, f["crc"], f["compressed"], f["size"], len(f["path"]), len(record.extra))
    return head + f["path"] + record.extra


def central_header(record, offset):
    f = {"offset": offset, **record.fields(record.central)}
    numbers = (0x02014B50, 0, 0, f["flags"], f["method"], 0, 0, f["crc"], f["compressed"], f["size"], len(f["path"]), len(record.central_extra))
    return struct.pack("<IHHHHHHIIIHHHHHII", *numbers, 0, f.get("disk", 0), 0, 0, f["offset"]) + f["path"] + record.central_extra


def archive(records, end=None, gap=b"", tail=b""):
    out, offsets = b"", []
    for record in records:
        offsets.append(len(out))
        out += local_header(record) + record.raw + record.local.get("descriptor", b"") + gap
    directory = b"".join(central_header(r, o) for r, o in zip(records, offsets))
    e = {"disk": 0, "here": len(records), "all": len(records), "size": len(directory), "begin": len(out), "comment": 0, **(end or {})}
    return out + directory + struct.pack("<IHHHHIIH", 0x06054B50, e["disk"], 0, e["here"], e["all"], e["size"], e["begin"], e["comment"]) + tail


def records(pickled=PLAIN, data=FLOATS, order=b"little", version=b"3\n", root="a/", **more):
    found = [Record(root + "data.pkl", pickled), Record(root + "byteorder", order), Record(root + "data/0", data), Record(root + "version", version)]
    return found + [Record(root + path, content) for path, content in more.items()]


def pth(pickled=PLAIN, data=FLOATS, **options):
    return archive(records(pickled, data, **options))


def changed(data=FLOATS, **changes):
    """The archive whose storage differs."""
    found = records()
    found[2] = Record("a/data/0", data, **changes)
    return archive(found)


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zip_rules():
    packed = deflate(FLOATS)
    descriptor = struct.pack("<IIII", 0x08074B50, zlib.crc32(FLOATS), 16, 16)
    late = dict(crc=0, compressed=0, size=0)
    yield "accept", "plain", pth(), ""
    yield "accept", "zip_deflated", changed(method=8, compressed=packed), ""
    yield "accept", "zip_descriptor", changed(flags=8, local={**late, "descriptor": descriptor}), ""
    yield "reject", "zip_local_name", changed(local={"path": b"a/data/1"}), "another name"
    yield "reject", "zip_local_size", changed(local={"size": 12}), "contradicts the directory"
    yield "reject", "zip_local_crc", changed(local={"crc": 1}), "contradicts the directory"
    yield "reject", "zip_local_method", changed(local={"method": 8}), "contradicts the directory"
    yield "reject", "zip_local_flags", changed(local={"flags": 0x800}), "contradicts the directory"
    yield "reject", "zip_late_without_descriptor", changed(local=late), "contradicts the directory"
    yield "reject", "zip_descriptor_lies", changed(flags=8, local={**late, "descriptor": descriptor[:4] + bytes(12)}), "descriptor"
    yield "reject", "zip_descriptor_missing", changed(flags=8, local=late), "descriptor"
    yield "reject", "zip_crc", changed(local={"crc": 1}, central={"crc": 1}), "CRC"
    yield "reject", "zip_stored_two_sizes", changed(local={"size": 20}, central={"size": 20}), "is stored, but"
    yield "reject", "zip_encrypted", changed(flags=1), "encrypted"
    yield "reject", "zip_masked_header", changed(flags=0x2000), "flags"
    yield "reject", "zip_method_12", changed(method=12), "method 12"
    yield "reject", "zip_inflates_short", changed(method=8, compressed=deflate(FLOATS[:12])), "inflates to 12"
    yield "reject", "zip_inflates_long", changed(method=8, compressed=deflate(FLOATS * 2)), "16"
    yield "reject", "zip_deflate_cut", changed(method=8, compressed=packed[:-3]), "compressed data"
    yield "reject", "zip_deflate_ratio", changed(method=8, compressed=packed, local={"size": 10**9}, central={"size": 10**9}), "cannot inflate"
    zeros = bytes(34 * 2**20)
    yield "reject", "zip_inflates_far", changed(data=zeros, method=8, compressed=deflate(zeros)), "inflate to more than"
    yield "reject", "zip_offset_past", changed(central={"offset": 10**6}), "past the end"
    yield "reject", "zip_offset_elsewhere", changed(central={"offset": 1}), "no header"
    yield "reject", "zip_other_disk", changed(central={"disk": 1}), "several parts"
    yield "reject", "zip_size_past_end", changed(local={"size": 9999, "compressed": 9999}, central={"size": 9999, "compressed": 9999}), "ends at byte"
    yield "reject", "zip64_missing", changed(local={"size": 2**32 - 1}, central={"size": 2**32 - 1}), "64 bit sizes"
    wide = struct.pack("<HHQQ", 1, 16, 2**64 - 1, 2**64 - 1)
    marks = {"size": 2**32 - 1, "compressed": 2**32 - 1}
    yield "reject", "zip64_huge", changed(local=marks, central=marks, extra=wide, central_extra=wide), "zip record"
    good = struct.pack("<HHQQ", 1, 16, 16, 16)
    yield "accept", "zip64_small", changed(local=marks, central=marks, extra=good, central_extra=good), ""
    yield "reject", "zip64_short_extra", changed(local=marks, central=marks, extra=good, central_extra=good[:12]), "extra field"
    yield "reject", "zip_count_too_small", archive(records(), end={"here": 3, "all": 3}), "bytes more than"
    yield "reject", "zip_count_too_large", archive(records(), end={"here": 5, "all": 5}), "directory"
    yield "reject", "zip_counts_differ", archive(records(), end={"here": 3}), "counts"
    yield "reject", "zip_end_disk", archive(records(), end={"disk": 1}), "several parts"
    yield "reject", "zip_comment", archive(records(), end={"comment": 2}, tail=b"hi"), "end record is missing"
    yield "reject", "zip_tail", archive(records(), tail=b"\0"), "end record is missing"
    yield "accept", "zip_gaps", archive(records(), gap=bytes(7)), ""
    yield "reject", "zip_two_roots", archive(records()[:3] + records(root="b/")[3:]), "one folder"
    yield "reject", "zip_same_name", archive(records() + records()[2:3]), "two records"
    inner = local_header(Record("a/data/1", b"")) + bytes(4)
    hidden = [*records(data=inner), Record("a/data/1", b"")]
    offset = archive(hidden).index(inner)
    hidden[-1].central["offset"] = offset
    yield "reject", "zip_record_in_record", archive(hidden), "overlaps"
    yield "reject", "zip_torchscript", pth(**{"constants.pkl": b"x"}), "TorchScript"
    yield "reject", "zip_torchscript_version", pth(**{".data/version": b"6\n"}), "TorchScript"
    yield "reject", "version_0", pth(version=b"0\n"), "version 0"
    yield "reject", "version_11", pth(version=b"11\n"), "version 11"
    yield "reject", "version_text", pth(version=b"three"), "no number"
    yield "reject", "version_long", pth(version=b"3" * 100), "more than the 64"
    yield "reject", "byteorder_middle", pth(order=b"middle"), "byteorder"
    yield "accept", "byteorder_big", pth(order=b"big", data=struct.pack(">4f", 1, 2, 3, 4)), ""
    bools = state_dict(w=tensor(storage(cls=name("torch", "BoolStorage"))))
    yield "reject", "bool_2", pth(bools, b"\0\1\2\1"), "neither 0 nor 1"


def of_bytes(dtype=name("torch", "float32"), of=None, size=(2, 2), stride=(2, 1), more=b""):
    bare = of or storage(cls=name("torch.storage", "UntypedStorage"), elements=16)
    arguments = many(bare, number(0), many(*map(number, size)), many(*map(number, stride)), b"\x89", b"}", dtype, more)
    return name("torch._utils", "_rebuild_tensor_v3") + arguments + b"R"


def bytes_rules():
    reject = lambda title, body, why: ("reject", title, pth(stream(body)), why)  # noqa: E731
    yield "accept", "bytes", pth(stream(of_bytes())), ""
    yield reject("bytes_of_floats", of_bytes(of=storage()), "whole storage of bytes")
    yield reject("bytes_of_bools", of_bytes(name("torch", "bool")), "torch.bool")
    yield reject("bytes_of_nothing", of_bytes(name("torch", "float7")), "torch.float7")
    yield reject("bytes_of_text", of_bytes(text("float32")), "expected a Python global")
    yield reject("bytes_too_few", of_bytes(name("torch", "float64")), "storage has 2")
    yield "accept", "bytes_conjugate", pth(stream(of_bytes(name("torch", "complex64"), size=(2,), stride=(1,), more=b"}" + text("conj") + b"\x88s"))), ""
    yield "reject", "bytes_big_endian", pth(stream(of_bytes()), order=b"big"), "big-endian"
    complexes = tensor(storage(cls=name("torch", "ComplexFloatStorage"), elements=2), size=(2,), stride=(1,))
    yield "accept", "complex_big_endian", pth(stream(complexes), order=b"big", data=struct.pack(">4f", 1, 2, 3, 4)), ""


def value_rules():
    reject = lambda title, body, why: ("reject", title, pth(stream(body)), why)  # noqa: E731
    yield reject("tensor_reaches_2_64", tensor(size=(2**62, 2**62), stride=(2**62, 1)), "64 bits")
    yield reject("tensor_numel_2_64", tensor(size=(2**33, 2**33), stride=(0, 0)), "64 bits")
    yield reject("tensor_offset_negative", tensor(offset=-1), "offset")
    yield reject("tensor_offset_past", tensor(offset=1), "storage has 4")
    yield reject("tensor_offset_2_63", tensor(offset=2**63 - 1, size=(1,), stride=(1,)), "64 bits")
    yield reject("tensor_of_65_dims", tensor(size=(1,) * 65, stride=(1,) * 65), "dimensions")
    yield reject("tensor_of_tensor", tensor(tensor()), "expected a storage")
    yield reject("tensor_five_arguments", name("torch._utils", "_rebuild_tensor_v2") + many(storage(), number(0), b")", b")", b"\x89") + b"R", "arguments")
    yield reject("id_of_six", storage(more=b"N"), "persistent id")
    yield reject("id_elements_text", many(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), text("4")) + b"Q", "expected an int")
    yield reject("id_class_unknown", storage(cls=name("os", "FloatStorage")), "os.FloatStorage")
    yield reject("call_storage_class", name("torch", "FloatStorage") + b")R", "damaged")
    yield reject("set_items_odd", b"}(Nu", "odd")
    yield reject("dict_key_list", b"}]Ns", "key")
    yield reject("pop_below_mark", b"](0", "needs a value")
    yield reject("append_below_mark", b"](Na", "needs a value")
    yield reject("build_on_dict", b"}}b", "attributes")
    yield reject("build_on_tensor", tensor() + b"}b", "attributes")
    yield "accept", "ordered_dict_cycle", pth(stream(name("collections", "OrderedDict") + b")Rq\0}" + text("x") + b"h\0sb")), ""
    yield "accept", "list_cycle", pth(stream(b"]q\0h\0a")), ""
    yield reject("deep_tuples", b")" + b"\x85" * 5000, "levels deep")
    yield reject("deep_dicts", b"}" + (text("a") + b"}") * 300 + b"s" * 300, "levels deep")
    yield reject("marks_only", b"(" * 5000, "values")
    yield reject("unicode_4g", b"X\xff\xff\xff\xff", "ends at byte")
    yield reject("unicode_2_64", b"\x8d" + b"\xff" * 8, "ends at byte")
    yield reject("bytes_4g", b"B\xff\xff\xff\xff", "ends at byte")
    yield reject("global_endless", b"c" + b"a" * 5000, "ends at byte")
    yield reject("latin1_beyond", name("_codecs", "encode") + many(text("€"), text("latin1")) + b"R", "latin1")
    yield reject("long4", b"\x8b\xff\xff\xff\x7f", "are needed")
    yield reject("dup", b"N2", "opcode 50")
    yield "accept", "long1_255", pth(stream(b"\x8a\xff" + b"\x7f" * 255)), ""
    laughs = b"".join(b"](" + (b"h" + bytes([level])) * 10 + b"eq" + bytes([level + 1]) for level in range(150))
    yield "accept", "billion_laughs", pth(stream(b"(]q\0" + laughs + b"t")), ""
    yield "reject", "protocol_1", pth(stream(b"N", protocol=1)), "protocol 1"
    yield "reject", "two_pickles", pth(stream(b"N") + stream(b"N")), "after its end"
    unknown = b"".join(name("evil", f"name{i}") + b"0" for i in range(3)) + b"N"
    yield reject("three_unknown_names", unknown, '"evil.name0", "evil.name1", "evil.name2"')
    yield reject("unknown_names_1100", b"".join(name("evil", str(i)) + b"0" for i in range(1100)) + b"N", "evil.0")


def legacy(body=None, keys=("0",), blobs=(struct.pack("<q", 4) + FLOATS,), protocol=1001, machine=None, number=0x1950A86A20F9469CFC6C):
    head = [number, protocol, machine or {"protocol_version": 1001, "little_endian": True}]
    parts = [pickle.dumps(part, 2) for part in head] + [stream(body or tensor(storage(more=b"N")))]
    return b"".join(parts) + pickle.dumps(list(keys), 2) + b"".join(blobs)


def part(key, begin, elements):
    return storage(more=many(text(key), number(begin), number(elements)))


def legacy_rules():
    blob = struct.pack("<q", 4) + FLOATS
    yield "accept", "legacy", legacy(), ""
    yield "accept", "legacy_big_endian", legacy(machine={"little_endian": False}), ""
    yield "accept", "legacy_part", legacy(tensor(part("1", 1, 2), size=(2,), stride=(1,))), ""
    yield "reject", "legacy_protocol", legacy(protocol=1002), "protocol 1002"
    yield "reject", "legacy_machine", legacy(machine=[1]), "must be a dict"
    yield "reject", "legacy_magic_later", pickle.dumps([0x1950A86A20F9469CFC6C], 2), "magic number"
    yield "reject", "legacy_tail", legacy(blobs=(blob, b"\0")), "after its last storage"
    yield "reject", "legacy_short", legacy(blobs=(blob[:-1],)), "ends at byte"
    yield "reject", "legacy_no_blob", legacy(blobs=()), "ends at byte"
    yield "reject", "legacy_negative", legacy(blobs=(struct.pack("<q", -4) + FLOATS,)), "and to have -4"
    yield "reject", "legacy_other_numel", legacy(blobs=(struct.pack("<q", 3) + FLOATS,)), "and to have 3"
    yield "reject", "legacy_missing_key", legacy(keys=(), blobs=()), "does not have it"
    yield "reject", "legacy_extra_key", legacy(keys=("0", "1"), blobs=(blob, blob)), "that no tensor needs"
    yield "reject", "legacy_twice", legacy(keys=("0", "0"), blobs=(blob, blob)), "twice"
    yield "reject", "legacy_keys_int", legacy(keys=(0,)), "expected a str"
    yield "reject", "legacy_id_of_five", legacy(tensor(storage())), "persistent id"
    yield "reject", "legacy_part_negative", legacy(tensor(part("1", -1, 2), size=(2,), stride=(1,))), "part of a storage"
    yield "reject", "legacy_part_overflow", legacy(tensor(part("1", 2**63 - 1, 2**63 - 1), size=(2,), stride=(1,))), "part of a storage"
    yield "reject", "legacy_part_too_small", legacy(tensor(part("1", 1, 2), size=(3,), stride=(1,))), "storage has 2"
    yield "reject", "legacy_numel_2_62", legacy(tensor(storage(elements=2**62, more=b"N"))), "said to have"
    yield "reject", "legacy_numel_2_40", legacy(tensor(storage(elements=2**40, more=b"N")), blobs=(struct.pack("<q", 2**40) + FLOATS,)), "ends at byte"
    two = many(storage(more=b"N"), storage(cls=name("torch", "IntStorage"), more=b"N"))
    yield "reject", "legacy_two_dtypes", legacy(two), "is used as"
    module = many(text("module"), name("__main__", "Net"), text("net.py"), text("class Net: pass")) + b"Q"
    yield "reject", "legacy_whole", legacy(module + b")R", keys=(), blobs=()), "__main__.Net"
    yield "reject", "legacy_module_of_text", legacy(many(text("module"), text("x"), text(""), text("")) + b"Q", keys=(), blobs=()), "expected a Python global"


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    with open(folder / "verdicts.txt", "w", encoding="utf-8") as verdicts:
        for rules in (zip_rules, value_rules, bytes_rules, legacy_rules):
            for verdict, title, content, why in rules():
                (folder / f"{title}.pth").write_bytes(content)
                print(verdict, f"{title}.pth", why, file=verdicts)


if __name__ == "__main__":
    main()
