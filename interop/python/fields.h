#pragma once

#include "ebb/core/value/value.h"

namespace ebb::interop {

/// The attributes of a torch.nn module, to be read or to be written: one list of fields serves both ways.
///
///     void list_linear(PythonFields& field, nn::LinearOptions& o) { field("in_features", o.in_features); ... }
class PythonFields {
 public:
  PythonFields() : is_writing_(true) {}
  /// Reads an object's state: its attributes by name.
  explicit PythonFields(const Value& state) : state_(state) {}

  bool is_writing() const { return is_writing_; }
  /// What was written, or is read.
  const Value& state() const { return state_; }

  /// An attribute that is absent when read keeps its value: older versions of PyTorch lack some. fields.cpp lists the
  /// types that it may have.
  template <class T>
  void operator()(const char* name, T& field);
  /// One that ebb knows with one value only; an Error where another is read.
  void fixed(const char* name, const Value& value);
  /// Whether the module has a parameter of that name that is not None. Only read: parameters are written by themselves.
  void has_parameter(const char* name, bool& has) const;
  /// When read, an Error unless the module has a parameter or buffer of that name and shape: what the attributes say is
  /// allocated, so it must not be more than the file holds.
  void has_tensor(const char* name, const Shape& shape) const;

 private:
  bool is_writing_ = false;
  Value state_ = Value::dict();
};

}  // namespace ebb::interop
