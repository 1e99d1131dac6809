#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
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
  Parameter(Parameter&& other) noexcept;
  ~Parameter() override;
  Parameter& operator=(const Tensor& tensor);
  Parameter& operator=(const Parameter& other) { return *this = Tensor(other.tensor_); }

  operator const Tensor&() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  const Tensor& get() const { return tensor_; }
  Tensor* parameter() override;
  void tie(Slot& other) override;

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
  Buffer(Buffer&& other) noexcept;
  ~Buffer() override;
  Buffer& operator=(const Tensor& tensor);
  Buffer& operator=(const Buffer& other) { return *this = Tensor(other.tensor_); }

  operator const Tensor&() const { return tensor_; }
  const Tensor* operator->() const { return &tensor_; }
  const Tensor& get() const { return tensor_; }
  Tensor* buffer() override;
  void tie(Slot& other) override;
  bool is_persistent() const override;

 private:
  Tensor tensor_;
  bool persistent_;
};

/// While one lives, copies of parameters and buffers that its thread makes share the elements of the original.
class SharingCopies {
 public:
  SharingCopies();
  SharingCopies(const SharingCopies&) = delete;
  SharingCopies& operator=(const SharingCopies&) = delete;
  ~SharingCopies();

 private:
  bool before_;
};

/// Runs `body`; an Error that leaves it is told which module it left, by its name or by what makes it.
template <class Name, class Body>
decltype(auto) in_module(const Name& name, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    if constexpr (std::is_invocable_v<const Name&>) {
      error.add_module(name());
    } else {
      error.add_module(name);
    }
    throw;
  }
}

/// What children of all types have in common.
class ChildSlot : public Slot {
 public:
  ChildSlot(ChildSlot&& other) noexcept;
  ~ChildSlot() override;

  Module* child() override;
  void tie(Slot& other) override;
  SharedLayer share() const override;

 protected:
  ChildSlot(std::string name, Layer layer);
  ChildSlot(Module* parent, const char* name, Layer layer);
  ChildSlot(const ChildSlot& other);  ///< with a copy of the module
  ChildSlot& operator=(const ChildSlot&) = delete;
  Tensor call_layer(const Tensor& x, Site site) const;

  Layer layer_;
};

/// A child of type M. Assigning replaces it and keeps its name; a Child<Layer> takes a module of any type.
template <class M>
class Child final : public ChildSlot {
 public:
  Child(Module* parent, const char* name, M module = M()) : ChildSlot(parent, name, std::move(module)) {}
  Child(Module* parent, const char* name, std::shared_ptr<M> module)
      : ChildSlot(parent, name, SharedLayer(std::move(module))) {}
  Child(const Child&) = default;
  Child(Child&&) = default;
  Child& operator=(M module) {
    layer_ = std::move(module);
    return *this;
  }
  Child& operator=(const Child& other) { return *this = M(*other); }

  /// One tensor: remembers the caller's line.
  Tensor operator()(const Tensor& x, Site site = Site::current()) const requires std::invocable<M&, const Tensor&> {
    return call_layer(x, site);
  }
  template <class... Args>
  requires(!std::same_as<std::tuple<std::decay_t<Args>...>, std::tuple<Tensor>>) auto operator()(Args&&... args) const {
    return in_module(name(), [&] { return call(**this, std::forward<Args>(args)...); });
  }
  M* operator->() const { return static_cast<M*>(&layer_.module()); }
  M& operator*() const { return static_cast<M&>(layer_.module()); }
};

template <>
class Child<Layer> final : public ChildSlot {
 public:
  Child(Module* parent, const char* name, Layer layer = {}) : ChildSlot(parent, name, std::move(layer)) {}
  Child(std::string name, Layer layer) : ChildSlot(std::move(name), std::move(layer)) {}  ///< of a container
  Child(const Child&) = default;
  Child(Child&&) = default;
  Child& operator=(Layer layer) {
    layer_ = std::move(layer);
    return *this;
  }
  Child& operator=(const Child& other) { return *this = other.layer_; }

  Tensor operator()(const Tensor& x, Site site = Site::current()) const { return call_layer(x, site); }
  explicit operator bool() const { return static_cast<bool>(layer_); }
  Module& module() const { return layer_.module(); }
  template <class M>
  M& as() const {
    return module().as<M>();
  }
  Module* operator->() const { return &layer_.module(); }
  const Layer& operator*() const { return layer_; }
};

}  // namespace ebb::nn
