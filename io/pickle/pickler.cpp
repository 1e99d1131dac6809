#include "ebb/io/pickle/pickler.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "ebb/io/pickle/pickle_opcodes.h"
#include "ebb/io/pickle/pickle_writer.h"
#include "ebb/io/pickle/tensor_parts.h"

namespace ebb::io {
namespace {

constexpr std::size_t batch = 1000;  // items that Python's pickler adds at once

/// Recursion is bounded by Value::max_depth.
class Pickler {
 public:
  Pickled run(const Value& value) {
    put(value);
    return {writer_.finish(), std::move(storages_)};
  }

 private:
  void put(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::none:
        return writer_.put(opcode::none);
      case Value::Kind::boolean:
        return writer_.put_bool(value.as_bool());
      case Value::Kind::integer:
        return writer_.put_int(value.as_int());
      case Value::Kind::real:
        return writer_.put_real(value.as_real());
      case Value::Kind::text:
        return writer_.put_text(value.as_text());
      case Value::Kind::global:
        return put_global(value.as_global());
      case Value::Kind::tensor:
        return put_tensor(value.as_tensor());
      case Value::Kind::storage:
        return put_storage(whole_storage(value.as_storage()));
      default:
        return put_shared(value);
    }
  }

  /// What Python writes once and recalls by identity.
  void put_shared(const Value& value) {
    const auto place = places_.find(value.identity());
    if (place != places_.end()) return writer_.recall(place->second);
    switch (value.kind()) {
      case Value::Kind::bytes:
        return put_bytes(value);
      case Value::Kind::tuple:
        return put_tuple(value);
      case Value::Kind::list:
        return put_list(value);
      case Value::Kind::dict:
        return put_dict(value);
      default:
        return put_object(value);
    }
  }

  void remember(const Value& value) { places_[value.identity()] = writer_.remember(); }

  void put_global(const Global& global) {
    writer_.put_global({global.module == "builtins" ? "__builtin__" : global.module, global.name});
  }

  void put_bytes(const Value& value) {
    std::string text;
    for (const char c : value.as_bytes()) {
      const auto code = static_cast<unsigned char>(c);
      if (code >= 0x80) text += static_cast<char>(0xc0 | code >> 6);
      text += code >= 0x80 ? static_cast<char>(0x80 | (code & 0x3f)) : c;
    }
    put_global({"_codecs", "encode"});
    writer_.put_text(text);
    writer_.put_text("latin1");
    writer_.put(opcode::tuple2);
    writer_.remember();
    writer_.put(opcode::reduce);
    remember(value);
  }

  void put_tuple(const Value& value) {
    const std::vector<Value>& items = value.items();
    if (items.size() > 3) writer_.put(opcode::mark);
    for (const Value& item : items) put(item);
    end_tuple(items.size());
    if (!items.empty()) remember(value);
  }

  void end_tuple(std::size_t count) {
    writer_.put(std::array{opcode::empty_tuple, opcode::tuple1, opcode::tuple2, opcode::tuple3,
                           opcode::tuple}[std::min<std::size_t>(count, 4)]);
  }

  void put_list(const Value& value) {
    writer_.put(opcode::empty_list);
    remember(value);
    put_items(value.items());
  }

  void put_items(const std::vector<Value>& items) {
    for (std::size_t begin = 0; begin < items.size(); begin += batch) {
      const std::size_t count = std::min(batch, items.size() - begin);
      if (count > 1) writer_.put(opcode::mark);
      for (std::size_t i = begin; i < begin + count; ++i) put(items[i]);
      writer_.put(count > 1 ? opcode::appends : opcode::append);
    }
  }

  void put_entries(const std::vector<std::pair<Value, Value>>& entries) {
    for (std::size_t begin = 0; begin < entries.size(); begin += batch) {
      const std::size_t count = std::min(batch, entries.size() - begin);
      if (count > 1) writer_.put(opcode::mark);
      for (std::size_t i = begin; i < begin + count; ++i) {
        put(entries[i].first);
        put(entries[i].second);
      }
      writer_.put(count > 1 ? opcode::set_items : opcode::set_item);
    }
  }

  void put_dict(const Value& value) {
    const Dict& dict = value.as_dict();
    if (dict.python_class == Dict::Class::counter) return put_counter(value);
    if (dict.python_class == Dict::Class::ordered_dict) {
      put_global({"collections", "OrderedDict"});
      writer_.put(opcode::empty_tuple);
      writer_.put(opcode::reduce);
    } else {
      writer_.put(opcode::empty_dict);
    }
    remember(value);
    put_entries(dict.entries);
    put_state(dict.attributes);
  }

  void put_counter(const Value& value) {
    put_global({"collections", "Counter"});
    writer_.put(opcode::empty_dict);
    writer_.remember();
    put_entries(value.as_dict().entries);
    writer_.put(opcode::tuple1);
    writer_.remember();
    writer_.put(opcode::reduce);
    remember(value);
  }

  void put_state(const Value& state) {
    if (state.is_none()) return;
    put(state);
    writer_.put(opcode::build);
  }

  void put_object(const Value& value) {
    const Object& object = value.as_object();
    if (is_long(object)) return writer_.put_long(object.arguments.items()[0].as_bytes());
    put_global(object.global);
    put(object.arguments);
    writer_.put(object.is_new ? opcode::new_object : opcode::reduce);
    remember(value);
    put_items(object.items);
    put_entries(object.entries);
    put_state(object.state);
  }

  /// An integer beyond 64 bits.
  static bool is_long(const Object& object) {
    const std::vector<Value>& arguments = object.arguments.items();
    return object.global == Global{"builtins", "int"} && arguments.size() == 1 &&
           arguments[0].kind() == Value::Kind::bytes;
  }

  void put_tensor(const Tensor& tensor) {
    check(tensor.defined(), "an undefined tensor cannot be saved");
    const bool is_typed = storage_class(tensor.dtype()) != nullptr;
    put_global({"torch._utils", is_typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3"});
    writer_.put(opcode::mark);
    put_storage(tensor);
    writer_.put_int(tensor.storage_offset());
    put_dims(tensor.shape());
    put_dims(tensor.strides());
    writer_.put_bool(false);  // requires_grad: what is saved is detached, as in PyTorch's state dicts
    put_global({"collections", "OrderedDict"});
    writer_.put(opcode::empty_tuple);
    writer_.put(opcode::reduce);
    writer_.remember();
    if (!is_typed) put_global({"torch", to_string(tensor.dtype())});
    writer_.put(opcode::tuple);
    writer_.remember();
    writer_.put(opcode::reduce);
    writer_.remember();
  }

  void put_dims(const Dims& dims) {
    if (dims.size() > 3) writer_.put(opcode::mark);
    for (const std::int64_t value : dims) writer_.put_int(value);
    end_tuple(static_cast<std::size_t>(dims.size()));
    if (!dims.empty()) writer_.remember();
  }

  /// A part of a storage, as PyTorch 0.3 wrote them, becomes one of its own.
  Tensor whole_storage(const Tensor& elements) {
    const std::size_t bytes = size_of(elements.dtype()) * static_cast<std::size_t>(elements.numel());
    if (bytes == elements.storage().bytes()) return elements;
    Tensor copy = allocate(elements.shape(), elements.dtype());
    std::copy_n(elements.to(kCPU).raw_data(), bytes, copy.raw_data());
    return copy;
  }

  /// The storage behind a tensor, by its persistent id.
  void put_storage(const Tensor& tensor) {
    const std::size_t key = storage_key(tensor);
    writer_.put(opcode::mark);
    writer_.put_text("storage");
    const char* name = storage_class(tensor.dtype());
    put_global(name != nullptr ? Global{"torch", name} : Global{"torch.storage", "UntypedStorage"});
    writer_.put_text(std::to_string(key));
    writer_.put_text("cpu");
    const auto bytes = static_cast<std::int64_t>(storages_[key].storage().bytes());
    writer_.put_int(name != nullptr ? storages_[key].numel() : bytes);
    writer_.put(opcode::tuple);
    writer_.remember();
    writer_.put(opcode::persistent_id);
  }

  std::size_t storage_key(const Tensor& tensor) {
    const Storage& storage = tensor.storage();
    const auto [key, is_new] = keys_.try_emplace(&storage, storages_.size());
    if (is_new) {
      const auto count = static_cast<std::int64_t>(storage.bytes() / size_of(tensor.dtype()));
      const Tensor all(make_ref<TensorBody>(tensor.body().storage, tensor.dtype(), Shape{count}, Strides{1}, 0));
      storages_.push_back(all.device().is_cpu() ? all : all.to(kCPU));
    }
    const DType dtype = storages_[key->second].dtype();
    check(dtype == tensor.dtype(), "one storage is seen as ", dtype, " and as ", tensor.dtype(),
          ", which a .pth file cannot hold; clone one of the tensors");
    return key->second;
  }

  PickleWriter writer_;
  std::vector<Tensor> storages_;
  std::unordered_map<const Storage*, std::size_t> keys_;
  std::unordered_map<const void*, std::uint32_t> places_;
};

}  // namespace

Pickled pickle(const Value& value) { return Pickler().run(value); }

}  // namespace ebb::io
