#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/nn/layers.h"

namespace ebb::interop {

/// The attributes of a torch.nn module, to be read or to be written: one list of fields serves both ways.
///
///     [](PythonFields& field, nn::LinearOptions& o) { field("in_features", o.in_features); ... }
class PythonFields {
 public:
  PythonFields() : is_writing_(true) {}
  /// Reads an object's state: its attributes by name.
  explicit PythonFields(const Value& state) : state_(state) {}

  bool is_writing() const { return is_writing_; }
  /// What was written, or is read.
  const Value& state() const { return state_; }

  /// An attribute that is absent when read keeps its value: older versions of PyTorch lack some.
  template <class T>
  void operator()(const char* name, T& field) {
    if (is_writing_) {
      state_.set(name, to_value(field));
    } else if (const Value* value = state_.find(name)) {
      in_field(name, [&] { from_value(*value, field); });
    }
  }
  /// One that ebb knows with one value only; an Error where another is read.
  void fixed(const char* name, const Value& value);
  /// Whether the module has a parameter of that name that is not None. Only read: parameters are written by themselves.
  void has_parameter(const char* name, bool& has) const;
  /// When read, an Error unless the module has a parameter or buffer of that name and shape: what the attributes say is
  /// allocated, so it must not be more than the file holds.
  void has_tensor(const char* name, const Shape& shape) const;

 private:
  static void in_field(const char* name, const std::function<void()>& read);

  static Value to_value(std::int64_t x) { return x; }
  static Value to_value(double x) { return x; }
  static Value to_value(bool x) { return x; }
  static Value to_value(const Scalar& x);
  static Value to_value(const Dims& x);
  static Value to_value(Size2 x);
  static Value to_value(const OutputSize& x);
  static Value to_value(const nn::ConvPadding& x);
  static Value to_value(nn::PaddingMode x);
  static Value to_value(InterpolateMode x);
  static Value to_value(GeluApproximation x);
  static Value to_value(const std::vector<double>& x);
  template <class T>
  static Value to_value(const std::optional<T>& x) {
    return x ? to_value(*x) : Value();
  }

  static void from_value(const Value& value, std::int64_t& x);
  static void from_value(const Value& value, double& x) { x = value.as_real(); }
  static void from_value(const Value& value, bool& x) { x = value.as_bool(); }
  static void from_value(const Value& value, Scalar& x);
  static void from_value(const Value& value, Dims& x);
  static void from_value(const Value& value, Size2& x);
  static void from_value(const Value& value, OutputSize& x);
  static void from_value(const Value& value, nn::ConvPadding& x);
  static void from_value(const Value& value, nn::PaddingMode& x);
  static void from_value(const Value& value, InterpolateMode& x);
  static void from_value(const Value& value, GeluApproximation& x);
  static void from_value(const Value& value, std::vector<double>& x);
  static void from_value(const Value& value, std::optional<std::int64_t>& x);
  static void from_value(const Value& value, std::optional<double>& x);
  static void from_value(const Value& value, std::optional<bool>& x);
  static void from_value(const Value& value, std::optional<Size2>& x);

  bool is_writing_ = false;
  Value state_ = Value::dict();
};

}  // namespace ebb::interop
