#include "ebb/core/value/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace ebb {
namespace {

std::string place_key(const Value& key);

/// Of one key among several: its length tells where it ends.
void add_key(std::string& keys, const Value& key) {
  const std::string one = place_key(key);
  keys += std::to_string(one.size()) + ':' + one;
}

/// Equal for keys that Python holds for equal. Tensors and objects are equal to themselves alone.
std::string place_key(const Value& key) {
  switch (key.kind()) {
    case Value::Kind::text:
      return 't' + key.as_text();  // in this order exactly as long as needed
    case Value::Kind::boolean:
      return std::to_string(static_cast<int>(key.as_bool())) + 'i';
    case Value::Kind::integer:
      return std::to_string(key.as_int()) + 'i';
    case Value::Kind::real: {
      const double real = key.as_real();
      const bool is_whole = std::fabs(real) < 9e15 && std::floor(real) == real;
      if (is_whole) return std::to_string(static_cast<std::int64_t>(real)) + 'i';
      return std::to_string(std::bit_cast<std::uint64_t>(real)) + 'r';
    }
    case Value::Kind::none:
      return "n";
    case Value::Kind::bytes:
      return 'b' + key.as_bytes();
    case Value::Kind::global:
      return 'g' + key.as_global().text();
    case Value::Kind::tuple: {
      std::string keys = "(";
      for (const Value& item : key.items()) {
        add_key(keys, item);
        check(keys.size() <= Dict::most_key_bytes, "a dict's key is a tuple of too many values");
      }
      return keys;
    }
    case Value::Kind::tensor:
      return std::to_string(reinterpret_cast<std::uintptr_t>(&key.as_tensor().body())) + 'p';
    case Value::Kind::object:
      return std::to_string(reinterpret_cast<std::uintptr_t>(&key.as_object())) + 'p';
    default:
      fail("a dict's key must be hashable, got ", key.kind_name());
  }
}

}  // namespace

Value::Value(std::string text) {
  content_.emplace<static_cast<std::size_t>(Kind::text)>(std::make_shared<const std::string>(std::move(text)));
}

Value::Value(Global global) : content_(std::make_shared<const Global>(std::move(global))) {}

template <std::size_t kind, class T>
Value Value::make(T content) {
  Value value;
  value.content_.template emplace<kind>(std::move(content));
  return value;
}

Value Value::bytes(std::string bytes) {
  return make<static_cast<std::size_t>(Kind::bytes)>(std::make_shared<const std::string>(std::move(bytes)));
}

static std::shared_ptr<Sequence> make_sequence(std::vector<Value> items) {
  auto sequence = std::make_shared<Sequence>();
  for (Value& item : items) sequence->adopt(item);
  sequence->items = std::move(items);
  return sequence;
}

Value Value::tuple(std::vector<Value> items) {
  return make<static_cast<std::size_t>(Kind::tuple)>(make_sequence(std::move(items)));
}

Value Value::list(std::vector<Value> items) {
  return make<static_cast<std::size_t>(Kind::list)>(make_sequence(std::move(items)));
}

static std::shared_ptr<Dict> make_dict(Dict::Class python_class) {
  auto dict = std::make_shared<Dict>();
  dict->python_class = python_class;
  return dict;
}

Value Value::dict() { return make<static_cast<std::size_t>(Kind::dict)>(make_dict(Dict::Class::dict)); }

Value Value::ordered_dict() { return make<static_cast<std::size_t>(Kind::dict)>(make_dict(Dict::Class::ordered_dict)); }

Value Value::counter() { return make<static_cast<std::size_t>(Kind::dict)>(make_dict(Dict::Class::counter)); }

Value Value::storage(Tensor elements) {
  return make<static_cast<std::size_t>(Kind::storage)>(Storage{std::move(elements)});
}

const char* Value::kind_name() const {
  constexpr std::array names{"None",   "a bool", "an int",   "a float",   "a str",           "bytes",    "a tuple",
                             "a list", "a dict", "a tensor", "a storage", "a Python global", "an object"};
  return names[content_.index()];
}

template <std::size_t kind>
const auto& Value::get(const char* wanted) const {
  check(content_.index() == kind, "expected ", wanted, ", got ", kind_name());
  return std::get<kind>(content_);
}

bool Value::as_bool() const { return get<static_cast<std::size_t>(Kind::boolean)>("a bool"); }
std::int64_t Value::as_int() const { return get<static_cast<std::size_t>(Kind::integer)>("an int"); }

double Value::as_real() const {
  if (kind() == Kind::integer) return static_cast<double>(as_int());
  return get<static_cast<std::size_t>(Kind::real)>("a float");
}

const std::string& Value::as_text() const { return *get<static_cast<std::size_t>(Kind::text)>("a str"); }
const std::string& Value::as_bytes() const { return *get<static_cast<std::size_t>(Kind::bytes)>("bytes"); }
const Tensor& Value::as_tensor() const { return get<static_cast<std::size_t>(Kind::tensor)>("a tensor"); }
const Tensor& Value::as_storage() const { return get<static_cast<std::size_t>(Kind::storage)>("a storage").elements; }
const Global& Value::as_global() const { return *get<static_cast<std::size_t>(Kind::global)>("a Python global"); }
const Object& Value::as_object() const { return *get<static_cast<std::size_t>(Kind::object)>("an object"); }
Object& Value::as_object() { return *get<static_cast<std::size_t>(Kind::object)>("an object"); }
const Dict& Value::as_dict() const { return *get<static_cast<std::size_t>(Kind::dict)>("a dict"); }
Dict& Value::as_dict() { return *get<static_cast<std::size_t>(Kind::dict)>("a dict"); }

Sequence& Value::as_list() { return *get<static_cast<std::size_t>(Kind::list)>("a list"); }

const std::vector<Value>& Value::items() const {
  if (kind() == Kind::tuple) return std::get<static_cast<std::size_t>(Kind::tuple)>(content_)->items;
  return get<static_cast<std::size_t>(Kind::list)>("a list or tuple")->items;
}

void Value::append(Value item) {
  Sequence& list = *get<static_cast<std::size_t>(Kind::list)>("a list to append to");
  list.adopt(item);
  list.items.push_back(std::move(item));
}

void Value::set(Value key, Value value) { as_dict().set(std::move(key), std::move(value)); }

const Value* Value::find(std::string_view key) const { return as_dict().find(Value(key)); }

const Value& Value::operator[](std::string_view key) const {
  const Value* value = find(key);
  check(value != nullptr, "the dict has no key \"", key, "\" among its ", as_dict().entries.size());
  return *value;
}

static const Container* container_of(const Value& value) {
  using Kind = Value::Kind;
  const Kind kind = value.kind();
  if (kind == Kind::dict) return &value.as_dict();
  if (kind == Kind::object) return &value.as_object();
  if (kind == Kind::tuple || kind == Kind::list) return static_cast<const Container*>(value.identity());
  return nullptr;
}

int Value::depth() const {
  const Container* container = container_of(*this);
  return container == nullptr ? 0 : container->depth;
}

void Value::freeze() {
  check(depth() < max_depth, "containers are nested more than ", max_depth, " levels deep");
  if (auto* container = const_cast<Container*>(container_of(*this))) ++container->parents;
}

const void* Value::identity() const {
  switch (kind()) {
    case Kind::text:
      return &as_text();
    case Kind::bytes:
      return &as_bytes();
    case Kind::tuple:
      return static_cast<const Container*>(std::get<static_cast<std::size_t>(Kind::tuple)>(content_).get());
    case Kind::list:
      return static_cast<const Container*>(std::get<static_cast<std::size_t>(Kind::list)>(content_).get());
    case Kind::dict:
      return &as_dict();
    case Kind::object:
      return &as_object();
    default:
      return nullptr;
  }
}

void Container::adopt(Value& item) {
  item.freeze();
  check(parents == 0, "a container changes after it became part of another: it would contain itself");
  depth = std::max(depth, item.depth() + 1);
}

void Dict::set(Value key, Value value) {
  adopt(key);
  adopt(value);
  const auto [place, is_new] = places_.try_emplace(place_key(key), entries.size());
  if (is_new) {
    entries.emplace_back(std::move(key), std::move(value));
  } else {
    entries[place->second].second = std::move(value);
  }
}

const Value* Dict::find(const Value& key) const {
  const auto place = places_.find(place_key(key));
  return place == places_.end() ? nullptr : &entries[place->second].second;
}

}  // namespace ebb
