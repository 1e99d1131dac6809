#include "ebb/autograd/ops.h"
#include "ebb/autograd/print.h"
#include "ebb/core/context.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using test::message_of;

TEST_CASE("tensors on meta have shapes and no elements") {
  const Tensor x = randn({64, 3, 1000, 1000}, {.device = kMeta});
  CHECK(x.device() == kMeta);
  CHECK(x.storage().bytes() == std::size_t{64} * 3 * 1000 * 1000 * 4);
  CHECK(x.storage().data() == nullptr);
  const Tensor w = ones({8, 3, 5, 5}, {.device = kMeta, .requires_grad = true});
  const Tensor y = max_pool2d(conv2d(x, w, {}, {.stride = 2}).relu(), {.kernel_size = 2});
  CHECK(y.shape() == Shape{64, 8, 249, 249});
  CHECK(y.device() == kMeta);
  (y * 2).sum().backward();
  CHECK(w.grad().shape() == w.shape());
  CHECK(w.grad().device() == kMeta);
  CHECK(cross_entropy(zeros({4, 10}, {.device = kMeta}), zeros({4}, {.dtype = kInt64, .device = kMeta})).dim() == 0);
}

TEST_CASE("what would read elements on meta says why it cannot") {
  const Tensor x = ones({2, 3}, {.device = kMeta});
  CHECK_THAT(message_of([&] { x.data<float>(); }), ContainsSubstring("no elements to read or write"));
  CHECK_THAT(message_of([&] { x.sum().item<float>(); }), ContainsSubstring("meta"));
  CHECK_THAT(message_of([&] { x.to(kCPU); }), ContainsSubstring("no elements that could be copied to cpu"));
  CHECK(ones({2}).to(kMeta).device() == kMeta);
  CHECK_THAT(message_of([&] { x + ones({2, 3}); }), ContainsSubstring("meta"));
  CHECK_THAT(message_of([] { allocator_for(kMeta); }), ContainsSubstring("no memory"));
  CHECK(is_available(kMeta));
  CHECK(Device::parse("meta") == kMeta);
}

// As PyTorch 2.15 prints torch.empty(shape, device='meta').
TEST_CASE("tensors on meta print as PyTorch's") {
  CHECK(to_string(empty({}, {.device = kMeta})) == "tensor(..., device='meta', size=())");
  CHECK(to_string(empty({2}, {.device = kMeta})) == "tensor(..., device='meta', size=(2,))");
  CHECK(to_string(empty({2, 3}, {.dtype = kInt64, .device = kMeta})) ==
        "tensor(..., device='meta', size=(2, 3), dtype=torch.int64)");
  CHECK(to_string(empty({0}, {.device = kMeta, .requires_grad = true})) ==
        "tensor(..., device='meta', size=(0,), requires_grad=True)");
}

TEST_CASE("random fills on meta draw nothing") {
  manual_seed(7);
  randn({100}, {.device = kMeta});
  const Tensor after = rand({3});
  manual_seed(7);
  CHECK(equal(after, rand({3})));
}
