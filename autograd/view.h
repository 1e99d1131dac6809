#pragma once

#include <functional>
#include <initializer_list>

#include "ebb/autograd/record.h"

namespace ebb::autograd {

using TensorRef = std::reference_wrapper<const Tensor>;

/// To be called by an in-place op before it writes to `x`; `others` are its further inputs. Refuses what would lose
/// a gradient: writing to a leaf that wants one, to elements that several positions share, to a module's buffer from
/// a tensor with history.
void begin_write(const Tensor& x, std::initializer_list<TensorRef> others = {});

/// To be called after the write, before any Saved is made: counts it.
inline void end_write(const Tensor& x) { x.storage().mark_written(); }

/// Makes the recorded `result`, an alias of the elements of `x`, the history of `x` and of what `x` is a view of.
Tensor adopt_history(const Tensor& x, const Tensor& result);

/// As record(), for an in-place op that has written to `x`.
template <class... Vjp>
Tensor record_in_place(const Tensor& x, Wrt<Vjp>... terms) {
  if (!is_grad_enabled()) return x;
  return adopt_history(x, record(x.detach(), std::move(terms)...));
}

}  // namespace ebb::autograd
