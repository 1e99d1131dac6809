#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>

#include "ebb/nn/module.h"

namespace ebb::nn {
namespace detail {

struct BackwardCall;

/// One call of a module that has hooks.
class HookedCall {
 public:
  HookedCall(Module& module, std::vector<Tensor> inputs);
  void finish(std::span<Tensor> outputs);

  std::vector<Tensor> inputs;  ///< as the hooks left them

 private:
  Module& module_;
  Hooks hooks_;  // a copy: a hook may remove hooks
  std::shared_ptr<BackwardCall> backward_;
  bool gates_inputs_ = false;
  std::vector<std::uint32_t> versions_;
};

template <class T>
concept TupleLike = requires {
  std::tuple_size<T>::value;
};

template <class T>
concept RangeOfTensors = requires(T& range) {
  range.end();
  requires std::same_as<std::decay_t<decltype(*range.begin())>, Tensor>;
};

/// Calls `visit` with each tensor in a module's argument or result: itself, or the elements of a range or tuple.
template <class T, class Visit>
void each_tensor(T& value, Visit&& visit) {
  if constexpr (std::same_as<std::remove_const_t<T>, Tensor>) {
    visit(value);
  } else if constexpr (TupleLike<std::remove_const_t<T>>) {
    std::apply([&](auto&... parts) { (each_tensor(parts, visit), ...); }, value);
  } else if constexpr (RangeOfTensors<T>) {
    for (auto& part : value) visit(part);
  }
}

template <class T>
inline constexpr bool is_tensor = std::same_as<std::decay_t<T>, Tensor>;

template <class M, class... Args>
auto call_hooked(M& module, Args&&... args) {
  std::vector<Tensor> inputs;
  const auto collect = [&]<class T>(const T& argument) {
    if constexpr (is_tensor<T>) inputs.push_back(argument);
  };
  (collect(args), ...);
  HookedCall hooked(module, std::move(inputs));
  std::size_t next = 0;
  const auto replaced = [&]<class T>(T&& argument) -> std::conditional_t<is_tensor<T>, const Tensor&, T&&> {
    if constexpr (is_tensor<T>)
      return hooked.inputs[next++];
    else
      return std::forward<T>(argument);
  };
  std::tuple<decltype(replaced(std::forward<Args>(args)))...> arguments{replaced(std::forward<Args>(args))...};
  auto result = std::apply(module, std::move(arguments));
  std::vector<Tensor> outputs;
  each_tensor(result, [&](const Tensor& output) { outputs.push_back(output); });
  hooked.finish(outputs);
  next = 0;
  each_tensor(result, [&](Tensor& output) { output = outputs[next++]; });
  return result;
}

}  // namespace detail

/// Calls a module as its parent would, with its hooks: `nn::call(net, x)`. Written `net(x)`, the call is plain C++ and
/// runs those of its children only.
template <class M, class... Args>
auto call(M& module, Args&&... args) {
  using Result = std::decay_t<std::invoke_result_t<M&, Args...>>;
  if constexpr (!std::is_void_v<Result>) {
    if (module.hooks() && !module.hooks()->empty()) [[unlikely]] {
      return Result(detail::call_hooked(module, std::forward<Args>(args)...));
    }
  }
  return Result(module(std::forward<Args>(args)...));
}

}  // namespace ebb::nn
