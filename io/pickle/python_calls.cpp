#include "ebb/io/pickle/python_calls.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/numpy_parts.h"
#include "ebb/io/pickle/tensor_parts.h"

namespace ebb::io {
namespace {

constexpr std::array dtypes{
    "float32", "float",         "float64",     "double",          "float16",        "half",   "bfloat16",
    "uint8",   "int8",          "int16",       "short",           "int32",          "int",    "int64",
    "long",    "bool",          "complex32",   "complex64",       "complex128",     "uint16", "uint32",
    "uint64",  "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"};

bool is_storage_class(const Global& global) {
  return (global.module == "torch" || global.module == "torch.storage") && global.name.ends_with("Storage");
}

bool is_dtype(const Global& global) {
  return global.module == "torch" && std::ranges::find(dtypes, global.name) != dtypes.end();
}

using Arguments = std::vector<Value>;

Value decode_bytes(const Arguments& arguments) {
  check<FileError>(arguments.size() == 2 && arguments[1].as_text() == "latin1",
                   "_codecs.encode: expected a str and \"latin1\"");
  const std::string& text = arguments[0].as_text();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = static_cast<unsigned char>(text[i]);
    if (code >= 0x80) {
      check<FileError>(code == 0xc2 || code == 0xc3, "_codecs.encode: a character beyond latin1");
      code = (code & 3u) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu);
    }
    bytes += static_cast<char>(code);
  }
  return Value::bytes(std::move(bytes));
}

Value make_counter(const Arguments& arguments) {
  Value counter = Value::counter();
  check<FileError>(arguments.size() <= 1, "collections.Counter: expected one dict, got ", arguments.size(),
                   " arguments");
  if (arguments.empty()) return counter;
  for (const auto& [key, count] : arguments[0].as_dict().entries) counter.set(key, count);
  return counter;
}

Value make_ordered_dict(const Arguments& arguments) {
  check<FileError>(arguments.empty(), "collections.OrderedDict: expected no arguments, got ", arguments.size());
  return Value::ordered_dict();
}

Value make_bytes(const Arguments& arguments) {
  check<FileError>(arguments.empty(), "builtins.bytes: expected no arguments, got ", arguments.size());
  return Value::bytes("");
}

/// From the tensor, and whether it requires a gradient.
Value make_parameter(const Arguments& arguments) {
  check<FileError>(!arguments.empty(), "a parameter is made from a tensor, got nothing");
  if (arguments[0].kind() == Value::Kind::object) return arguments[0];
  const Tensor tensor = arguments[0].as_tensor();
  const bool may_require = is_floating(tensor.dtype()) || is_complex(tensor.dtype());
  if (may_require && (arguments.size() < 2 || arguments[1].as_bool())) tensor.requires_grad_();
  return tensor;
}

Value rebuild_parameter(const Arguments& arguments) {
  check<FileError>(arguments.size() == 3, "a parameter is made from 3 arguments, got ", arguments.size());
  return make_parameter(arguments);
}

Value rebuild_parameter_with_state(const Arguments& arguments) {
  check<FileError>(arguments.size() == 4, "a parameter with attributes is made from 4 arguments, got ",
                   arguments.size());
  return make_parameter(arguments);
}

/// From the function that makes it, its class, that function's arguments and its attributes, which are left out: a
/// tensor to which somebody gave some. Of other classes of tensors nobody but Python knows what they are.
Value rebuild_from_type(const Arguments& arguments) {
  check<FileError>(arguments.size() == 4, "a tensor with attributes is made from 4 arguments, got ", arguments.size());
  const std::string type = arguments[1].as_global().text();
  if (type != "torch.Tensor" && type != "torch.nn.parameter.Parameter") throw ForeignTensor();
  return interpret_call(arguments[0].as_global(), arguments[2]);
}

/// What may be called in a file. Everything else that may stand there is a dtype or a class of storages.
struct PythonCall {
  std::string_view module, name;
  Value (*result)(const Arguments&) = nullptr;  ///< null: kept as it stands; plain data, or what ebb does not have
};

constexpr std::array calls{
    PythonCall{"torch._utils", "_rebuild_tensor_v2", rebuild_tensor},
    PythonCall{"torch._utils", "_rebuild_tensor_v3", rebuild_tensor_of_bytes},
    PythonCall{"torch._utils", "_rebuild_tensor", rebuild_tensor},
    PythonCall{"torch._utils", "_rebuild_parameter", rebuild_parameter},
    PythonCall{"torch._utils", "_rebuild_parameter_with_state", rebuild_parameter_with_state},
    PythonCall{"torch._tensor", "_rebuild_from_type_v2", rebuild_from_type},
    PythonCall{"torch.nn.parameter", "Parameter", make_parameter},
    PythonCall{"collections", "OrderedDict", make_ordered_dict},
    PythonCall{"collections", "Counter", make_counter},
    PythonCall{"_codecs", "encode", decode_bytes},
    PythonCall{"builtins", "bytes", make_bytes},
    PythonCall{"builtins", "bytearray"},
    PythonCall{"builtins", "complex"},
    PythonCall{"builtins", "frozenset"},
    PythonCall{"builtins", "set"},
    PythonCall{"torch", "Size"},
    PythonCall{"torch", "Tensor"},
    PythonCall{"torch", "device"},
    PythonCall{"torch", "per_tensor_affine"},
    PythonCall{"torch", "per_tensor_symmetric"},
    PythonCall{"torch", "per_channel_affine"},
    PythonCall{"torch", "per_channel_symmetric"},
    PythonCall{"torch", "per_channel_affine_float_qparams"},
    PythonCall{"torch.serialization", "_get_layout"},
    PythonCall{"torch._utils", "_rebuild_qtensor"},
    PythonCall{"torch._utils", "_rebuild_sparse_tensor"},
    PythonCall{"torch._utils", "_rebuild_sparse_csr_tensor"},
    PythonCall{"torch._utils", "_rebuild_meta_tensor_no_storage"},
    PythonCall{"torch._utils", "_rebuild_wrapper_subclass"},
    PythonCall{"torch._utils", "_rebuild_nested_tensor"},
};

const PythonCall* find_call(const Global& global) {
  const auto* call = std::ranges::find_if(
      calls, [&](const PythonCall& known) { return global.name == known.name && global.module == known.module; });
  return call == calls.end() ? nullptr : call;
}

std::uint64_t copied_bytes(const Dict& dict) {
  std::uint64_t bytes = dict.entries.size() * MemoryBudget::entry;
  for (const auto& [key, count] : dict.entries) bytes += key.is_text() ? key.as_text().size() : 0;
  return bytes;
}

}  // namespace

Value inert_object(const Global& global, const Value& arguments) {
  auto object = std::make_shared<Object>();
  object->global = global;
  object->arguments = arguments;
  object->adopt(object->arguments);
  return object;
}

bool is_known(const Global& global) {
  return find_call(global) != nullptr || is_numpy(global) || is_dtype(global) || is_storage_class(global);
}

Value interpret_call(const Global& global, const Value& arguments) {
  if (is_numpy(global)) return interpret_numpy_call(global, arguments);
  const PythonCall* call = find_call(global);
  if (call == nullptr || call->result == nullptr) {
    check<FileError>(!is_dtype(global) && (!is_storage_class(global) || is_foreign(global)), "a file that calls ",
                     global.text(), " is damaged");
    return inert_object(global, arguments);
  }
  try {
    return call->result(arguments.items());
  } catch (const ForeignTensor&) {
    return inert_object(global, arguments);
  }
}

Value recursive_reference() { return inert_object({"ebb", "recursive_reference"}, Value::tuple()); }

Value python2_string(Value bytes, StringEncoding encoding) {
  const std::string& text = bytes.as_bytes();
  if (encoding == StringEncoding::utf8 && is_utf8(text)) return Value(text);
  if (encoding != StringEncoding::latin1) return bytes;
  std::string wide;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x80) wide += static_cast<char>(0xc0 | code >> 6);
    wide += static_cast<char>(code >= 0x80 ? 0x80 | (code & 0x3f) : code);
  }
  return wide;
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
    if (is_numpy(object.as_object().global)) return set_numpy_state(object, std::move(state));
    object.as_object().adopt(state);
    object.as_object().state = std::move(state);
    return;
  }
  if (object.is_tensor() && state.kind() == Value::Kind::tuple)
    return;  // of a Parameter of PyTorch 0.3: flags and hooks
  const bool is_ordered = object.is_dict() && object.as_dict().python_class == Dict::Class::ordered_dict;
  check<FileError>(is_ordered && state.is_dict(), "attributes are only set on an OrderedDict, from a dict; got ",
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
