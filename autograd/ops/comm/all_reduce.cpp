#include "ebb/autograd/ops/comm/all_reduce.h"

#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

Tensor all_reduce(const Tensor& x, const std::shared_ptr<comm::Communicator>& group, Site site) {
  const OpScope op("all_reduce", site);
  check(group != nullptr, "needs a group of ranks, got none; comm::alone() is a group of one");
  const Tensor sum = no_grad([&] { return contiguous(x).is_same(x) ? clone(x) : contiguous(x); });
  group->all_reduce(sum, comm::ReduceOp::sum, site);
  return record(sum, wrt(x, [group](const Tensor& dy) { return all_reduce(dy, group); }));
}

}  // namespace ebb
