#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "ebb/nn/call.h"
#include "ebb/nn/layer.h"

namespace ebb::nn {

/// A trained tensor; undefined where a module has none (bias = false). Assigning replaces it.
class Parameter final : public Slot {
 public:
  Parameter(Module* parent, const char* name, const Tensor& tensor);
  Parameter(std::string name, const Tensor& tensor);  ///< of a container, which registers it
  Parameter(const Parameter& other);                  ///< a clone
  Parameter(Parameter&&) = default;
  Parameter& operator=(const Tensor& tensor);
  Parameter& operator=(const Parameter& other) { return *this = Tensor(other.tensor_); }

  operator const Tensor&() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  const Tensor& get() const { return tensor_; }
  Tensor* parameter() override { return &tensor_; }
  void tie(Slot& other) override { tensor_ = *other.parameter(); }

 private:
  Tensor tensor_;
};

/// A tensor that is saved but not trained, such as a running mean; undefined where a module has none. To update it
/// from a tensor that has a history is an error, which says how to avoid it.
class Buffer final : public Slot {
 public:
  Buffer(Module* parent, const char* name, const Tensor& tensor, bool persistent = true);
  Buffer(std::string name, const Tensor& tensor, bool persistent = true);  ///< of a container, which registers it
  Buffer(const Buffer& other);                                             ///< a clone
  Buffer(Buffer&&) = default;
  Buffer& operator=(const Tensor& tensor);
  Buffer& operator=(const Buffer& other) { return *this = Tensor(other.tensor_); }

  operator const Tensor&() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  const Tensor& get() const { return tensor_; }
  Tensor* buffer() override { return &tensor_; }
  void tie(Slot& other) override { tensor_ = *other.buffer(); }
  bool is_persistent() const override { return persistent_; }

 private:
  Tensor tensor_;
  bool persistent_;
};

/// Runs `body`; an Error that leaves it is told which module it left.
template <class Body>
decltype(auto) in_module(const std::string& name, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    error.add_module(name);
    throw;
  }
}

/// A child of type M. Assigning replaces it and keeps its name; a Child<Layer> takes a module of any type.
template <class M>
class Child final : public Slot {
 public:
  Child(Module* parent, const char* name, M module = M())
      : Child(parent, name, std::make_shared<M>(std::move(module))) {}
  Child(Module* parent, const char* name, std::shared_ptr<M> module) : Slot(name), module_(std::move(module)) {
    parent->add_slot(this);
  }
  Child(const Child& other) : Slot(other), module_(std::make_shared<M>(*other.module_)) {}
  Child(Child&&) = default;
  Child& operator=(M module) {
    module_ = std::make_shared<M>(std::move(module));
    return *this;
  }
  Child& operator=(const Child& other) { return *this = M(*other.module_); }

  /// One tensor: remembers the caller's line.
  Tensor operator()(const Tensor& x, Site site = Site::current()) const requires std::invocable<M&, const Tensor&> {
    const OpScope line(site);
    return in_module(name(), [&]() -> Tensor { return call(*module_, x); });
  }
  template <class... Args>
  requires(!std::same_as<std::tuple<std::decay_t<Args>...>, std::tuple<Tensor>>) auto operator()(Args&&... args) const {
    return in_module(name(), [&] { return call(*module_, std::forward<Args>(args)...); });
  }
  M* operator->() const { return module_.get(); }
  M& operator*() const { return *module_; }

  Module* child() override { return module_.get(); }
  void tie(Slot& other) override { module_ = std::static_pointer_cast<M>(other.share().pointer()); }
  SharedLayer share() const override { return SharedLayer(module_); }

 private:
  std::shared_ptr<M> module_;
};

template <>
class Child<Layer> final : public Slot {
 public:
  Child(Module* parent, const char* name, Layer layer = {}) : Child(std::string(name), std::move(layer)) {
    parent->add_slot(this);
  }
  Child(std::string name, Layer layer) : Slot(std::move(name)), layer_(std::move(layer)) {}  ///< of a container
  Child(const Child&) = default;
  Child(Child&&) = default;
  Child& operator=(Layer layer) {
    layer_ = std::move(layer);
    return *this;
  }
  Child& operator=(const Child& other) { return *this = other.layer_; }

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return in_module(name(), [&] { return layer_(x); });
  }
  explicit operator bool() const { return static_cast<bool>(layer_); }
  Module& module() const { return layer_.module(); }
  template <class M>
  M& as() const {
    return module().as<M>();
  }
  const Layer* operator->() const { return &layer_; }
  const Layer& operator*() const { return layer_; }

  Module* child() override { return layer_ ? &layer_.module() : nullptr; }
  void tie(Slot& other) override { layer_ = other.share(); }
  SharedLayer share() const override { return layer_.share(); }

 private:
  Layer layer_;
};

}  // namespace ebb::nn
