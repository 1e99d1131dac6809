#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "ebb/nn/module.h"

namespace ebb::nn {

class Layer;

/// A module of any type, called with one tensor for one. Copies refer to the same module, as variables in Python do:
/// what a model shares with another.
class SharedLayer {
 public:
  SharedLayer() = default;  ///< empty: no module
  template <class M>
  requires std::derived_from<std::remove_cvref_t<M>, Module> SharedLayer(M&& module)
      : SharedLayer(new std::remove_cvref_t<M>(std::forward<M>(module))) {}
  template <std::derived_from<Module> M>
  explicit SharedLayer(std::shared_ptr<M> module)
      : module_(std::move(module)), forward_(forward_as<M>), copy_(copy_as<M>) {}
  SharedLayer(Layer layer);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  explicit operator bool() const { return module_ != nullptr; }
  Module& module() const;
  const std::shared_ptr<Module>& pointer() const { return module_; }

  /// Refers to a copy of the module.
  SharedLayer copy() const;

 private:
  // Of each type of module there is only what must know it.
  template <class M>
  explicit SharedLayer(M* owned)
      : SharedLayer(std::shared_ptr<Module>(static_cast<Module*>(owned)), forward_as<M>, copy_as<M>) {}
  SharedLayer(std::shared_ptr<Module> module, Tensor (*forward)(Module&, const Tensor&),
              Module* (*copy)(const Module&));

  template <class M>
  static Tensor forward_as(Module& module, const Tensor& x) {
    if constexpr (std::is_invocable_r_v<Tensor, M&, const Tensor&>) {
      return static_cast<M&>(module)(x);
    } else {
      fail_to_call(module);
    }
  }
  template <class M>
  static Module* copy_as(const Module& module) {
    return new M(static_cast<const M&>(module));
  }
  [[noreturn]] static void fail_to_call(const Module& module);

  std::shared_ptr<Module> module_;
  Tensor (*forward_)(Module&, const Tensor&) = nullptr;
  Module* (*copy_)(const Module&) = nullptr;
};

/// A module of any type, called with one tensor for one: what a replaceable member or a container's entry holds.
/// Copying copies the module; `share()` refers to it.
class Layer {
 public:
  Layer() = default;  ///< empty: what PyTorch's None is as a member
  template <class M>
  requires std::derived_from<std::remove_cvref_t<M>, Module> Layer(M&& module) : held_(std::forward<M>(module)) {}
  Layer(SharedLayer shared);
  Layer(const Layer& other);
  Layer(Layer&& other) noexcept;
  Layer& operator=(Layer other);
  ~Layer();

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

/// A deep copy that keeps what is shared inside the module shared inside the copy.
Layer clone(const Layer& layer);

}  // namespace ebb::nn
