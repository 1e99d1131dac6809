#include "ebb/io/pickle/python_calls.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/tensor_parts.h"

namespace ebb::io {
namespace {

constexpr std::array plain_data{"torch.Size",        "torch.device",     "torch.serialization._get_layout",
                                "builtins.set",      "builtins.complex", "builtins.bytearray",
                                "builtins.frozenset"};

constexpr std::array dtypes{
    "float32", "float",         "float64",     "double",          "float16",        "half",   "bfloat16",
    "uint8",   "int8",          "int16",       "short",           "int32",          "int",    "int64",
    "long",    "bool",          "complex32",   "complex64",       "complex128",     "uint16", "uint32",
    "uint64",  "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"};

/// Calls that make tensors of kinds that ebb lacks: known, to say so.
constexpr std::array<std::pair<std::string_view, const char*>, 7> unsupported{{
    {"torch._utils._rebuild_qtensor", "quantised tensors"},
    {"torch._utils._rebuild_sparse_tensor", "sparse tensors"},
    {"torch._utils._rebuild_sparse_csr_tensor", "sparse tensors"},
    {"torch._utils._rebuild_meta_tensor_no_storage", "tensors on the meta device, which have no elements"},
    {"torch._utils._rebuild_wrapper_subclass", "subclasses of Tensor"},
    {"torch._tensor._rebuild_from_type_v2", "subclasses of Tensor"},
    {"torch._utils._rebuild_nested_tensor", "nested tensors"},
}};

const char* unsupported_kind(const std::string& name) {
  for (const auto& [call, kind] : unsupported) {
    if (name == call) return kind;
  }
  return nullptr;
}

bool is_storage_class(const Global& global) {
  return (global.module == "torch" || global.module == "torch.storage") && global.name.ends_with("Storage");
}

bool is_dtype(const Global& global) {
  return global.module == "torch" && std::ranges::find(dtypes, global.name) != dtypes.end();
}

Value decode_bytes(const std::vector<Value>& arguments) {
  check(arguments.size() == 2 && arguments[1].as_text() == "latin1", "_codecs.encode: expected a str and \"latin1\"");
  const std::string& text = arguments[0].as_text();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = static_cast<unsigned char>(text[i]);
    if (code >= 0x80) {
      check(code == 0xc2 || code == 0xc3, "_codecs.encode: a character beyond latin1");
      code = (code & 3u) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu);
    }
    bytes += static_cast<char>(code);
  }
  return Value::bytes(std::move(bytes));
}

Value make_counter(const std::vector<Value>& arguments) {
  Value counter = Value::counter();
  check(arguments.size() <= 1, "collections.Counter: expected one dict, got ", arguments.size(), " arguments");
  if (arguments.empty()) return counter;
  for (const auto& [key, count] : arguments[0].as_dict().entries) counter.set(key, count);
  return counter;
}

std::uint64_t copied_bytes(const Dict& dict) {
  std::uint64_t bytes = dict.entries.size() * MemoryBudget::entry;
  for (const auto& [key, count] : dict.entries) bytes += key.is_text() ? key.as_text().size() : 0;
  return bytes;
}

/// From the tensor, and whether it requires a gradient.
Value rebuild_parameter(const std::vector<Value>& arguments) {
  check(!arguments.empty(), "a parameter is made from a tensor, got nothing");
  const Tensor tensor = arguments[0].as_tensor();
  const bool may_require = is_floating(tensor.dtype()) || is_complex(tensor.dtype());
  if (may_require && (arguments.size() < 2 || arguments[1].as_bool())) tensor.requires_grad_();
  return tensor;
}

Value keep_inert(const Global& global, const Value& arguments) {
  auto object = std::make_shared<Object>();
  object->global = global;
  object->arguments = arguments;
  object->adopt(object->arguments);
  return object;
}

}  // namespace

bool is_known(const Global& global) {
  constexpr std::array calls{"collections.OrderedDict",
                             "collections.Counter",
                             "_codecs.encode",
                             "builtins.bytes",
                             "torch._utils._rebuild_tensor",
                             "torch._utils._rebuild_tensor_v2",
                             "torch._utils._rebuild_tensor_v3",
                             "torch._utils._rebuild_parameter",
                             "torch._utils._rebuild_parameter_with_state",
                             "torch.nn.parameter.Parameter"};
  const std::string name = global.text();
  return std::ranges::find(calls, name) != calls.end() || std::ranges::find(plain_data, name) != plain_data.end() ||
         unsupported_kind(name) != nullptr || is_dtype(global) || is_storage_class(global);
}

Value interpret_call(const Global& global, const Value& arguments) {
  const std::string name = global.text();
  const std::vector<Value>& items = arguments.items();
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") return rebuild_tensor(items);
  if (name == "torch._utils._rebuild_tensor_v3") return rebuild_tensor_of_bytes(items);
  if (name == "collections.OrderedDict") {
    check(items.empty(), "collections.OrderedDict: expected no arguments, got ", items.size());
    return Value::ordered_dict();
  }
  if (name == "collections.Counter") return make_counter(items);
  if (name == "_codecs.encode") return decode_bytes(items);
  if (name == "builtins.bytes") {
    check(items.empty(), "builtins.bytes: expected no arguments, got ", items.size());
    return Value::bytes("");
  }
  if (name == "torch._utils._rebuild_parameter") {
    check(items.size() == 3, "a parameter is made from 3 arguments, got ", items.size());
    return rebuild_parameter(items);
  }
  if (name == "torch._utils._rebuild_parameter_with_state") {
    check(items.size() == 4, "a parameter with attributes is made from 4 arguments, got ", items.size());
    return rebuild_parameter(items);
  }
  if (name == "torch.nn.parameter.Parameter") return rebuild_parameter(items);
  const char* kind = unsupported_kind(name);
  check(kind == nullptr, "the file holds ", kind == nullptr ? "" : kind, " (", name, "), which ebb does not have");
  check(!is_storage_class(global) && !is_dtype(global), "a file that calls ", name, " is damaged");
  return keep_inert(global, arguments);
}

std::uint64_t cost_of_call(const Global& global, const Value& arguments) {
  const std::vector<Value>& items = arguments.items();
  std::uint64_t bytes = MemoryBudget::object + global.module.size() + global.name.size();
  if (items.empty() || global.module == "torch._utils") return bytes;
  if (items[0].is_text()) bytes += items[0].as_text().size();
  if (items[0].is_dict() && global.name == "Counter") bytes += copied_bytes(items[0].as_dict());
  return bytes;
}

void set_state(Value& object, Value state) {
  if (object.kind() == Value::Kind::object) {
    object.as_object().adopt(state);
    object.as_object().state = std::move(state);
    return;
  }
  if (object.is_tensor() && state.kind() == Value::Kind::tuple)
    return;  // of a Parameter of PyTorch 0.3: flags and hooks
  const bool is_ordered = object.is_dict() && object.as_dict().python_class == Dict::Class::ordered_dict;
  check(is_ordered && state.is_dict(), "attributes are only set on an OrderedDict, from a dict; got ",
        state.kind_name(), " for ", object.kind_name());
  object.as_dict().adopt(state);
  object.as_dict().attributes = std::move(state);
}

std::string explain_unknown(const std::vector<Global>& unknown) {
  const auto any = [&](auto condition) { return std::ranges::any_of(unknown, condition); };
  if (any([](const Global& global) { return global.text() == "builtins.getattr"; })) {
    return "This looks like torch.save(model.state_dict), without the parentheses: save model.state_dict(); "
           "{.allow_opaque = true} reads its tensors";
  }
  if (any([](const Global& global) { return global.module.starts_with("torch.nn.modules"); })) {
    return "This is a whole model: {.allow_opaque = true} reads its tensors; better save model.state_dict()";
  }
  if (any([](const Global& global) { return global.text() == "argparse.Namespace"; })) {
    return "Save the arguments as a dict: vars(args); or read them with {.allow_opaque = true} and io::vars";
  }
  return "A file that names functions could run any program when Python loads it; ebb reads data only";
}

}  // namespace ebb::io
