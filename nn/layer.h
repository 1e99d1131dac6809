#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "ebb/nn/call.h"

namespace ebb::nn {

class Layer;

/// A module of any type, called with one tensor for one. Copies refer to the same module, as variables in Python do:
/// what a model shares with another.
class SharedLayer {
 public:
  SharedLayer() = default;  ///< empty: no module
  template <std::derived_from<Module> M>
  SharedLayer(M module) : SharedLayer(std::make_shared<M>(std::move(module))) {}
  template <std::derived_from<Module> M>
  explicit SharedLayer(std::shared_ptr<M> module)
      : module_(std::move(module)), call_(call_as<M>), copy_([](const Module& m) -> std::shared_ptr<Module> {
          return std::make_shared<M>(static_cast<const M&>(m));
        }) {}
  SharedLayer(Layer layer);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    Module& called = module();  // before call_, which is null where there is none
    return call_(called, x);
  }
  explicit operator bool() const { return module_ != nullptr; }
  Module& module() const {
    check(module_ != nullptr, "an empty layer was used: one that was not given a module");
    return *module_;
  }
  const std::shared_ptr<Module>& pointer() const { return module_; }

  /// Refers to a copy of the module.
  SharedLayer copy() const {
    SharedLayer copy(*this);
    if (module_) copy.module_ = copy_(*module_);
    return copy;
  }

 private:
  template <class M>
  static Tensor call_as(Module& module, const Tensor& x) {
    if constexpr (std::is_invocable_r_v<Tensor, M&, const Tensor&>) {
      return call(static_cast<M&>(module), x);
    } else {
      fail(module.kind(), " does not map one tensor to one: call it as what it is, with as<...>()");
    }
  }

  std::shared_ptr<Module> module_;
  Tensor (*call_)(Module&, const Tensor&) = nullptr;
  std::shared_ptr<Module> (*copy_)(const Module&) = nullptr;
};

/// A module of any type, called with one tensor for one: what a replaceable member or a container's entry holds.
/// Copying copies the module; `share()` refers to it.
class Layer {
 public:
  Layer() = default;  ///< empty: what PyTorch's None is as a member
  template <std::derived_from<Module> M>
  Layer(M module) : held_(std::move(module)) {}
  Layer(SharedLayer shared) : held_(std::move(shared)) {}
  Layer(const Layer& other) : held_(other.held_.copy()) {}
  Layer(Layer&&) = default;
  Layer& operator=(Layer other) {
    held_ = std::move(other.held_);
    return *this;
  }
  ~Layer() = default;

  Tensor operator()(const Tensor& x, Site site = Site::current()) const { return held_(x, site); }
  explicit operator bool() const { return static_cast<bool>(held_); }
  Module& module() const { return held_.module(); }
  template <class M>
  M& as() const {
    return module().as<M>();
  }
  SharedLayer share() const { return held_; }

 private:
  SharedLayer held_;
};

inline SharedLayer::SharedLayer(Layer layer) : SharedLayer(layer.share()) {}

/// A deep copy that keeps what is shared inside the module shared inside the copy.
inline Layer clone(const Layer& layer) {
  Layer copy(layer);
  restore_ties(layer.module(), copy.module());
  return copy;
}

}  // namespace ebb::nn
