// What a build without CUDA says of GPUs.
#include "ebb/cuda.h"
#include "ebb/data/loader.h"
#include "ebb/tensor.h"

#include "tests/support/catch.h"

using namespace ebb;

TEST_CASE("without CUDA streams, graphs and pinned memory are errors that say so") {
  const auto says_so = ContainsSubstring("this ebb was built without CUDA");
  CHECK_THROWS_WITH(cuda::Stream(), says_so);
  CHECK_THROWS_WITH(cuda::current_stream(), says_so);
  CHECK_THROWS_WITH(cuda::synchronize(), says_so);
  CHECK_THROWS_WITH(cuda::Event(), says_so);
  CHECK_THROWS_WITH(cuda::Graph(), says_so);
  CHECK_THROWS_WITH(ones({2}).pin_memory(), says_so);
  CHECK_THROWS_WITH(data::loader({ones({2, 1}), arange(2), "two"}, {.pin_memory = true}),
                    ContainsSubstring("there is none"));
  CHECK_FALSE(ones({2}).is_pinned());
  CHECK_FALSE(cuda::is_capturing());
}
