#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ebb/core/value/value.h"

namespace ebb::optim {

/// Carries an object's fields to a dict in PyTorch's layout, or back: one list of fields serves both ways.
///
///     void fields(Archive& archive) { archive("gamma", gamma_), archive("last_epoch", last_epoch_); }
///
/// What was read last, the frame, is what is written on: keys that nothing here knows, their order, and whether an
/// equal number is an int or a float survive the round trip.
class Archive {
 public:
  enum class Mode {
    write,
    check,  ///< as read, but changes no field: what could fail, fails now
    read,
  };

  /// `dict` is the frame to write on, or what is read; None counts as empty.
  Archive(Mode mode, const Value& dict);

  bool is_writing() const { return mode_ == Mode::write; }

  /// A field that is absent when read keeps its value. `usual` is PyTorch's default where that is an int: it is written
  /// for an equal number.
  template <class T>
  void operator()(const char* name, T& field, const Value& usual = {}) {
    if (is_writing()) return put(name, to_value(field), usual);
    const Value* value = dict_.find(name);
    if (value == nullptr) return;
    T read = field;
    convert(name, *value, read);
    if (mode_ == Mode::read) field = std::move(read);
  }
  /// A list with a number for each of `count` parameter groups.
  void of_groups(const char* name, std::vector<double>& field, std::size_t count, const Value& usual = {});
  /// A state of `parameter`: of its shape, dtype and device. Not written where undefined.
  void state(const char* name, Tensor& field, const Tensor& parameter);
  /// A count of steps: a tensor of no dimension in PyTorch, an int in older files.
  void steps(const char* name, std::int64_t& field);
  /// What PyTorch has and ebb has not: written where no frame has it, never read.
  void fixed(const char* name, const Value& value);
  void write(const char* name, const Value& value) { put(name, value, {}); }
  const Value* find(const char* name) const { return dict_.find(name); }
  Mode mode() const { return mode_; }

  /// What was written, or, after reading, the frame: without the tensors that went into fields.
  Value dict() const { return dict_; }

 private:
  void put(const char* name, Value value, const Value& usual);

  static Value to_value(const std::vector<double>& numbers);
  static Value to_value(const std::array<double, 2>& pair) { return Value::tuple({pair[0], pair[1]}); }
  static Value to_value(const std::optional<double>& x) { return x ? Value(*x) : Value(); }
  template <class T>
  static Value to_value(const T& x) {
    return x;
  }

  static void convert(const char* name, const Value& value, double& x);
  static void convert(const char* name, const Value& value, std::int64_t& x);
  static void convert(const char* name, const Value& value, bool& x);
  static void convert(const char* name, const Value& value, std::string& x);
  static void convert(const char* name, const Value& value, std::optional<double>& x);
  static void convert(const char* name, const Value& value, std::array<double, 2>& x);
  static void convert(const char* name, const Value& value, std::vector<double>& x);

  Mode mode_;
  Value dict_ = Value::dict();
};

// Numbers of a state dict, where tensors of one element count as such, and whole reals as ints.
double number(const Value& value);
std::int64_t integer(const Value& value);

/// Where something in a state dict is wrong, the error names the entry.
const Value& entry(const Value& dict, const char* name);

}  // namespace ebb::optim
