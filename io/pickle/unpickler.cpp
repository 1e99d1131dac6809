#include "ebb/io/pickle/unpickler.h"

#include <algorithm>
#include <optional>

#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/container_filler.h"
#include "ebb/io/pickle/pickle_opcodes.h"
#include "ebb/io/pickle/pickle_reader.h"
#include "ebb/io/pickle/pickle_stack.h"
#include "ebb/io/pickle/python_calls.h"
#include "ebb/io/pickle/tensor_parts.h"

namespace ebb::io {
namespace {

class Unpickler {
 public:
  Unpickler(ByteView stream, const UnpickleOptions& options)
      : reader_(stream),
        options_(options),
        budget_(MemoryBudget::of_file(stream.size(), options.most_bytes),
                ", by default the file's size and 48 MB; LoadOptions::most_bytes allows more"),
        stack_(budget_),
        filler_(budget_) {}

  Unpickled run() {
    try {
      as_file_error([&] {
        for (start(); !finished_;) step();
      });
    } catch (const FileError& error) {
      refuse_unknown();
      fail<FileError>("pickle, near byte ", reader_.position(), ": ", error.message());
    }
    refuse_unknown();
    return {std::move(*finished_), reader_.position()};
  }

 private:
  void start() {
    check<FileError>(reader_.left() > 0, "is missing: the file is cut short");
    const bool has_protocol = reader_.u8() == opcode::protocol;
    check<FileError>(has_protocol, "does not begin with a protocol, as pickles since protocol 2 do");
    const unsigned protocol = reader_.u8();
    check<FileError>(protocol >= 2 && protocol <= 5, "protocol ", protocol, " is not read, only 2 to 5 are");
  }

  void step() {
    const std::uint8_t code = reader_.u8();
    if (push_constant(code) || push_text(code) || build_container(code) || use_memo(code) || call(code)) return;
    if (code == opcode::stop) return stop();
    fail<FileError>("opcode ", static_cast<unsigned>(code), " does not occur in PyTorch's files");
  }

  void stop() {
    check<FileError>(stack_.size() == 1 && !stack_.has_marks(), "ends with ", stack_.size(),
                     " values, where one is expected");
    finished_ = stack_.pop();
  }

  bool push_constant(std::uint8_t code) {
    switch (code) {
      case opcode::none:
        return push({});
      case opcode::yes:
        return push(true);
      case opcode::no:
        return push(false);
      case opcode::int1:
        return push(reader_.u8());
      case opcode::int2:
        return push(reader_.u16());
      case opcode::int4:
        return push(static_cast<std::int32_t>(reader_.u32()));
      case opcode::long1:
        return push(reader_.integer(reader_.u8()));
      case opcode::long4:
        return push_long(reader_.u32());
      case opcode::real:
        return push(reader_.real());
      default:
        return false;
    }
  }

  bool push_text(std::uint8_t code) {
    switch (code) {
      case opcode::text1:
        return push_text(reader_.text(reader_.u8()));
      case opcode::text4:
        return push_text(reader_.text(reader_.u32()));
      case opcode::text8:
        return push_text(reader_.text(reader_.u64()));
      case opcode::string1:
        return push_string(reader_.u8());
      case opcode::string4:
        return push_string(reader_.u32());
      case opcode::bytes1:
        return push_bytes(reader_.u8());
      case opcode::bytes4:
        return push_bytes(reader_.u32());
      case opcode::bytes8:
        return push_bytes(reader_.u64());
      case opcode::bytearray8:
        push_bytes(reader_.u64());
        return push_costly(interpret_call({"builtins", "bytearray"}, Value::tuple({stack_.pop()})),
                           MemoryBudget::object);
      default:
        return false;
    }
  }

  bool build_container(std::uint8_t code) {
    switch (code) {
      case opcode::mark:
        return stack_.mark(), true;
      case opcode::empty_list:
        return push_costly(Value::list(), MemoryBudget::sequence);
      case opcode::empty_dict:
        return push_costly(Value::dict(), MemoryBudget::dict);
      case opcode::empty_set:
        return push_costly(interpret_call({"builtins", "set"}, Value::tuple()), MemoryBudget::object);
      case opcode::frozen_set: {
        std::vector<Value> items = stack_.pop_mark();
        budget_.charge(MemoryBudget::item * items.size());
        const Value list = Value::list(std::move(items));
        return push_costly(interpret_call({"builtins", "frozenset"}, Value::tuple({list})), MemoryBudget::object);
      }
      case opcode::empty_tuple:
        return push_tuple({});
      case opcode::tuple:
        return push_tuple(stack_.pop_mark());
      case opcode::tuple1:
      case opcode::tuple2:
      case opcode::tuple3:
        return push_short_tuple(code - opcode::tuple1 + 1u);
      case opcode::append:
        return append({stack_.pop()});
      case opcode::appends:
      case opcode::add_items:
        return append(stack_.pop_mark());
      case opcode::set_item: {
        Value value = stack_.pop(), key = stack_.pop();
        return set_items({std::move(key), std::move(value)});
      }
      case opcode::set_items:
        return set_items(stack_.pop_mark());
      default:
        return false;
    }
  }

  bool use_memo(std::uint8_t code) {
    switch (code) {
      case opcode::put1:
        return stack_.remember(reader_.u8()), true;
      case opcode::put4:
        return stack_.remember(reader_.u32()), true;
      case opcode::memoize:
        return stack_.remember_next(), true;
      case opcode::get1:
        return stack_.recall(reader_.u8()), true;
      case opcode::get4:
        return stack_.recall(reader_.u32()), true;
      case opcode::pop:
        return stack_.pop(), true;
      case opcode::pop_mark:
        return stack_.pop_mark(), true;
      case opcode::frame:
        return reader_.skip(8), true;
      default:
        return false;
    }
  }

  bool call(std::uint8_t code) {
    switch (code) {
      case opcode::global: {
        std::string module = reader_.line();
        return push_global({std::move(module), reader_.line()});
      }
      case opcode::stack_global: {
        const Value name = stack_.pop(), module = stack_.pop();
        return push_global({module.as_text(), name.as_text()});
      }
      case opcode::reduce:
      case opcode::new_object: {
        const Value arguments = stack_.pop(), callee = stack_.pop();
        push_call(callee, arguments);
        if (stack_.top().kind() == Value::Kind::object) stack_.top().as_object().is_new = code == opcode::new_object;
        return true;
      }
      case opcode::new_object_ex: {
        const Value keywords = stack_.pop(), arguments = stack_.pop(), callee = stack_.pop();
        std::vector<Value> all = arguments.items();
        if (!keywords.as_dict().entries.empty()) all.push_back(keywords);
        push_call(callee, Value::tuple(std::move(all)));
        if (stack_.top().kind() == Value::Kind::object) stack_.top().as_object().is_new = true;
        return true;
      }
      case opcode::build: {
        Value state = stack_.pop();
        return filler_.set_state(stack_.top(), std::move(state)), true;
      }
      case opcode::persistent_id:
        return push_costly(find_persistent(stack_.pop()), MemoryBudget::storage);
      default:
        return false;
    }
  }

  bool push(Value value) {
    stack_.push(std::move(value));
    return true;
  }

  bool push_costly(Value value, std::uint64_t bytes) {
    budget_.charge(bytes);
    return push(std::move(value));
  }

  bool push_text(std::string text) {
    const std::uint64_t bytes = MemoryBudget::text + text.size();
    return push_costly(std::move(text), bytes);
  }

  bool push_bytes(std::uint64_t size) { return push_costly(reader_.bytes(size), MemoryBudget::text + size); }

  /// A str of Python 2.
  bool push_string(std::uint64_t size) {
    budget_.charge(MemoryBudget::text + 2 * size);
    return push(python2_string(reader_.bytes(size), options_.encoding));
  }

  bool push_long(std::uint64_t size) {
    const Value number = reader_.integer(size);
    return push_costly(number, MemoryBudget::object + size);
  }

  bool push_tuple(std::vector<Value> items) {
    const std::uint64_t bytes = MemoryBudget::sequence + sizeof(Value) * items.size();
    return push_costly(Value::tuple(std::move(items)), bytes);
  }

  bool push_short_tuple(unsigned count) {
    std::vector<Value> items(count);
    for (unsigned i = count; i-- > 0;) items[i] = stack_.pop();
    return push_tuple(std::move(items));
  }

  bool append(std::vector<Value> items) {
    filler_.append(stack_.top(), std::move(items));
    return true;
  }

  bool set_items(std::vector<Value> items) {
    filler_.set(stack_.top(), std::move(items));
    return true;
  }

  bool push_global(Global global) {
    if (global.module == "__builtin__") global.module = "builtins";  // as Python 2 called it
    if (!is_known(global) && std::ranges::find(unknown_, global) == unknown_.end()) {
      check<FileError>(unknown_.size() < 1000, "more than 1000 unknown names");
      unknown_.push_back(global);
      if (options_.imports != nullptr && std::ranges::find(*options_.imports, global) == options_.imports->end()) {
        options_.imports->push_back(global);
      }
    }
    const std::uint64_t bytes = 2 * MemoryBudget::text + global.module.size() + global.name.size();
    return push_costly(std::move(global), bytes);
  }

  /// What an unknown call returns may be called again: its result is inert all the same.
  bool push_call(const Value& callee, const Value& arguments) {
    check<FileError>(arguments.kind() == Value::Kind::tuple, "a call needs a tuple of arguments, got ",
                     arguments.kind_name());
    const bool is_inert = callee.kind() == Value::Kind::object && !unknown_.empty();
    const Global& global = is_inert ? callee.as_object().global : callee.as_global();
    budget_.charge(cost_of_call(global, arguments));
    return push(interpret_call(global, arguments));
  }

  Value find_persistent(const Value& id) const {
    if (options_.is_legacy && is_class_id(id)) return id.items()[1].as_global();
    const StorageId storage = read_storage_id(id, options_.is_legacy);
    check<FileError>(options_.storages != nullptr, "tensors cannot stand here");
    Tensor elements = options_.storages->find(storage);
    if (storage.is_foreign) return interpret_call(id.items()[1].as_global(), Value::tuple());
    return Value::storage(std::move(elements));
  }

  /// They are named all at once, and before whatever else is wrong.
  void refuse_unknown() const {
    if (unknown_.empty() || options_.allow_opaque) return;
    std::string names;
    for (const Global& global : unknown_) names += (names.empty() ? "" : ", ") + to_string(quote(global.text()));
    fail<FileError>("the file names Python objects that are not data: ", names, ". ", explain_unknown(unknown_));
  }

  PickleReader reader_;
  const UnpickleOptions& options_;
  MemoryBudget budget_;
  PickleStack stack_;
  ContainerFiller filler_;
  std::vector<Global> unknown_;
  std::optional<Value> finished_;
};

}  // namespace

Value unpickle(ByteView stream, const UnpickleOptions& options) {
  Unpickled pickle = unpickle_front(stream, options);
  check<FileError>(pickle.bytes == stream.size(), "pickle: has ", stream.size() - pickle.bytes, " bytes after its end");
  return std::move(pickle.value);
}

Unpickled unpickle_front(ByteView stream, const UnpickleOptions& options) { return Unpickler(stream, options).run(); }

}  // namespace ebb::io
