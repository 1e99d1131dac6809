#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "ebb/core/tensor.h"
#include "ebb/core/value/state_dict.h"

namespace ebb {

struct Sequence;
struct Dict;
struct Object;

/// The name of a Python function or class. It stands for nothing here: it is never called.
struct Global {
  std::string module, name;

  bool operator==(const Global&) const = default;
  std::string text() const { return module + "." + name; }
};

/// One node of what a file holds: plain data, as Python's pickles write it. Nothing is ever constructed or called for
/// it. Copies share their content, as in Python.
///
///     Value checkpoint = Value::dict();
///     checkpoint.set("epoch", 3);
///     checkpoint.set("model", net.state_dict());
///     io::save_value("checkpoint.pth", checkpoint);
///     std::int64_t epoch = io::load_value("checkpoint.pth")["epoch"].as_int();
class Value {
 public:
  enum class Kind { none, boolean, integer, real, text, bytes, tuple, list, dict, tensor, storage, global, object };

  Value() = default;  ///< None
  Value(std::nullptr_t) {}
  template <std::same_as<bool> T>
  Value(T value) : content_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Value(T value) : content_(to_int64(value)) {}
  template <std::floating_point T>
  Value(T value) : content_(static_cast<double>(value)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(std::string text);
  Value(Tensor tensor) : content_(std::move(tensor)) {}
  Value(const StateDict& tensors);  ///< an ordered dict with its `_metadata`
  Value(Global global);
  Value(std::shared_ptr<Object> object) : content_(std::move(object)) {}

  static Value bytes(std::string bytes);
  static Value tuple(std::vector<Value> items = {});
  static Value list(std::vector<Value> items = {});
  static Value dict();                    ///< Python's dict, which keeps its order
  static Value ordered_dict();            ///< collections.OrderedDict
  static Value counter();                 ///< collections.Counter
  static Value storage(Tensor elements);  ///< a bare storage, as a tensor of one dimension

  Kind kind() const { return static_cast<Kind>(content_.index()); }
  const char* kind_name() const;  ///< "an int", for errors
  bool is_none() const { return kind() == Kind::none; }
  bool is_dict() const { return kind() == Kind::dict; }
  bool is_tensor() const { return kind() == Kind::tensor; }
  bool is_text() const { return kind() == Kind::text; }

  // The content; an Error where the value is of another kind.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_real() const;  ///< of an int, too
  const std::string& as_text() const;
  const std::string& as_bytes() const;
  const Tensor& as_tensor() const;
  const Tensor& as_storage() const;
  const Global& as_global() const;
  const Object& as_object() const;
  Object& as_object();
  const std::vector<Value>& items() const;  ///< of a list or tuple
  const Dict& as_dict() const;
  Dict& as_dict();
  Sequence& as_list();
  StateDict as_state_dict() const;  ///< of a dict of tensors by name, which are detached

  // Lists and dicts. A container that is already part of another must not change: that is how no cycle can arise.
  void append(Value item);
  void set(Value key, Value value);
  const Value* find(std::string_view key) const;        ///< of a dict; null where absent
  const Value& operator[](std::string_view key) const;  ///< of a dict; an Error where absent
  bool contains(std::string_view key) const { return find(key) != nullptr; }

  /// Levels of containers below and including this one; 0 for a plain value.
  int depth() const;
  /// Marks it as a part of another; an Error where that would be nested too deeply.
  void freeze();
  /// Equal for values that share their content; null where the kind has none to share.
  const void* identity() const;

  static constexpr int max_depth = 200;

 private:
  template <class T>
  static std::int64_t to_int64(T value) {
    check(std::in_range<std::int64_t>(value), "an integer beyond 64 bits: ", value);
    return static_cast<std::int64_t>(value);
  }
  template <std::size_t kind, class T>
  static Value make(T content);
  template <std::size_t kind>
  const auto& get(const char* wanted) const;

  struct Storage {
    Tensor elements;
  };
  using Text = std::shared_ptr<const std::string>;
  friend class CycleCutter;
  std::variant<std::monostate, bool, std::int64_t, double, Text, Text, std::shared_ptr<Sequence>,
               std::shared_ptr<Sequence>, std::shared_ptr<Dict>, Tensor, Storage, std::shared_ptr<const Global>,
               std::shared_ptr<Object>>
      content_;
};

/// What containers have in common.
struct Container {
  int depth = 1;
  std::int64_t parents = 0;  ///< containers that it is a part of

  /// Before `item` becomes a part of this one.
  void adopt(Value& item);
};

/// Puts `instead` wherever `container` stands in `item`, or is it, so that `item` can become a part of it without a
/// cycle. `visit` is called for each value that is looked at.
void cut_cycle(Value& item, Container& container, const Value& instead, const std::function<void()>& visit);

struct Sequence : Container {
  std::vector<Value> items;
};

/// Keys are what Python can hash: texts, numbers, None, bytes, globals, tuples of such; tensors and objects, each a key
/// of its own. As in Python, 1 and True are one key. Keeps the order.
struct Dict : Container {
  enum class Class { dict, ordered_dict, counter };

  static constexpr std::size_t most_key_bytes = 2048;  ///< that it takes to tell a tuple from another

  Class python_class = Class::dict;
  std::vector<std::pair<Value, Value>> entries;
  Value attributes;  ///< of an ordered dict: a dict, or None

  void set(Value key, Value value);  ///< adds, or replaces in its place
  const Value* find(const Value& key) const;

 private:
  std::unordered_map<std::string, std::size_t> places_;
};

/// An instance of a class, kept as what would have made it.
struct Object : Container {
  Global global;
  Value arguments;      ///< a tuple
  bool is_new = false;  ///< made by the class's __new__ alone, as pickle makes most objects, not by a call
  Value state;
  std::vector<Value> items;
  std::vector<std::pair<Value, Value>> entries;
};

}  // namespace ebb
